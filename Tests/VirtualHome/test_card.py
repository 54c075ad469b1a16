"""That the card keeps what was flushed, and can lose the rest; in the bytes of the protocol, without a machine."""

import socket
import struct
import subprocess

import pytest

from .card import Card, check, receive

OLD, NEW, SAFE = b"\x01" * 512, b"\x02" * 512, b"\x03" * 512
SECTORS = 64


class Host:
    """The other end, as doc/proto.md of NetworkBlockDevice/nbd has it."""

    def __init__(self, card: Card):
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(str(card.path))
        assert receive(self._line, 18) == b"NBDMAGICIHAVEOPT\x00\x03"
        self._line.sendall(bytes([0, 0, 0, 3]))
        # Structured replies (8) are not there; go (7), with no name, and the block size (3) is wanted.
        self._line.sendall(b"IHAVEOPT" + bytes([0, 0, 0, 8, 0, 0, 0, 0]))
        assert receive(self._line, 20) == bytes.fromhex("0003e889045565a9 00000008 80000001 00000000")
        self._line.sendall(b"IHAVEOPT" + bytes([0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 0, 0, 1, 0, 3]))
        assert receive(self._line, 20) == bytes.fromhex("0003e889045565a9 00000007 00000003 0000000c")
        assert receive(self._line, 12) == struct.pack(">HQH", 0, SECTORS * 512, 0b1101)
        assert receive(self._line, 20) == bytes.fromhex("0003e889045565a9 00000007 00000003 0000000e")
        assert receive(self._line, 14) == bytes.fromhex("0003 00000200 00001000 02000000")
        assert receive(self._line, 20) == bytes.fromhex("0003e889045565a9 00000007 00000001 00000000")

    def ask(self, kind: int, offset: int = 0, length: int = 0, data: bytes = b"", flags: int = 0, wanted: int = 0) -> bytes:
        self._line.sendall(bytes.fromhex("25609513") + struct.pack(">HHQQI", flags, kind, 4711, offset, length) + data)
        assert receive(self._line, 16) == bytes.fromhex("67446698") + struct.pack(">IQ", wanted, 4711)
        return receive(self._line, length) if kind == 0 and not wanted else b""

    def write(self, sector: int, data: bytes, flags: int = 0) -> None:
        self.ask(1, sector * 512, len(data), data, flags)

    def flush(self) -> None:
        self.ask(3)

    def is_cut_off(self) -> bool:
        self._line.settimeout(10)
        self._line.sendall(bytes.fromhex("25609513") + struct.pack(">HHQQI", 0, 3, 4711, 0, 0))
        return self._line.recv(1) == b""


@pytest.fixture
def image(tmp_path):
    image = tmp_path / "image"
    image.write_bytes(OLD * SECTORS)
    return image


@pytest.fixture(params=range(20))
def card(request, image, tmp_path):
    card = Card(image, tmp_path / "card", seed=request.param)
    yield card
    card.close()


def test_what_was_flushed_is_there_and_of_the_rest_what_it_will(card, image):
    host = Host(card)
    host.write(0, NEW * 8)
    host.flush()
    host.write(8, NEW, flags=1)
    host.write(16, NEW * 16)
    assert host.ask(0, 15 * 512, 18 * 512) == OLD + NEW * 16 + OLD
    card.cut()
    assert host.is_cut_off()
    card.insert()
    left = image.read_bytes()
    assert left[: 16 * 512] == NEW * 9 + OLD * 7 and left[32 * 512 :] == OLD * 32
    sectors = [left[at : at + 512] for at in range(16 * 512, 32 * 512, 512)]
    assert set(sectors) <= {OLD, NEW}
    assert Host(card).ask(0, 0, SECTORS * 512) == left


def test_a_write_with_fua_carries_nothing_else_and_nothing_older_takes_it_back(card, image):
    host = Host(card)
    host.write(0, NEW * 8)
    host.write(2, SAFE * 2, flags=1)
    host.write(20, NEW * 2)
    host.write(19, SAFE * 4, flags=1)
    assert image.read_bytes() == OLD * 2 + SAFE * 2 + OLD * 15 + SAFE * 4 + OLD * 41
    whole = NEW * 2 + SAFE * 2 + NEW * 4 + OLD * 11 + SAFE * 4 + OLD * 41
    assert host.ask(0, 0, SECTORS * 512) == whole
    card.cut()
    card.survivors = lambda chance: ("all", list(card._waiting))
    card.insert()
    assert image.read_bytes() == whole


def test_it_loses_nothing_everything_and_any_part(image, tmp_path):
    seen: set[bytes] = set()
    for seed in range(60):
        image.write_bytes(OLD * SECTORS)
        card = Card(image, tmp_path / "card", seed)
        Host(card).write(0, NEW * 4)
        card.cut()
        card.insert()
        seen.add(image.read_bytes()[: 4 * 512])
        card.close()
    assert {OLD * 4, NEW * 4} < seen and len(seen) > 6


@pytest.mark.parametrize("moment", ["write", "flush", "flushed"])
def test_what_a_machine_that_was_cut_had_asked_for_is_not_done_to_the_next(card, image, tmp_path, moment):
    pictures = []

    def power_fails_and_returns(what: str) -> None:
        if what == moment and not pictures:
            card.cut()
            card.survivors = lambda chance: ("none", [])
            card.insert()
            # Of a card that is being looked through there is none: it would show what no power cut leaves.
            pictures.append(card.picture(tmp_path / "picture"))
    host = Host(card)
    host.write(0, NEW)
    card.watchers.append(power_fails_and_returns)
    with pytest.raises((EOFError, OSError)):
        host.write(8, NEW)
        host.flush()
    assert pictures == [False]
    left = NEW + OLD * 7 + NEW if moment == "flushed" else OLD * 9
    assert Host(card).ask(0, 0, 9 * 512) == left == image.read_bytes()[: 9 * 512]
    assert card.picture(tmp_path / "picture")


def test_a_lying_card_loses_what_it_said_was_flushed(card, image):
    card.lies = True
    host = Host(card)
    host.write(0, NEW * 8)
    host.flush()
    host.write(8, NEW, flags=1)
    card.cut()
    card.survivors = lambda chance: ("none", [])
    card.insert()
    assert image.read_bytes() == OLD * SECTORS


def test_what_is_outside_or_unknown_is_refused(card):
    host = Host(card)
    host.ask(0, SECTORS * 512, 512, wanted=22)
    host.ask(0, 1, 512, wanted=22)
    host.ask(6, 0, 512, wanted=22)
    assert host.ask(0, 0, 512) == OLD


def test_half_of_a_superblock_is_taken_from_its_copy(tmp_path):
    disk = tmp_path / "disk"
    subprocess.run(["/usr/sbin/mke2fs", "-q", "-t", "ext4", disk, "64M"], check=True)
    assert check(disk) == ""
    with disk.open("r+b") as file:
        # The time of the last write is in the first sector, the check value over both in the second.
        file.seek(1024 + 0x30)
        file.write(b"\x12\x34\x56\x6a")
    assert "superblock" in check(disk)
    assert check(disk) == ""
    disk.write_bytes(bytes(8 << 20))
    with pytest.raises(AssertionError):
        check(disk)
