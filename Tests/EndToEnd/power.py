"""What a power cut may leave of a directory, from the record of all that was done to it.

A write that was not synced may be there, be lost, or be torn between two sectors, in any selection; what was synced is
there. Names change in their order, as on a journalled file system, but need not outlive what did not sync the directory.
"""

import os
import pathlib
import random
import struct
import subprocess

HERE = pathlib.Path(__file__).parent
SECTOR = 512
OPENED, CREATED, CLOSED, WRITTEN, TRUNCATED, SYNCED, RENAMED, UNLINKED, DIRECTORY, HEARD, CONFIRMED, FORGOTTEN = range(1, 13)


class File:
    def __init__(self, content: bytes = b""):
        self.safe = bytearray(content)
        #: (offset, bytes), or a length that it was cut to or grew to.
        self.waiting: list[tuple[int, bytes] | int] = []

    def sync(self) -> None:
        for change in self.waiting:
            apply(change, self.safe)
        self.waiting = []

    def survivor(self, how: str, chance: random.Random) -> bytes:
        content = bytearray(self.safe)
        changes = self.waiting
        if how == "none":
            changes = []
        elif how == "prefix" and changes:
            count = chance.randint(0, len(changes) - 1)
            changes = changes[:count] + torn(changes[count], 0.5, chance)
        elif how == "any":
            share = chance.choice([0.1, 0.5, 0.9])
            changes = [part for change in changes for part in torn(change, share, chance)]
        for change in changes:
            apply(change, content)
        return bytes(content)


def apply(change, content: bytearray) -> None:
    if isinstance(change, int):
        del content[change:]
        content.extend(bytes(change - len(content)))
    else:
        offset, data = change
        content.extend(bytes(max(0, offset - len(content))))
        content[offset : offset + len(data)] = data


def torn(change, share: float, chance: random.Random) -> list:
    """Some of a change's sectors."""
    if isinstance(change, int):
        return [change] if chance.random() < share else []
    offset, data = change
    edges = [offset, *range((offset // SECTOR + 1) * SECTOR, offset + len(data), SECTOR), offset + len(data)]
    return [(at, data[at - offset : end - offset]) for at, end in zip(edges, edges[1:]) if chance.random() < share]


class Disk:
    """A directory as the daemon sees it, and as it is on the platter."""

    def __init__(self, directory: pathlib.Path):
        found = [path for path in directory.iterdir() if path.is_file()] if directory.exists() else []
        self.names = {path.name: File(path.read_bytes()) for path in found}
        self.safe = dict(self.names)
        self.changes: list[tuple[str, str, File | None]] = []
        #: So many changes of names went to the platter with a file that was synced, as ext4 does it.
        self.carried = 0
        self.open: dict[int, File | None] = {}
        self.heard: dict[int, bytes] = {}
        #: What devices were told is safe.
        self.confirmed: list[bytes] = []

    def happened(self, what: int, descriptor: int, offset: int, data: bytes) -> None:
        file = self.open.get(descriptor)
        if what in (OPENED, CREATED):
            name = data.decode()
            if what == CREATED or name not in self.names:
                self.change("link", name, File())
            self.open[descriptor] = self.names[name]
        elif what == DIRECTORY:
            self.open[descriptor] = None
        elif what == CLOSED:
            self.open.pop(descriptor, None)
        elif what == WRITTEN and file:
            file.waiting.append((offset, data))
        elif what == TRUNCATED and file:
            file.waiting.append(offset)
        elif what == SYNCED and file:
            file.sync()
            self.carried = len(self.changes)
        elif what == FORGOTTEN and file:
            file.waiting = []
        elif what == SYNCED and descriptor in self.open:
            self.safe, self.changes, self.carried = dict(self.names), [], 0
        elif what == RENAMED:
            old, new = data.decode().split("\0")
            self.change("rename", old + "\0" + new, None)
        elif what == UNLINKED:
            self.change("unlink", data.decode(), None)
        elif what == HEARD:
            self.heard[descriptor] = data
        elif what == CONFIRMED and descriptor in self.heard:
            self.confirmed.append(self.heard.pop(descriptor))

    def died(self) -> None:
        """The daemon is gone, and the hub is not: nothing is open, and what was written can be read."""
        self.open, self.heard = {}, {}

    def change(self, how: str, name: str, file: File | None) -> None:
        self.changes.append((how, name, file))
        rename(self.names, how, name, file)

    def cut(self, chance: random.Random) -> dict[str, bytes]:
        """What is there after a power cut at this moment, by name."""
        how = chance.choice(["none", "all", "prefix", "any"])
        return self.after(how, chance)

    def least(self) -> dict[str, bytes]:
        """The same, where nothing is left that was not synced."""
        return self.after("none", random.Random(1))

    def after(self, how: str, chance: random.Random) -> dict[str, bytes]:
        least = self.carried if chance.random() < 0.5 else 0
        count = {"none": least, "all": len(self.changes)}.get(how, chance.randint(least, len(self.changes)))
        names = dict(self.safe)
        for change in self.changes[:count]:
            rename(names, *change)
        return {name: self.survivor(name, file, how, chance) for name, file in names.items()}

    def survivor(self, name: str, file: File, how: str, chance: random.Random) -> bytes:
        # Shared memory is written without a call; whatever is found in it must not count.
        if name.endswith("-shm"):
            return chance.randbytes(32768) if chance.random() < 0.5 else bytes(32768)
        return file.survivor(how, chance)


def rename(names: dict[str, File], how: str, name: str, file: File | None) -> None:
    if how == "link":
        names[name] = file
    elif how == "unlink":
        names.pop(name, None)
    else:
        old, new = name.split("\0")
        if old in names:
            names[new] = names.pop(old)


def events(record: bytes):
    """(what, descriptor, offset, bytes), in their order; the last may be cut short."""
    at = 0
    while at + 24 <= len(record):
        what, descriptor, offset, length, _ = struct.unpack_from("<IiqII", record, at)
        if at + 24 + length > len(record):
            return
        yield what, descriptor, offset, record[at + 24 : at + 24 + length]
        at += 24 + length


def materialise(files: dict[str, bytes], directory: pathlib.Path) -> None:
    """Makes the directory hold these files and no others."""
    directory.mkdir(mode=0o700, exist_ok=True)
    for path in directory.iterdir():
        if path.name not in files and (path.is_file() or path.is_socket()):
            path.unlink()
    for name, content in files.items():
        (directory / name).write_bytes(content)
        (directory / name).chmod(0o600)


class Recorder:
    """Runs a daemon so that all it does to its state directory is written down."""

    def __init__(self, home, folder: pathlib.Path):
        self.home, self.record = home, folder / "disk.log"
        #: While it is there, each sync fails.
        self.sick = folder / "sick"
        self.library = folder / "disk.so"
        source = HERE.parent / "PowerCuts" / "disk.c"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.library, source], check=True)
        self.disk = Disk(home.state)

    def start(self, more: dict[str, str] | None = None, powered: bool = False) -> None:
        """`more` is for the daemon's environment; another library goes between it and the record. Where the hub is still
        `powered` since the last daemon's death, what that one had not synced is there and may still be lost."""
        if powered:
            self.catch_up()
            self.disk.died()
        else:
            self.disk = Disk(self.home.state)
        self.record.unlink(missing_ok=True)
        more = dict(more or {})
        libraries = f"{more.pop('LD_PRELOAD', '')} {self.library}".strip()
        mine = {"LD_PRELOAD": libraries, "DISK_ROOT": str(self.home.state), "DISK_LOG": str(self.record), "DISK_SICK": str(self.sick)}
        self.home.start(env=os.environ | more | mine)

    def events(self):
        return events(self.record.read_bytes() if self.record.exists() else b"")

    def catch_up(self) -> None:
        """Brings the disk to where the daemon has come."""
        for event in self.events():
            self.disk.happened(*event)

    def cut_power(self, chance: random.Random) -> None:
        """Loses what a power cut at the moment of the daemon's death might have."""
        self.catch_up()
        materialise(self.disk.cut(chance), self.home.state)
