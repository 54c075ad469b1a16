"""What every queue under SIGKILL is played with: a device before it, a process that is killed, and where it sends to."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections import Counter

import peers

#: Seconds after an acknowledgement until a device says its next reading.
PACE = 0.02
connect = peers.Subscriber.connect


def which(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Sink:
    """Has every reading that arrives on disk before it says so, as often as it arrives."""

    def __init__(self, folder: pathlib.Path):
        self.file, self.arrived = (folder / "arrived").open("wb"), Counter()
        self.is_away = self.is_over = False

    def store(self, text: bytes) -> None:
        # Of a line that a kill has cut off nothing counts.
        if whole := re.search(rb"reading-(\d+);", text):
            self.file.write(whole[0] + b"\n")
            self.file.flush()
            os.fsync(self.file.fileno())
            self.arrived[int(whole[1])] += 1

    def away(self, is_away: bool) -> None:
        self.is_away = is_away

    def kept(self) -> Counter:
        """How often each reading is there."""
        return self.arrived

    def sent(self) -> Counter:
        """How often each came in whole."""
        return self.kept()

    def stop(self) -> None:
        self.is_over = True


class Clinic(Sink):
    """The tests' FHIR server, which doubles nothing that is sent with a condition."""

    def __init__(self, folder: pathlib.Path):
        self.bodies = folder / "sent"
        self.bodies.mkdir()
        self.receiver = peers.Receiver(folder / "receiver", self.bodies)
        self.stop = self.receiver.stop

    def ask(self, path: str, **more):
        with urllib.request.urlopen(urllib.request.Request(self.receiver.control + path, **more)) as answer:
            return json.loads(answer.read())

    def away(self, is_away: bool) -> None:
        self.ask("_fault", method="DELETE")
        if is_away:
            self.ask("_fault", data=json.dumps({"mode": "cut-before", "times": -1}).encode())

    def kept(self) -> Counter:
        return counted(self.ask("_all")["resources"])

    def sent(self) -> Counter:
        bundles = (json.loads(file.read_bytes()) for file in self.bodies.iterdir())
        return counted(e["resource"] for b in bundles for e in b["entry"] if e["request"]["method"] == "POST")


def counted(resources) -> Counter:
    return Counter(n for resource in resources if (n := number(resource)) is not None)


def number(resource: dict) -> int | None:
    """Which reading it is: the plain queue says it, and our cuff's pairs of numbers tell."""
    if resource["resourceType"] != "Observation":
        return None
    if plain := re.fullmatch(r"reading-(\d+)", resource["identifier"][0]["value"]):
        return int(plain[1])
    parts = {c["code"]["coding"][0]["code"]: c["valueQuantity"]["value"] for c in resource.get("component", [])}
    return int(parts["150021"] - 100 + 150 * (parts["150022"] - 40)) if "150021" in parts else None


class Device(threading.Thread):
    """Says one reading at a time, and forgets it when it was acknowledged."""

    def __init__(self, link):
        super().__init__(daemon=True)
        self.link, self.memory, self.acknowledged, self.is_over = link, [], [], False

    def run(self) -> None:
        while not self.is_over:
            with contextlib.suppress(OSError, EOFError), self.link() as say:
                while not self.is_over:
                    if self.memory:
                        say(b"reading-%d;" % self.memory[0])
                        self.acknowledged.append(self.memory.pop(0))
                    time.sleep(PACE)
            time.sleep(PACE)


class Queue:
    """What stands between a device and a sink: a process that takes connections on a port, and is killed."""

    name, told, program = "", "", ""

    def __init__(self, folder: pathlib.Path):
        folder.mkdir(parents=True)
        self.folder, self.port, self.sink, self.process = folder, free_port(), None, None
        self.device = Device(lambda: self.link())

    @classmethod
    def is_installed(cls) -> bool:
        return not cls.program or bool(which(cls.program))

    def prepare(self) -> None:
        """What is done once, before anything counts."""

    def start(self) -> None:
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log)
        connect(self.port).close()
        if not self.device.is_alive():
            self.device.start()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.device.is_over = True
        if self.process:
            self.kill()
        if self.sink:
            self.sink.stop()

    def measure(self, readings: range) -> None:
        self.device.memory.extend(readings)

    def state(self) -> tuple[bool, list[int]]:
        """Whether the device has told all, and what was acknowledged to it."""
        return not self.device.memory, list(self.device.acknowledged)

    @contextlib.contextmanager
    def stream(self):
        with connect(self.port) as link, link.makefile("rwb", buffering=0) as stream:
            yield stream
