"""Simulated far ends, written apart from the daemon: a blood-pressure cuff behind ATT and oximeters behind a pty.

A device here has a memory. It forgets a record only when the hub confirmed it, so that a test can compare what a device
saw acknowledged with what the clinic has.
"""

import contextlib
import fcntl
import os
import pathlib
import pty
import re
import socket
import struct
import termios
import threading
import time
import tty
from collections.abc import Callable, Iterator
from datetime import datetime


def sfloat(value: int) -> bytes:
    return struct.pack("<H", value & 0x0FFF)


def date_time(when: datetime) -> bytes:
    return struct.pack("<HBBBBB", when.year, when.month, when.day, when.hour, when.minute, when.second)


def blood_pressure(systolic: int, diastolic: int, pulse: int, when: datetime) -> bytes:
    """Blood Pressure Measurement, 2A35: flags, three SFLOATs, time, pulse, status."""
    body = bytes([0x16]) + sfloat(systolic) + sfloat(diastolic) + sfloat((systolic + 2 * diastolic) // 3)
    return body + date_time(when) + sfloat(pulse) + b"\0\0"


class Cuff:
    """An A&D UA-651BLE as its public description has it: indicates its memory oldest first, erases on confirmation."""

    def __init__(self, address: str, name: str = "A&D_UA-651BLE_000001", clock: datetime | None = None):
        self.address, self.name = address, name
        self.ahead = (clock or datetime.now()) - datetime.now()
        self.memory: list[bytes] = []
        self.acknowledged: list[bytes] = []
        self.lock = threading.Lock()
        #: Called as each confirmation arrives, before the next record is sent.
        self.on_confirmation = lambda: None
        #: Goes on advertising although it has nothing to tell, and answers nothing: a visit that hangs.
        self.is_stuck = False
        #: Seconds without a word after which it hangs up.
        self.patience = 10
        #: Advertises although it has nothing to tell, and says so when it is visited.
        self.is_on = False
        self.visits = 0
        self.measured = 0
        #: Where it advertises, for whoever wants to say more there.
        self.air = None
        self.attributes = {
            1: (0x2800, struct.pack("<H", 0x1810)),
            2: (0x2803, bytes([0x20]) + struct.pack("<HH", 3, 0x2A35)),
            3: (0x2A35, b""),
            4: (0x2902, b"\0\0"),
            5: (0x2803, bytes([0x0A]) + struct.pack("<HH", 6, 0x2A08)),
            6: (0x2A08, None),
        }

    @property
    def clock(self) -> datetime:
        """What its clock shows; it runs."""
        return datetime.now() + self.ahead

    @clock.setter
    def clock(self, shown: datetime) -> None:
        self.ahead = shown - datetime.now()

    def tell(self, **information: str) -> None:
        """Has a Device Information Service from now on: `manufacturer`, `model`, `serial`, `firmware`, `hardware`."""
        kinds = {"model": 0x2A24, "serial": 0x2A25, "firmware": 0x2A26, "hardware": 0x2A27, "manufacturer": 0x2A29}
        for handle in [h for h in self.attributes if h > 6]:
            del self.attributes[handle]
        self.attributes[7] = (0x2800, struct.pack("<H", 0x180A))
        for handle, (name, text) in zip(range(8, 8 + 2 * len(information), 2), information.items()):
            self.attributes[handle] = (0x2803, bytes([0x02]) + struct.pack("<HH", handle + 1, kinds[name]))
            self.attributes[handle + 1] = (kinds[name], text.encode())

    def has_battery(self, percent: int) -> None:
        """Has a Battery Service from now on."""
        self.attributes[30] = (0x2800, struct.pack("<H", 0x180F))
        self.attributes[31] = (0x2803, bytes([0x02]) + struct.pack("<HH", 32, 0x2A19))
        self.attributes[32] = (0x2A19, bytes([percent]))

    def advertisement(self) -> bytes:
        return f'{self.address} name "{self.name}" services 1810'.encode()

    def serve(self, link: socket.socket) -> None:
        """One connection: answers ATT requests, then indicates what it holds, one at a time."""
        in_flight = None
        self.visits += 1
        link.settimeout(self.patience)
        try:
            while True:
                pdu = link.recv(600)
                if not pdu:
                    return
                if self.is_stuck:
                    continue
                if pdu[0] == 0x1E:
                    with self.lock:
                        if in_flight is not None and self.memory and self.memory[0] == in_flight:
                            self.acknowledged.append(self.memory.pop(0))
                            self.on_confirmation()
                    in_flight = None
                elif (answer := self.answer(pdu)) is not None:
                    link.send(answer)
                armed = pdu[0] == 0x1E or (pdu[0] == 0x12 and pdu[1:3] == b"\x04\x00")
                if armed and in_flight is None:
                    with self.lock:
                        in_flight = self.memory[0] if self.memory else None
                    if in_flight is None:
                        time.sleep(0.05)
                        return
                    link.send(b"\x1d\x03\x00" + in_flight)
        except OSError:
            return
        finally:
            link.close()

    def answer(self, pdu: bytes) -> bytes | None:
        opcode = pdu[0]
        error = lambda code, handle=0: struct.pack("<BBHB", 0x01, opcode, handle, code)
        if opcode == 0x02:
            return struct.pack("<BH", 0x03, 517)
        if opcode in (0x04, 0x08, 0x10):
            first, last = struct.unpack_from("<HH", pdu, 1)
            handles = [h for h in sorted(self.attributes) if first <= h <= last]
            if opcode == 0x04:
                pairs = b"".join(struct.pack("<HH", h, self.attributes[h][0]) for h in handles[:5])
                return b"\x05\x01" + pairs if pairs else error(0x0A, first)
            kind = struct.unpack_from("<H", pdu, 5)[0]
            handles = [h for h in handles if self.attributes[h][0] == kind]
            if not handles:
                return error(0x0A, first)
            if opcode == 0x10:
                ends = [h - 1 for h in sorted(self.attributes) if self.attributes[h][0] == kind and h > handles[0]]
                end = (ends or [max(self.attributes)])[0]
                return b"\x11\x06" + struct.pack("<HH", handles[0], end) + self.attributes[handles[0]][1]
            found = [struct.pack("<H", h) + self.attributes[h][1] for h in handles]
            return bytes([0x09, len(found[0])]) + b"".join(found)
        if opcode == 0x06:
            first = struct.unpack_from("<H", pdu, 1)[0]
            return b"\x07" + struct.pack("<HH", 1, 6) if first == 1 else error(0x0A, first)
        if opcode == 0x0A:
            handle = struct.unpack_from("<H", pdu, 1)[0]
            if handle == 6:
                return b"\x0b" + date_time(self.clock)
            return b"\x0b" + self.attributes[handle][1] if handle in self.attributes else error(0x01, handle)
        if opcode == 0x0C:
            return error(0x07, struct.unpack_from("<H", pdu, 1)[0])
        if opcode == 0x12:
            return b"\x13"
        if opcode & 1 == 0 and opcode not in (0x52, 0x1E):
            return error(0x06)
        return None


class Oximeter(Cuff):
    """A Jumper JPD-500F: notifies of what it shows, and remembers nothing (see its capture)."""

    SERVICE, SECONDS = (bytes.fromhex(f"6db8e67ea3934688074c3552{short}cbeacd") for short in ("80", "81"))

    def __init__(self, address: str):
        super().__init__(address, name="My Oximeter")
        self.is_on = True
        #: The visit that listens.
        self.link = None
        self.attributes = {
            1: (0x2800, self.SERVICE),
            2: (0x2803, bytes([0x10]) + struct.pack("<H", 3) + self.SECONDS),
            3: (None, b""),
            4: (0x2902, b"\0\0"),
        }

    def advertisement(self) -> bytes:
        return f'{self.address} name "{self.name}" services'.encode()

    def serve(self, link: socket.socket) -> None:
        self.visits += 1
        try:
            while pdu := link.recv(600):
                link.send(self.answer(pdu))
                if pdu[:3] == b"\x12\x04\x00":
                    self.link = link
        except OSError:
            return
        finally:
            self.link = None
            link.close()

    def answer(self, pdu: bytes) -> bytes | None:
        if pdu[0] == 0x10:
            first = struct.unpack_from("<H", pdu, 1)[0]
            return b"\x11\x14" + struct.pack("<HH", 1, 4) + self.SERVICE if first == 1 else b"\x01\x10\x01\x00\x0a"
        return super().answer(pdu)

    def wear(self, spo2: int) -> None:
        """Somebody puts it on for twelve seconds of its own, which are no time here, and takes it off again."""
        link = self.link
        for second in [bytes([0x81, 72, spo2, 30])] * 12 + [bytes([0x81, 0xFF, 0x7F, 0])] * 10:
            link.send(b"\x1b\x03\x00" + second)


class LiveOximeter(Cuff):
    """Says a second's numbers in each notification while it is worn, remembers nothing, and goes off behind it. It is worn once."""

    def __init__(self, address: str, name: str, characteristic: str, seconds: list[bytes], battery: int | None = None):
        super().__init__(address, name)
        self.seconds = seconds
        #: The visit that listens, or the last one.
        self.link = None
        uuid = bytes.fromhex(characteristic.replace("-", ""))[::-1]
        self.attributes = {
            1: (0x2800, struct.pack("<H", 0xFFF0)),
            2: (0x2803, bytes([0x10]) + struct.pack("<H", 3) + uuid),
            3: (0x0000, b""),
            4: (0x2902, b"\0\0"),
        }
        if battery is not None:
            self.has_battery(battery)

    def advertisement(self) -> bytes:
        return f'{self.address} name "{self.name}"'.encode()

    def serve(self, link: socket.socket) -> None:
        link.settimeout(self.patience)
        self.visits += 1
        try:
            while pdu := link.recv(600):
                if (answer := self.answer(pdu)) is not None:
                    link.send(answer)
                if pdu[:3] == b"\x12\x04\x00":
                    self.is_on, self.link = False, link
                    for second in self.seconds:
                        link.send(b"\x1b\x03\x00" + second)
                    self.seconds = []
        except OSError:
            return
        finally:
            link.close()


NAN = b"\xff\x07"


class Air:
    """The far side of the simulated radio: see Sources/vitalsd/Air.swift."""

    def __init__(self, path: str, cuffs: list[Cuff]):
        self.cuffs = {cuff.address: cuff for cuff in cuffs}
        self.ears: list[socket.socket] = []
        self.open = True
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.bind(path)
        self.socket.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()
        threading.Thread(target=self.advertise, daemon=True).start()

    def accept(self) -> None:
        while self.open:
            try:
                link, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.greet, args=(link,), daemon=True).start()

    def greet(self, link: socket.socket) -> None:
        self.ears.append(link)
        try:
            packet = link.recv(600)
        except OSError:
            packet = b""
        self.ears.remove(link)
        if packet.startswith(b"connect "):
            self.cuffs[packet[8:].decode()].serve(link)
        link.close()

    def advertise(self) -> None:
        while self.open:
            for cuff in list(self.cuffs.values()):
                if cuff.memory or cuff.is_stuck or cuff.is_on:
                    for ear in list(self.ears):
                        try:
                            ear.send(cuff.advertisement(), socket.MSG_DONTWAIT)
                        except OSError:
                            pass
            time.sleep(0.02)

    def refuse(self) -> None:
        """Whoever advertises is heard as before, and nobody takes a connection any more."""
        self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.open = False
        self.socket.close()


class Wire:
    """A pty with a name of its own that can be pulled and plugged in again."""

    def __init__(self, path: str):
        self.path = path
        self.near = None
        self.plug()

    def plug(self) -> None:
        self.near, far = pty.openpty()
        tty.setraw(far)
        os.symlink(os.ttyname(far), self.path)
        self.far = far

    def release(self) -> None:
        """Leaves the far side to the daemon alone."""
        os.close(self.far)

    def unplug(self) -> None:
        self.clean()
        self.cut()

    def clean(self) -> None:
        os.unlink(self.path)

    def cut(self) -> None:
        """The far end is gone, and its path is still there."""
        os.close(self.near)
        if self.far is not None:
            try:
                os.close(self.far)
            except OSError:
                pass

    def send(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.near, data):]

    def is_read(self) -> bool:
        """Whether the daemon has taken all that was sent."""
        return struct.unpack("i", fcntl.ioctl(self.far, termios.FIONREAD, bytes(4)))[0] == 0


class Nonin(Wire):
    """A Nonin set to format 13: sends what it is told to, and answers the question for its clock."""

    def __init__(self, path: str, clock: datetime):
        self.ahead = clock - datetime.now()
        super().__init__(path)

    def plug(self) -> None:
        super().plug()
        threading.Thread(target=self.answer, args=(self.near,), daemon=True).start()

    def answer(self, near: int) -> None:
        heard = b""
        try:
            while heard := heard[-3:] + os.read(near, 64):
                if b"\x02\x72\x00\x03" in heard:
                    now = datetime.now() + self.ahead
                    clock = [now.year % 100, now.month, now.day, now.hour, now.minute, now.second]
                    os.write(near, bytes([0x02, 0xF2, 0x06, *clock, 0x03]))
                    heard = b""
        except OSError:
            return


class Asked(Wire):
    """A device that says nothing until it is asked, and then what it says in a capture; not before it is switched on."""

    def __init__(self, path: str, capture: pathlib.Path):
        self.answers, self.asked, self.is_on = {}, [], False
        question = None
        for line in capture.read_text(encoding="utf-8").splitlines():
            if match := re.match(r"([<>]) ((?:[0-9a-f]{2})+)", line):
                data = bytes.fromhex(match[2])
                if match[1] == ">":
                    question = data
                    self.answers.setdefault(question, b"")
                elif question:
                    self.answers[question] += data
        super().__init__(path)

    def plug(self) -> None:
        super().plug()
        threading.Thread(target=self.answer, args=(self.near,), daemon=True).start()

    def answer(self, near: int) -> None:
        size, heard = len(next(iter(self.answers))), b""
        try:
            while heard := heard + os.read(near, 64):
                while len(heard) >= size:
                    question, heard = heard[:size], heard[size:]
                    self.asked.append(question)
                    if self.is_on:
                        self.send(self.answers.get(question, b""))
        except OSError:
            return


@contextlib.contextmanager
def meanwhile(act: Callable[[threading.Event], None]) -> Iterator[None]:
    """`act` goes on in a thread of its own, until its event is set, which is at the end."""
    is_over = threading.Event()
    thread = threading.Thread(target=act, args=[is_over], daemon=True, name=act.__name__)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def bcd(number: int) -> int:
    return number // 10 << 4 | number % 10


def nonin_format_13(spo2: int, pulse: int, when: datetime, smartpoint: bool = True, stored: bool = False) -> bytes:
    """22 bytes: 00 02 00 0D length, data, checksum over the data, 03 (Nonin OEM specification, data format 13)."""
    status = (0x0200 if smartpoint else 0) | (0x0010 if stored else 0)
    data = bytes([bcd(when.year // 100), bcd(when.year % 100), bcd(when.month), bcd(when.day), bcd(when.hour)])
    data += bytes([bcd(when.minute), bcd(when.second), 0]) + struct.pack(">HHBB", status, pulse, 0, spo2)
    return b"\x00\x02\x00\x0d" + struct.pack(">H", len(data)) + data + bytes([sum(data) & 0xFF, 0x03])


def nonin_format_8(spo2: int, pulse: int, smartpoint: bool = False, finger: bool = True) -> bytes:
    """4 bytes once a second: status with heart rate bits 8-7, heart rate bits 6-0, saturation, status."""
    if not finger:
        spo2, pulse = 127, 511
    first = 0x80 | pulse >> 7
    return bytes([first, pulse & 0x7F, spo2, (0x20 if smartpoint else 0) | (0 if finger else 0x08)])


def contec_live(spo2: int, pulse: int, finger: bool = True) -> bytes:
    """5 bytes, 60 times a second; only the first has bit 7 (atbrask/CMS50Dplus)."""
    if not finger:
        return bytes([0x90, 0, 0, 0, 0])
    return bytes([0x86, 60, (pulse >> 7 & 1) << 6 | 8, pulse & 0x7F, spo2])


def health_o_meter(kilograms: str) -> bytes:
    """One packet: fields of a letter and a value, an ESC ahead of each."""
    return b"".join(b"\x1b" + field.encode() for field in ["R", "W" + kilograms, "H0.0", "B0.0", "T0.0", "Nm", "E"])
