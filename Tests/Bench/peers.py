"""Whom vitalsd is compared with, where they are installed: TheengsGateway with mosquitto, and its own libraries alone."""

import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
RECEIVER = HERE.parent / "Receiver"

# TheengsGateway 1.8.0 with mosquitto 2.0.11, Debian 12, two cores with nothing else to do. Of another machine: for people to
# read, and compared with nothing.
RECORDED = {"rate": 1986.0, "peak": 38.5, "elsewhere": True}


def theengs(folder: pathlib.Path, readings: int) -> dict[str, float] | None:
    """Readings per second from the radio library's callback to a subscriber of the broker, and peaks of memory in MB;
    None where either of the two is not installed. THEENGS_PYTHON names the Python that has TheengsGateway."""
    broker = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    python = os.environ.get("THEENGS_PYTHON", sys.executable)
    if not broker or not shutil.which(python):
        return None
    if subprocess.run([python, "-c", "import TheengsGateway"], capture_output=True).returncode:
        return None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "mosquitto.log").open("w") as log:
        mosquitto = subprocess.Popen([broker, "-p", str(port)], stdout=log, stderr=log)
    try:
        subscriber = Subscriber(port, readings)
        fed = subprocess.run(
            [python, HERE / "theengs_feed.py", "127.0.0.1", str(port), str(readings)],
            capture_output=True, text=True, check=True).stdout.split()
        end = subscriber.join()
        status = pathlib.Path(f"/proc/{mosquitto.pid}/status").read_text()
        peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        return {
            "rate": subscriber.count / (end - float(fed[0])), "count": subscriber.count,
            "peak": int(fed[1]) / 1024, "broker": peak / 1024}
    finally:
        mosquitto.terminate()
        mosquitto.wait()


class Subscriber(threading.Thread):
    """Counts what the broker sends on. MQTT 3.1.1 at QoS 0, in as few steps as there can be."""

    TOPIC = b"home/TheengsGateway/BTtoMQTT/#"

    def __init__(self, port: int, expected: int):
        super().__init__(daemon=True)
        self.expected, self.count, self.last = expected, 0, 0.0
        self.socket = self.connect(port)
        self.socket.sendall(self.packet(0x10, b"\0\x04MQTT\x04\x02\0\0\0\x05bench"))
        self.socket.recv(4)
        self.socket.sendall(self.packet(0x82, struct.pack(">HH", 1, len(self.TOPIC)) + self.TOPIC + b"\0"))
        self.socket.recv(5)
        self.start()

    @staticmethod
    def connect(port: int) -> socket.socket:
        end = time.monotonic() + 10
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=30)
            except ConnectionRefusedError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    @staticmethod
    def packet(kind: int, body: bytes) -> bytes:
        return bytes([kind, len(body)]) + body

    def run(self) -> None:
        waiting = b""
        while self.count < self.expected:
            try:
                more = self.socket.recv(1 << 16)
            except TimeoutError:
                return
            if not more:
                return
            waiting = self.take(waiting + more)

    def take(self, waiting: bytes) -> bytes:
        """Counts the whole packets and answers what is left: each is a byte, its length in groups of seven bits, a body."""
        at = 0
        while True:
            length, shift, body = 0, 0, at + 1
            while body < len(waiting) and waiting[body] & 0x80:
                length |= (waiting[body] & 0x7F) << shift
                shift, body = shift + 7, body + 1
            if body >= len(waiting):
                return waiting[at:]
            length |= waiting[body] << shift
            if len(waiting) - body - 1 < length:
                return waiting[at:]
            if waiting[at] >> 4 == 3:
                self.count += 1
                self.last = time.monotonic()
            at = body + 1 + length

    def join(self, timeout: float | None = None) -> float:
        super().join(timeout)
        return self.last


class Receiver:
    """The tests' FHIR server, over TLS."""

    def __init__(self, folder: pathlib.Path, sent: pathlib.Path | None = None):
        """`sent`: where the body of each transaction is put."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        subprocess.run(["sh", RECEIVER / "certificates.sh", folder], check=True, capture_output=True)
        self.process = subprocess.Popen(
            [sys.executable, RECEIVER / "receiver.py", "--port", "0", "--cert", folder / "server.pem",
             "--key", folder / "server.key", "--ca", folder / "ca.pem", "--store", folder / "clinic.sqlite",
             *(["--save", sent] if sent else [])],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        words = dict(word.split("=") for word in self.process.stdout.readline().split()[1:])
        self.url = f"https://localhost:{words['port']}/"
        self.control = f"http://127.0.0.1:{words['control']}/"

    def counts(self) -> dict[str, int]:
        with urllib.request.urlopen(self.control + "_counts") as answer:
            return json.loads(answer.read())

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def floor(receiver: Receiver) -> tuple[float, float] | None:
    """Peak and anonymous memory in MB of the four libraries and one TLS request; None without a C compiler."""
    program = receiver.folder / "floor"
    if not shutil.which("cc"):
        return None
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "libcurl", "sqlite3", "libudev", "bluez"], capture_output=True, text=True,
        check=True).stdout.split()
    subprocess.run(["cc", "-O2", "-o", program, HERE / "floor.c", *flags], check=True)
    at = receiver.folder
    words = subprocess.run(
        [program, receiver.url + "_counts", at / "ca.pem", at / "hub.pem", at / "hub.key"], capture_output=True,
        text=True, check=True).stdout.split()
    return int(words[0]) / 1024, int(words[1]) / 1024
