"""The queues that vitalsd is compared with under SIGKILL, each as a careful user would set it up, and where they send to: a
table in SQLite, mosquitto, rsyslog. `told` says what a producer is told, which is what counts as an acknowledgement.

    queue_peers.py PORT FOLDER URL MODE    the plain queue in SQLite itself, which is a process of its own
"""

import contextlib
import getpass
import glob
import http.client
import itertools
import json
import pathlib
import socket
import sqlite3
import ssl
import struct
import sys
import threading
import time

import peers
from queue_parts import PACE, Clinic, Queue, Sink, free_port, which

packet = peers.Subscriber.packet


class Plain(Queue):
    """A table in SQLite; a row is posted to the same FHIR server over TLS, and deleted when that has answered 2xx."""

    name, told, mode = "SQLite, synchronous=FULL", "after the commit", "late"

    def __init__(self, folder: pathlib.Path):
        super().__init__(folder)
        self.sink = Clinic(folder)

    def command(self) -> list:
        return [sys.executable, __file__, str(self.port), self.folder, self.sink.receiver.url, self.mode]

    @contextlib.contextmanager
    def link(self):
        with self.stream() as stream:
            def say(text: bytes) -> None:
                stream.write(text + b"\n")
                exactly(stream, len(b"ack\n"))
            yield say


class PlainEarly(Plain):
    # BlueZ confirms an indication itself (bt_gatt_client's notify_cb in src/shared/gatt-client.c), whether or not the program
    # that hears of it over D-Bus has kept it.
    name, told, mode = "the same, as over BlueZ", "on receipt", "early"


class PlainConditional(Plain):
    name, mode = "the same, with a conditional create", "conditional"


def gateway(port: str, folder: str, url: str, mode: str) -> None:
    """The process of Plain: one thread takes readings, another sends them on."""
    def opened() -> sqlite3.Connection:
        # https://www.sqlite.org/pragma.html#pragma_synchronous: in WAL only FULL is durable.
        database = sqlite3.connect(f"{folder}/queue.sqlite", isolation_level=None, timeout=30)
        database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                               "CREATE TABLE IF NOT EXISTS queue (id INTEGER PRIMARY KEY AUTOINCREMENT, reading TEXT)")
        return database

    def take(listening: socket.socket) -> None:
        database = opened()
        while True:
            link = listening.accept()[0]
            with contextlib.suppress(OSError), link, link.makefile("rwb", buffering=0) as stream:
                while text := stream.readline():
                    if mode == "early":
                        stream.write(b"ack\n")
                    database.execute("INSERT INTO queue (reading) VALUES (?)", (text.decode().strip(";\n"),))
                    if mode != "early":
                        stream.write(b"ack\n")

    database = opened()
    threading.Thread(target=take, args=(socket.create_server(("127.0.0.1", int(port))),), daemon=True).start()
    context = ssl.create_default_context(cafile=f"{folder}/receiver/ca.pem")
    context.load_cert_chain(f"{folder}/receiver/hub.pem", f"{folder}/receiver/hub.key")
    clinic = http.client.HTTPSConnection("localhost", int(url.rstrip("/").rpartition(":")[2]), context=context, timeout=30)
    while True:
        row = database.execute("SELECT id, reading FROM queue ORDER BY id LIMIT 1").fetchone()
        try:
            if row:
                body = json.dumps(bundle(*row, mode == "conditional"))
                clinic.request("POST", "/", body, {"Content-Type": "application/json"})
                answer = clinic.getresponse()
                answer.read()
                if answer.status == 200:
                    database.execute("DELETE FROM queue WHERE id = ?", row[:1])
                    continue
        except (OSError, http.client.HTTPException):
            clinic.close()
        time.sleep(0.05)


def bundle(row: int, reading: str, is_conditional: bool) -> dict:
    observation = {
        "resourceType": "Observation", "status": "final", "code": {"text": "reading"}, "effectiveDateTime": "2026-11-29",
        "subject": {"reference": "Patient/pt-4711"}, "identifier": [{"system": "urn:bench", "value": reading}]}
    condition = {"ifNoneExist": f"identifier=urn:bench|{reading}"} if is_conditional else {}
    request = {"method": "POST", "url": "Observation"} | condition
    entry = {"fullUrl": f"urn:uuid:00000000-0000-4000-8000-{row:012x}", "resource": observation, "request": request}
    return {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}


class Mosquitto(Queue):
    """The broker; the sink is a subscriber whose session persists. All at QoS 1."""

    # mosquitto.conf(5): the database is saved when one change is counted, and not every half hour; one message at a time is on
    # its way, as after a kill those come again.
    name, told, program = "mosquitto, saved on every change", "PUBACK", "mosquitto"
    saving = "autosave_interval 1\nautosave_on_changes true\nmax_inflight_messages 1\n"

    def __init__(self, folder: pathlib.Path):
        super().__init__(folder)
        (folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser {getpass.getuser()}\npersistence true\n"
            f"persistence_location {folder}/\n{self.saving}")
        self.sink = Subscriber(folder, self.port)

    def prepare(self) -> None:
        """The session is on disk before anything counts, as it is of a broker that was once ended in peace."""
        self.start()
        self.sink.is_subscribed.wait(20)
        self.process.terminate()
        self.process.wait(20)

    def command(self) -> list:
        return [which("mosquitto"), "-c", self.folder / "mosquitto.conf"]

    @contextlib.contextmanager
    def link(self):
        with mqtt(self.port, b"device", is_clean=True) as stream:
            def say(text: bytes) -> None:
                stream.write(packet(0x32, TOPIC + struct.pack(">H", 1) + text))
                while mqtt_packet(stream)[0] >> 4 != 4:
                    pass
            yield say


class MosquittoHalfHourly(Mosquitto):
    name, saving = "mosquitto, saved every half hour (its default)", ""


TOPIC = struct.pack(">H", 8) + b"readings"


@contextlib.contextmanager
def mqtt(port: int, name: bytes, is_clean: bool):
    """A session of MQTT 3.1.1 without a keep-alive."""
    with socket.create_connection(("127.0.0.1", port)) as link, link.makefile("rwb", buffering=0) as stream:
        words = b"\0\x04MQTT\x04" + bytes([2 if is_clean else 0]) + b"\0\0" + struct.pack(">H", len(name)) + name
        stream.write(packet(0x10, words))
        mqtt_packet(stream)
        yield stream


def mqtt_packet(stream) -> tuple[int, bytes]:
    """One of less than 128 bytes."""
    kind, length = exactly(stream, 2)
    return kind, exactly(stream, length)


def exactly(stream, count: int) -> bytes:
    data = b""
    while len(data) < count:
        if not (more := stream.read(count - len(data))):
            raise EOFError
        data += more
    return data


class Subscriber(Sink):
    """Keeps each message and then sends PUBACK."""

    def __init__(self, folder: pathlib.Path, port: int):
        super().__init__(folder)
        self.port, self.is_subscribed = port, threading.Event()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self) -> None:
        while not self.is_over:
            if not self.is_away:
                with contextlib.suppress(OSError, EOFError), mqtt(self.port, b"clinic", is_clean=False) as stream:
                    self.hear(stream)
            time.sleep(PACE)

    def hear(self, stream) -> None:
        stream.write(packet(0x82, struct.pack(">H", 1) + TOPIC + b"\1"))
        while True:
            kind, body = mqtt_packet(stream)
            if kind >> 4 == 9:
                self.is_subscribed.set()
            elif kind >> 4 == 3:
                self.store(body)
                stream.write(packet(0x40, body[len(TOPIC):len(TOPIC) + 2]))


class Rsyslog(Queue):
    """RELP in and out, and a queue on disk alone between them."""

    # https://www.rsyslog.com/doc/rainerscript/queue_parameters.html: a checkpoint after each record, and fsync. The action has
    # no queue of its own, so that nothing leaves this one before the far end has answered.
    name, told, program = "rsyslog, disk queue, omrelp", "RELP's answer", "rsyslogd"
    is_relp = True
    rules = ('main_queue(queue.type="Disk" queue.filename="main" queue.checkpointInterval="1" queue.syncQueueFiles="on" '
             'queue.saveOnShutdown="on")\n'
             'action(type="omrelp" target="127.0.0.1" port="{port}" action.resumeRetryCount="-1" action.resumeInterval="1")\n')

    def __init__(self, folder: pathlib.Path):
        super().__init__(folder)
        self.sink = Collector(folder, self.is_relp)
        (folder / "rsyslog.conf").write_text(
            f'global(workDirectory="{folder}")\nmodule(load="imrelp")\nmodule(load="omrelp")\n'
            f'input(type="imrelp" port="{self.port}" address="127.0.0.1")\n' + self.rules.format(port=self.sink.port))

    @classmethod
    def is_installed(cls) -> bool:
        return super().is_installed() and bool(glob.glob("/usr/lib/*/rsyslog/omrelp.so"))

    def command(self) -> list:
        return [which("rsyslogd"), "-n", "-f", self.folder / "rsyslog.conf", "-i", self.folder / "pid"]

    @contextlib.contextmanager
    def link(self):
        with self.stream() as stream:
            def ask(number: int, command: bytes, data: bytes) -> None:
                stream.write(b"%d %s %d %s\n" % (number, command, len(data), data))
                if not relp_frame(stream)[2].startswith(b"200"):
                    raise EOFError
            ask(1, b"open", RELP)
            numbers = itertools.count(2)
            yield lambda text: ask(next(numbers), b"syslog", b"<13>Nov 29 12:00:00 hub vitals: " + text)


class RsyslogAssisted(Rsyslog):
    # As https://www.rsyslog.com/actions-with-directives has it, "to make sure, messages will not get dropped"; the retry is
    # sooner. What is in memory goes to the disk when the queue is long, or when rsyslogd ends in peace.
    name, is_relp = "rsyslog, disk-assisted queue, omfwd over TCP", False
    rules = ('action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" queue.type="LinkedList" queue.filename="fwd" '
             'queue.saveOnShutdown="on" action.resumeRetryCount="-1" action.resumeInterval="1")\n')


RELP = b"relp_version=0\nrelp_software=bench\ncommands=syslog"


def relp_frame(stream) -> tuple[bytes, bytes, bytes]:
    """Number, command and data."""
    number, command, length = (relp_word(stream) for _ in range(3))
    return number, command, exactly(stream, int(length) + 1)[:-1] if int(length) else b""


def relp_word(stream) -> bytes:
    word = b""
    while (byte := exactly(stream, 1)) not in b" \n":
        word += byte
    return word


class Collector(Sink):
    """What rsyslog forwards to: lines, or RELP, in which each message is answered once it is kept."""

    def __init__(self, folder: pathlib.Path, is_relp: bool):
        super().__init__(folder)
        self.port, self.is_relp, self.listening = free_port(), is_relp, None

    def away(self, is_away: bool) -> None:
        if self.listening:
            # It is this that wakes the thread.
            self.listening.shutdown(socket.SHUT_RDWR)
            self.listening.close()
        self.listening = None if is_away else socket.create_server(("127.0.0.1", self.port))
        if not is_away:
            threading.Thread(target=self.accept, args=(self.listening,), daemon=True).start()

    def accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=(listening.accept()[0],), daemon=True).start()

    def serve(self, link: socket.socket) -> None:
        with contextlib.suppress(OSError, EOFError), link, link.makefile("rwb", buffering=0) as stream:
            while not self.is_relp:
                self.store(stream.readline() or exactly(stream, 1))
            while True:
                number, command, data = relp_frame(stream)
                if command == b"syslog":
                    self.store(data)
                answer = b"200 OK" + (b"\n" + RELP if command == b"open" else b"")
                stream.write(b"%s rsp %d %s\n" % (number, len(answer), answer))


if __name__ == "__main__":
    gateway(*sys.argv[1:])
