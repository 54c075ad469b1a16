"""A cheap memory card for the machine: what was written and not flushed is in its own memory, and a power cut takes it.

It is a server of the NBD protocol on a Unix socket (doc/proto.md of NetworkBlockDevice/nbd: fixed newstyle negotiation,
simple replies, network byte order) before an image file. A write is answered at once and kept apart; a flush brings all that
was kept into the image, a write with FUA only itself. When the power is cut, a random selection of the rest is there, sector
by sector, in any order: nothing of it, all, what came first, or whatever.
"""

import os
import pathlib
import random
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable

from EndToEnd.power import SECTOR, torn

MAGIC, HAVE_OPTION, OPTION_REPLY, REQUEST, REPLY = (
    0x4E42444D41474943, 0x49484156454F5054, 0x3E889045565A9, 0x25609513, 0x67446698)
#: Handshake flags, as the client's: fixed newstyle, no zeroes. Transmission flags: has flags, send flush, send FUA.
HANDSHAKE, TRANSMISSION = 0b11, 0b1101
ABORT, GO = 2, 7
ACK, INFO, UNSUPPORTED = 1, 3, 1 << 31 | 1
EXPORT, BLOCK_SIZE = 0, 3
READ, WRITE, DISCONNECT, FLUSH = range(4)
FUA, INVALID = 1, 22
LARGEST = 32 << 20


class Card:
    """Serves `image` to one machine after another. After `cut` it does nothing more until `insert`, and never again for the
    machine that was cut: what that one has asked for may still be in the air when the image is being looked through."""

    def __init__(self, image: pathlib.Path, path: pathlib.Path, seed: int = 1):
        self.chance, self.path = random.Random(seed), path
        self.writes = self.flushes = 0
        #: Seconds that a flush takes at most.
        self.slowness = 0.0
        #: Whether it only says that it has flushed: the worst of cards, with which nothing can be promised.
        self.lies = False
        #: Called with "write", "flush" (before it is done) and "flushed" (before it is answered), in the card's own thread.
        self.watchers: list[Callable[[str], None]] = []
        self._path, self._image = image, os.open(image, os.O_RDWR)
        self._size = os.fstat(self._image).st_size
        #: What was written and not flushed, oldest first, and the newest of each sector of it.
        self._waiting: list[tuple[int, bytes]] = []
        self._newest: dict[int, bytes] = {}
        self._is_in, self._lock = True, threading.Lock()
        #: How often it was inserted, and how often it had been for the machine that is served.
        self._insertions = self._served = 0
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(1)
        threading.Thread(target=self._serve, daemon=True, name="card").start()

    # ── power ──

    def cut(self) -> None:
        """The power is gone: nothing that is asked for from now on is done or answered."""
        with self._lock:
            self._is_in = False

    def insert(self) -> str:
        """What is left is there for the next machine; says what became of what was not flushed."""
        with self._lock:
            sectors = sum(len(data) for _, data in self._waiting) // SECTOR
            how, left = self.survivors(self.chance)
            for offset, data in left:
                os.pwrite(self._image, data, offset)
            self._waiting, self._newest, self._is_in = [], {}, True
            self._insertions += 1
        return f"{sum(len(data) for _, data in left) // SECTOR} of {sectors} unflushed sectors left ({how})"

    def picture(self, path: pathlib.Path) -> bool:
        """Writes what a power cut at this moment might leave to another file; false where there has been one."""
        with self._lock:
            if not self._is_powered:
                return False
            subprocess.run(["cp", "--sparse=always", self._path, path], check=True)
            with path.open("r+b") as copy:
                for offset, data in self.survivors(self.chance)[1]:
                    os.pwrite(copy.fileno(), data, offset)
        return True

    def survivors(self, chance: random.Random) -> tuple[str, list[tuple[int, bytes]]]:
        """How it went, and which unflushed writes a power cut would leave, in the order in which they were asked for."""
        how = chance.choice(["none", "all", "prefix", "any", "any"])
        left = list(self._waiting)
        if how == "none":
            left = []
        elif how == "prefix" and left:
            count = chance.randrange(len(left))
            left = left[:count] + torn(left[count], 0.5, chance)
        elif how == "any":
            share = chance.choice([0.1, 0.5, 0.9])
            left = [part for write in left for part in torn(write, share, chance)]
        return how, left

    def settle(self) -> None:
        """As if it had been flushed."""
        with self._lock:
            self._flush()

    @property
    def _is_powered(self) -> bool:
        return self._is_in and self._served == self._insertions

    def close(self) -> None:
        self._listener.close()

    # ── sectors ──

    def _read(self, offset: int, length: int) -> bytes:
        data = bytearray(os.pread(self._image, length, offset))
        for at in range(offset, offset + length, SECTOR) if self._newest else ():
            if newest := self._newest.get(at):
                data[at - offset : at - offset + SECTOR] = newest
        return bytes(data)

    def _write(self, offset: int, data: bytes) -> None:
        self._waiting.append((offset, data))
        for at in range(0, len(data), SECTOR):
            self._newest[offset + at] = data[at : at + SECTOR]

    def _flush(self) -> None:
        for offset, data in self._waiting:
            os.pwrite(self._image, data, offset)
        self._waiting, self._newest = [], {}

    def _write_through(self, offset: int, data: bytes) -> None:
        """Nothing else of what waits is safe with it, and nothing older may take it back."""
        end = offset + len(data)
        os.pwrite(self._image, data, offset)
        self._waiting = [(at, piece) for start, waiting in self._waiting for at, piece in (
            (start, waiting[: max(0, offset - start)]), (max(start, end), waiting[max(0, end - start) :])) if piece]
        for at in range(offset, end, SECTOR):
            self._newest.pop(at, None)

    # ── protocol ──

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._served = self._insertions
            with connection:
                try:
                    if self._negotiate(connection):
                        while self._answer(connection):
                            pass
                except (OSError, EOFError):
                    pass

    def _negotiate(self, connection: socket.socket) -> bool:
        """Until the client has chosen; whether transmission begins."""
        connection.sendall(struct.pack(">QQH", MAGIC, HAVE_OPTION, HANDSHAKE))
        receive(connection, 4)
        while True:
            _, option, length = struct.unpack(">QII", receive(connection, 16))
            data = receive(connection, length)

            def reply(kind: int, payload: bytes = b"", option: int = option) -> None:
                connection.sendall(struct.pack(">QIII", OPTION_REPLY, option, kind, len(payload)) + payload)

            if option == ABORT:
                reply(ACK)
                return False
            if option != GO:
                reply(UNSUPPORTED)
                continue
            # Length and name, count and kinds: the name is whatever the client calls it.
            (name,) = struct.unpack_from(">I", data)
            (count,) = struct.unpack_from(">H", data, 4 + name)
            wanted = struct.unpack_from(f">{count}H", data, 6 + name)
            reply(INFO, struct.pack(">HQH", EXPORT, self._size, TRANSMISSION))
            if BLOCK_SIZE in wanted:
                reply(INFO, struct.pack(">HIII", BLOCK_SIZE, SECTOR, 4096, LARGEST))
            reply(ACK)
            return True

    def _answer(self, connection: socket.socket) -> bool:
        """One request; whether another may follow."""
        magic, flags, kind, cookie, offset, length = struct.unpack(">IHHQQI", receive(connection, 28))
        if magic != REQUEST or kind == DISCONNECT:
            return False
        data = receive(connection, length) if kind == WRITE else b""
        is_inside = offset + length <= self._size and length <= LARGEST and offset % SECTOR == length % SECTOR == 0
        if kind in (WRITE, FLUSH):
            self._tell("write" if kind == WRITE else "flush")
        if kind == FLUSH and self.slowness:
            time.sleep(random.uniform(0, self.slowness))
        with self._lock:
            if not self._is_powered:
                return False
            error, answer = 0, b""
            if kind == READ and is_inside:
                answer = self._read(offset, length)
            elif kind == WRITE and is_inside:
                self.writes += 1
                if flags & FUA and not self.lies:
                    self._write_through(offset, data)
                else:
                    self._write(offset, data)
            elif kind == FLUSH:
                self.flushes += 1
                if not self.lies:
                    self._flush()
            else:
                error = INVALID
        if kind == FLUSH:
            self._tell("flushed")
        with self._lock:
            if not self._is_powered:
                return False
        connection.sendall(struct.pack(">IIQ", REPLY, error, cookie) + answer)
        return True

    def _tell(self, what: str) -> None:
        for watcher in list(self.watchers):
            watcher(what)


def receive(connection: socket.socket, count: int) -> bytes:
    """Exactly so many bytes."""
    data = bytearray()
    while len(data) < count:
        if not (piece := connection.recv(count - len(data))):
            raise EOFError
        data += piece
    return bytes(data)


def check(disk: pathlib.Path) -> str:
    """Checks the file system on a disk that lost its power, as a hub does when it boots: what was told where that was not enough.

    Debian's own boot answers no questions (`-p`), and then does not look at the copies of a superblock of which one of two
    sectors was written. A hub whose kernel is told `fsck.repair=yes` does.
    """
    told = ""
    for option in ("-fp", "-fy"):
        done = subprocess.run(
            ["e2fsck", option, disk], capture_output=True, text=True, check=False, env={"PATH": "/usr/sbin:/sbin"})
        # 1: errors were corrected, of which an unreplayed journal is one.
        if done.returncode in (0, 1):
            return told
        told = done.stdout + done.stderr
    raise AssertionError(told)
