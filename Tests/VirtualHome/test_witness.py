"""That the proof of the scenarios can fail."""

import pathlib
import random
import sqlite3
import subprocess
from types import SimpleNamespace

import pytest

from . import looks
from .bluez import btmgmt
from .home import eventually
from .machine import MonitorError
from .models.cuff import Cuff
from .witness import PATHS, Witness, journalled


@pytest.fixture
def open_cuff(home):
    """A cuff that tells anyone, and not before gatttool listens: it takes a moment after it has subscribed."""
    cuff = Cuff(home.radio, encrypted=False)
    cuff.delay = 1
    btmgmt(home, "power on")
    return cuff


LISTEN = "gatttool -t public -b {} --char-write-req -a 0x0009 -n 0200 --listen"


def test_the_witness_sees_what_was_confirmed_and_not_kept(home, open_cuff):
    """gatttool confirms whatever comes, and keeps nothing: so the proof of the other tests can fail."""
    open_cuff.measure(128, 82, 71)
    (held,) = open_cuff.memory
    witness = Witness(home)
    open_cuff.advertise()
    home.spawn(LISTEN.format(open_cuff.address))
    eventually(lambda: not open_cuff.memory)
    witness.close()
    assert [sight.record for sight in witness.missing()] == [held]


def test_the_witness_counts_what_it_could_not_see(home, open_cuff):
    def refuse(_command: str) -> None:
        raise MonitorError("the emulator has ended")
    witness = Witness(SimpleNamespace(radio=home.radio, witness=SimpleNamespace(ask=refuse)))
    open_cuff.measure(128, 82, 71)
    open_cuff.advertise()
    home.spawn(LISTEN.format(open_cuff.address))
    eventually(lambda: not open_cuff.memory)
    witness.close()
    assert (witness.sights, witness.blind) == ([], 1)


def test_a_mended_journal_counts_before_it_has_its_name(tmp_path):
    """Between two renames of the daemon's; and nothing counts where there is neither."""
    disk, file = tmp_path / "disk", tmp_path / "file"
    with sqlite3.connect(file) as journal:
        journal.execute("CREATE TABLE reading (bytes BLOB)")
        journal.execute("INSERT INTO reading VALUES (x'0102')")
    subprocess.run(["mke2fs", "-q", "-t", "ext4", disk, "8M"], check=True, env=PATHS)
    for change in ("mkdir /vitalsd", f"write {file} /vitalsd/journal.built"):
        assert journalled(disk) == set()
        subprocess.run(["debugfs", "-w", "-R", change, disk], check=True, env=PATHS, capture_output=True)
    assert journalled(disk) == {b"\x01\x02"}


def look(folder: pathlib.Path, journal: bytes) -> tuple[looks.Looks, list[str]]:
    """A look at a card that has only this journal, where one reading had been confirmed; and what was wrong."""
    (folder / "file").write_bytes(journal)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", folder / "disk", "8M"], check=True, env=PATHS)
    for change in ("mkdir /vitalsd", f"write {folder}/file /vitalsd/journal"):
        subprocess.run(["debugfs", "-w", "-R", change, folder / "disk"], check=True, env=PATHS, capture_output=True)
    card = SimpleNamespace(
        watchers=[], lies=True, picture=lambda copy: subprocess.run(["cp", folder / "disk", copy], check=True))
    home, household = SimpleNamespace(card=card, shared=folder), SimpleNamespace(acknowledged=lambda: {b"\x01\x02"})
    seen = looks.Looks(home, household, random.Random(1))
    while not seen._waiting:
        card.watchers[0]("write")
    return seen, seen.judge()


def test_a_journal_that_sqlite_cannot_read_is_looked_through_as_the_daemon_opens_it(tmp_path):
    seen, (wrong,) = look(tmp_path, random.Random(1).randbytes(8192))
    assert seen.mended == {"file is not a database": 1}
    assert seen.missing == seen.looked_for == 1 and "1 acknowledged readings were not on the disk" in wrong


def test_a_journal_that_nobody_can_open_is_wrong(tmp_path, monkeypatch):
    monkeypatch.setattr(looks, "program", lambda: tmp_path / "vitalsd")
    (tmp_path / "vitalsd-cuts").write_text("#!/bin/sh\nprintf 'fault: the journal\t\n'\n")
    (tmp_path / "vitalsd-cuts").chmod(0o755)
    assert look(tmp_path, bytes(range(256)) * 32)[1] == ["nothing could be read: fault: the journal"]
