"""That the proof of the scenarios can fail."""

import sqlite3
import subprocess
from types import SimpleNamespace

import pytest

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
