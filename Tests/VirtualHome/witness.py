"""Proves that a reading was on the hub's disk when its device was told so.

At each Handle Value Confirmation that passes the hub's controller the machine is stopped, and its disk is copied: what the
copy holds is what a power cut in that moment would have left. Afterwards the file system's own journal is replayed in the
copy, as a boot would, and SQLite opens the file that is in it. Whether the device's bytes are there is then a fact.
"""

import pathlib
import sqlite3
import subprocess
import time
from typing import NamedTuple

from .card import check
from .home import Home
from .machine import MonitorError
from .radio import Passage

JOURNAL = "journal"
PATHS = {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}


class Sight(NamedTuple):
    """A confirmation: the record that it was for, when it passed, and the disk of that moment."""

    record: bytes
    at: float
    #: Seconds since the record had passed towards the hub.
    after: float
    disk: pathlib.Path


class Witness:
    """Watches from its making until `close`."""

    def __init__(self, home: Home):
        self._home, self._told = home, {}
        self.sights: list[Sight] = []
        #: Confirmations at which the disk could not be copied: what was on it then nobody knows.
        self.blind = 0
        home.radio.watchers.append(self._see)

    def close(self) -> None:
        if self._see in self._home.radio.watchers:
            self._home.radio.watchers.remove(self._see)

    def _see(self, passage: Passage) -> None:
        if passage.is_indication:
            self._told[passage.peer] = passage
        if not passage.is_confirmation or not (told := self._told.pop(passage.peer, None)):
            return
        if not all(each.is_reading(told.pdu[3:]) for each in self._home.radio.peripherals
                   if getattr(each, "air_address", None) == told.peer and hasattr(each, "is_reading")):
            return
        monitor = self._home.witness
        try:
            monitor.ask("stop")
        except (MonitorError, OSError):
            self.blind += 1
            return
        copy = self._home.shared / f"witness-{len(self.sights)}"
        subprocess.run(["cp", "--sparse=always", self._home.disk, copy], check=True)
        self.sights.append(Sight(told.pdu[3:], time.monotonic(), passage.at - told.at, copy))
        monitor.ask("cont")

    def missing(self) -> list[Sight]:
        """The confirmations whose reading was not on the disk; the copies are removed."""
        try:
            return [sight for sight in self.sights if sight.record not in kept(sight.disk)]
        finally:
            for sight in self.sights:
                for file in sight.disk.parent.glob(f"{sight.disk.name}*"):
                    file.unlink()


def kept(disk: pathlib.Path) -> set[bytes]:
    """The bytes of every reading in the journal on a disk that lost its power; repairs its file system."""
    check(disk)
    return journalled(disk)


def journalled(disk: pathlib.Path) -> set[bytes]:
    """The bytes of every reading in the journal on a disk whose file system is whole. What is copied stays beside the disk."""
    built = f"{JOURNAL}.built"
    for name in (JOURNAL, f"{JOURNAL}-wal", f"{JOURNAL}-shm", built):
        pathlib.Path(f"{disk}.{name}").unlink(missing_ok=True)
    for name in (JOURNAL, f"{JOURNAL}-wal", built):
        dump = ["debugfs", "-R", f"dump /vitalsd/{name} {disk}.{name}", disk]
        subprocess.run(dump, capture_output=True, env=PATHS, check=True)
    # Between two renames a journal that was mended has no other name yet, and the log that lies there is not its own.
    found = next((name for name in (JOURNAL, built) if pathlib.Path(f"{disk}.{name}").exists()), None)
    if not found:
        return set()
    with sqlite3.connect(f"{disk}.{found}") as journal:
        return {bytes(row[0]) for row in journal.execute("SELECT bytes FROM reading")}
