"""Power cuts: whatever the disk may have lost of what was not synced, the journal opens, and a reading whose device was
told that it is safe is in it. What is lost is computed from a record of the daemon's own writes and syncs, see power.py."""

import collections
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time

import pytest
from conftest import VITALSD, eventually, measure, settled
from faults import DEATH, Faults
from power import HEARD, CONFIRMED, SYNCED, WRITTEN, Recorder, materialise
from test_killed import Home, flapping

CUTS = int(os.environ.get("CUTS", "200"))
ROUNDS = int(os.environ.get("ROUNDS", "15"))
SEED = int(os.environ.get("SEED", "1"))
OPENER = pathlib.Path(VITALSD).with_name("vitalsd-cuts")


class Opener:
    """Our own code, on one state directory after another: see Tests/PowerCuts."""

    def __init__(self):
        self.process = subprocess.Popen([OPENER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def open(self, directory: pathlib.Path) -> tuple[str, list[tuple[bytes, str]]]:
        """Whether it was whole, and what is in it: raw bytes and state."""
        self.process.stdin.write(f"{directory}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the opening of a journal ended the process"
        verdict, rows = line.rstrip("\n").split("\t")
        return verdict, [(bytes.fromhex(row.split(":")[0]), row.split(":")[1]) for row in rows.split()]

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


@pytest.fixture
def place():
    """In memory, where a sync costs nothing: what it would have meant is in the record."""
    folder = pathlib.Path(tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
    yield folder
    shutil.rmtree(folder)


def is_sound(directory: pathlib.Path) -> bool:
    """What SQLite itself says, on a copy."""
    copy = directory.with_name("copy")
    shutil.copytree(directory, copy)
    try:
        with sqlite3.connect(copy / "journal") as journal:
            return journal.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        shutil.rmtree(copy)


def test_whatever_a_power_cut_leaves_holds_every_reading_that_was_confirmed(home, clinic, tmp_path, place):
    """Two cuffs tell a memory long enough for the log to be copied into the journal while the clinic flaps; then the power
    is cut at moments all over that, most of them where something is being copied or has just been confirmed."""
    chance = random.Random(SEED)
    home.set("StateDirectory", str(place / "state"))
    home.state = place / "state"
    recorder = Recorder(home, tmp_path)
    parts = Home(home, tmp_path, seed=SEED)
    for _ in range(90):
        parts.measure()
    recorder.start()
    with flapping(clinic, seed=SEED):
        eventually(lambda: parts.is_empty, within=300)
        time.sleep(0.5)
    home.reload()
    eventually(lambda: home.status()["pending"] == 0, within=300)
    home.kill()
    events = list(recorder.events())
    told = {r for cuff in parts.cuffs for r in cuff.acknowledged}
    assert {bytes(data) for what, _, _, data in events if what == HEARD} >= told and len(told) == parts.taken

    # Most where something was just synced, or a device has just been told.
    moments = chance.choices(
        range(1, len(events)),
        [8 if event[0] in (CONFIRMED, SYNCED) else 2 if event[0] == WRITTEN else 1 for event in events[1:]], k=CUTS)
    counted = collections.Counter(moments)
    opener, disk, confirmed, mended, torn, sizes, states = Opener(), recorder.disk, 0, 0, 0, [], collections.Counter()
    for number, event in enumerate(events):
        disk.happened(*event)
        for _ in range(counted[number]):
            files = disk.cut(chance)
            materialise(files, place / "cut")
            if chance.random() < 0.05 and "journal" in files:
                assert is_sound(place / "cut"), f"seed {SEED}, event {number}"
            verdict, rows = opener.open(place / "cut")
            where = f"seed {SEED}, event {number} of {len(events)}: {verdict}"
            # What had been written and not yet synced may end the log in the middle, with a reading behind that no device was
            # told is safe. That cannot be told from damage: then all that can be read is carried over.
            mended += verdict != "whole"
            assert verdict == "whole" or "its log is damaged in the middle" in verdict, where
            found = collections.Counter(reading for reading, _ in rows)
            assert set(disk.confirmed) <= set(found), where
            assert max(found.values()) == 1, f"doubled: {where}"
            # Nor is a row that was being written then whole; the device tells that reading again, and it is kept anew.
            unsound = {reading for reading, state in rows if state not in ("pending", "accepted")}
            assert unsound.isdisjoint(disk.confirmed), where
            torn += len(unsound)
            states.update(state for _, state in rows)
            confirmed += len(disk.confirmed)
            sizes.append(sum(map(len, files.values())))
    opener.close()
    # A confirmation that went past the record would have been looked for nowhere.
    assert set(disk.confirmed) == told and confirmed
    syncs = sum(what == SYNCED for what, *_ in events)
    print(f"{CUTS} power cuts among {len(events)} events with {syncs} syncs, seed {SEED}: {confirmed} confirmed readings were "
          f"looked for, 0 lost, 0 doubled; {dict(states)}; {mended} had to be mended, {torn} torn rows that "
          f"nobody was told of among what was in them; {min(sizes)} to "
          f"{max(sizes)} bytes")


def test_power_cut_again_and_again_and_nothing_is_lost_or_doubled(home, clinic, tmp_path, place):
    """The same with the whole line: the daemon begins on what is left, while its devices go on as if nothing were. Where it alone
    dies, what it had not synced is there for the next one, and may be lost with that."""
    chance = random.Random(SEED)
    home.set("StateDirectory", str(place / "state"))
    home.state = place / "state"
    recorder, faults = Recorder(home, tmp_path), Faults(tmp_path, SEED)
    parts = Home(home, tmp_path, seed=SEED)
    powered, deaths, cuts = False, 0, 0
    with flapping(clinic, seed=SEED):
        for _ in range(ROUNDS):
            parts.measure()
            parts.spot_check()
            faults.kill_at(chance.randint(1, 1500))
            recorder.start(faults.environment, powered)
            deaths += faults.outlive(home, lambda: parts.is_empty)
            powered = chance.random() < 0.5
            if not powered:
                cuts += 1
                recorder.cut_power(chance)
                # Only what a cut has left was synced.
                parts.look(home)
    faults.kill_at(0)
    parts.end_well(home, clinic)
    assert deaths and cuts
    print(f"{ROUNDS} deaths, {deaths} of them before a drawn call, {cuts} of them power cuts, seed {SEED}, {parts.proof()}")


def test_what_a_dead_daemon_had_written_and_not_synced_is_no_reading_that_is_safe(home, clinic, cuff, tmp_path, place):
    """It is there for the next daemon, which takes what the device tells once more for a repeat, and confirms it. Then the power
    is cut."""
    clinic.stop()
    home.set("StateDirectory", str(place / "state"))
    home.state = place / "state"
    assert home.ask("bind", cuff.address, "--with-memory") == "bound\n"
    recorder, faults = Recorder(home, tmp_path), Faults(tmp_path, SEED)
    recorder.start(faults.environment)
    measure(cuff, 120)
    eventually(lambda: not cuff.memory)
    for number in range(121, 127):
        faults.fail("sync", "file", DEATH)
        measure(cuff, number)
        eventually(lambda: not home.is_running)
        assert home.process.returncode == -signal.SIGKILL and len(cuff.acknowledged) == number - 120
        faults.heal()
        recorder.start(faults.environment, powered=True)
        eventually(lambda: not cuff.memory)
        home.kill()
        recorder.catch_up()
        materialise(recorder.disk.least(), home.state)
        recorder.start(faults.environment)
    clinic.start()
    home.reload()
    settled(home, cuff)
    assert clinic.blood_pressures() == [(number, 80) for number in range(120, 127)]


@pytest.mark.parametrize("restarts", [True, False])
def test_what_a_sync_that_failed_left_in_memory_is_no_reading_that_is_safe(home, clinic, cuff, tmp_path, place, restarts):
    """Linux calls it clean then, and the next sync succeeds without it: of the reading itself, and of what was written before it
    without a sync. Then the power is cut."""
    home.set("StateDirectory", str(place / "state"))
    home.state = place / "state"
    assert home.ask("bind", cuff.address, "--with-memory") == "bound\n"
    recorder = Recorder(home, tmp_path)
    for number in range(120, 126):
        if number > 120:
            clinic.start()
        recorder.start()
        measure(cuff, number)
        eventually(lambda: (number, 80) in clinic.blood_pressures() and home.status()["pending"] == 0)
        clinic.stop()
        recorder.sick.touch()
        measure(cuff, number + 100)
        eventually(lambda: "the disk fails" in home.log)
        assert cuff.memory, "it was told that its reading is safe"
        if restarts:
            home.kill()
            recorder.sick.unlink()
            recorder.start(powered=True)
        else:
            recorder.sick.unlink()
        eventually(lambda: not cuff.memory, 60)
        home.kill()
        recorder.catch_up()
        materialise(recorder.disk.least(), home.state)
        assert "the journal is damaged" not in home.log
    clinic.start()
    home.start()
    settled(home, cuff, within=60)
    assert clinic.blood_pressures() == [(n, 80) for n in [*range(120, 126), *range(220, 226)]]
