"""System calls that fail: no reading is lost or doubled, the daemon does not spin, names the fault, and recovers by itself."""

import errno
import itertools
import os
import random
import time
from datetime import datetime, timedelta

import pytest
from conftest import eventually, measure, settled
from far_ends import Nonin, nonin_format_13
from faults import HALF, Faults, processor_time, rests
from test_killed import Home, flapping

ROUNDS = int(os.environ.get("ROUNDS", "12"))
KILLS = int(os.environ.get("KILLS", "25"))
SEED = int(os.environ.get("SEED", "1"))
START = datetime(2026, 11, 20, 8, 0, 0)


@pytest.fixture
def faults(tmp_path):
    return Faults(tmp_path, SEED)


#: A call, what of, how it fails, and what must be said; None where nobody has to hear of it.
NAMED = [
    ("sync", "file", errno.EIO, 1, "hub: the disk fails"),
    ("write", "file", errno.ENOSPC, 1, "hub: the disk is full, so readings stay on their devices"),
    ("write", "file", errno.EIO, 1, "hub: the disk fails"),
    ("write", "file", HALF, 1, None),
    ("write", "file", errno.EINTR, 2, None),
    ("socket", "near", errno.EMFILE, 1, "hub: socket failed with errno 24"),
    ("connect", "near", errno.EAGAIN, 1, "device: the device stopped answering"),
    ("receive", "near", errno.ECONNRESET, 2, "device: the device ended the connection"),
    ("send", "near", errno.ENOBUFS, 1, "hub: the Bluetooth adapter fails (send, errno 105)"),
    ("watch", "near", errno.ENOSPC, 1, None),
    ("watch", "line", errno.ENOSPC, 1, None),
    ("wait", "file", errno.EINTR, 2, None),
    ("socket", "far", errno.EMFILE, 1, "network: there is no way to the clinic"),
    ("connect", "far", errno.ENETUNREACH, 1, "network: there is no way to the clinic"),
    ("connect", "far", errno.ECONNREFUSED, 1, "network: the clinic's address refuses connections"),
    ("send", "far", errno.ECONNRESET, 1, "network: the connection was cut"),
    ("receive", "far", errno.ECONNRESET, 1, "network: the connection was cut"),
    ("receive", "far", HALF, 1, None),
    ("send", "far", HALF, 1, None),
    ("poll", "file", errno.EINTR, 2, None),
    ("open", "line", errno.EACCES, 1, "hub: no permission for"),
    ("open", "line", errno.EMFILE, 1, "failed with errno 24"),
    ("read", "line", HALF, 1, None),
    ("read", "line", errno.EIO, 1, None),
    ("set-line", "line", errno.EIO, 1, None),
    ("write", "line", errno.EAGAIN, 2, None),
]


@pytest.mark.parametrize("call, kind, how, one_in, words", NAMED if os.environ.get("FAULTS") == "all" else NAMED[::3])
def test_a_call_that_fails_is_named_and_costs_no_reading(home, clinic, cuff, tmp_path, faults, call, kind, how, one_in, words):
    """It fails for a while, whenever it is made."""
    wire = Nonin(str(tmp_path / "oximeter"), START + timedelta(hours=1))
    home.start(env=os.environ | faults.environment)
    wire.send(nonin_format_13(97, 70, START))
    eventually(lambda: clinic.saturations() == [97])
    faults.fail(call, kind, how, one_in)
    begin, used, calls = time.monotonic(), processor_time(home.process.pid), faults.calls
    if kind in ("line", "far"):
        # A line is opened, and the clinic called, only when there is something new.
        wire.unplug() if kind == "line" else clinic.stop()
        wire.plug() if kind == "line" else clinic.start()
    measure(cuff, *range(120, 130))

    tries = itertools.count(1)

    def has_failed() -> bool:
        # What is said before the line is open is gone, and what is said twice is one reading. Some calls are made once in a visit.
        if not faults.failed(call, kind):
            if kind == "line" and next(tries) % 8 == 0:
                wire.unplug()
                wire.plug()
            wire.send(nonin_format_13(91, 70, START + timedelta(minutes=1)))
        return faults.failed(call, kind) > 0
    eventually(has_failed, every=0.5)
    if words:
        eventually(lambda: words in home.log)
    time.sleep(max(0.0, begin + 1 - time.monotonic()))
    used, calls = processor_time(home.process.pid) - used, faults.calls - calls
    failed, lasted = faults.failed(call, kind), time.monotonic() - begin
    print(f"{calls} calls, {failed} of them failed, and {used:.2f} s of the processor in {lasted:.2f} s")
    assert home.is_running
    # Ten readings take some hundreds of calls, and each new try some more; who spins makes millions in a second.
    assert calls < 1000 * (10 + lasted)
    eventually(lambda: rests(home.process.pid))
    # Nothing is tried again at once, without an end. Halves are no failures.
    assert how == HALF or failed < 1000 * lasted
    faults.heal()
    home.reload()
    eventually(lambda: not cuff.memory)
    # What was said while nobody could open the line is gone; a spot check is sent again, with a mark behind it.
    again = nonin_format_13(91, 70, START + timedelta(minutes=1)) + nonin_format_13(99, 70, START + timedelta(minutes=2))
    eventually(lambda: {91, 99} <= set(clinic.saturations()) or wire.send(again), every=0.5)
    settled(home, cuff)
    assert clinic.blood_pressures() == [(number, 80) for number in range(120, 130)]
    assert clinic.saturations() == [91, 97, 99]
    assert len(cuff.acknowledged) == 10


def test_a_disk_that_stumbles_is_no_damaged_journal(home, clinic, cuff, faults):
    """SQLite calls a file malformed when it cannot be read. What is whole is not set aside for that, and is not lost."""
    clinic.stop()
    home.start()
    measure(cuff, *range(120, 130))
    eventually(lambda: not cuff.memory)
    home.kill()
    clinic.start()
    for one_in in (1, 2, 3, 4, 6, 8, 12, 20):
        for how in (errno.EIO, HALF):
            faults.fail("read-at", "file", how, one_in)
            home.start(env=os.environ | faults.environment)
            eventually(lambda: faults.failed("read-at", "file") and (not home.is_running or home.status().get("running")))
            faults.heal()
            assert not home.is_running or home.status().get("running")
            home.kill() if home.is_running else None
            assert home.process.returncode in (-9, 65, 74), home.log
    home.start()
    eventually(lambda: home.status().get("pending") == 0)
    assert clinic.blood_pressures() == [(number, 80) for number in range(120, 130)]
    assert not list(home.state.glob("journal.damaged*")), home.log


def test_a_control_socket_that_could_not_take_a_call_takes_the_next(home, clinic, faults):
    home.start(env=os.environ | faults.environment)
    eventually(lambda: home.status().get("running"))
    faults.fail("accept", "near", errno.EMFILE)
    # It runs, and says nothing.
    assert home.status()["daemon"] is None
    assert faults.failed("accept", "near") > 0
    faults.heal()
    eventually(lambda: home.status()["daemon"])


def test_any_calls_fail_in_any_ways_and_nothing_is_lost_or_doubled(home, clinic, tmp_path, faults):
    """Several calls at a time, one in some fails, anew each half second, through starts and ends of the daemon. One that ends
    by itself says why and is started again, as its service manager does."""
    chance, parts, ends = random.Random(SEED), Home(home, tmp_path, seed=SEED), []
    used, lasted, most = 0.0, 0.0, 0
    with flapping(clinic, seed=SEED):
        for _ in range(ROUNDS):
            drawn = faults.draw(chance, 6, chance.choice([2, 5, 20]))
            parts.measure()
            parts.spot_check()
            if not home.is_running:
                home.start(env=os.environ | faults.environment)
            begin, before, calls = time.monotonic(), processor_time(home.process.pid), faults.calls
            time.sleep(0.5)
            calls = faults.calls - calls
            most = max(most, calls)
            # All that waits takes some thousands.
            assert calls < 100_000, f"seed {SEED}: {calls} calls while {drawn} failed"
            if home.is_running:
                used, lasted = used + processor_time(home.process.pid) - before, lasted + time.monotonic() - begin
                if chance.random() < 0.3:
                    home.kill()
                    parts.look(home)
                continue
            parts.look(home)
            last = home.log.splitlines()[-1]
            assert home.process.returncode > 0, f"seed {SEED}: ended by signal {-home.process.returncode} while {drawn} failed"
            assert last.startswith(("hub: ", "device: ", "network: ", "clinic: ", "pairing: ")), last
            ends.append(last)
    faults.heal()
    if home.is_running:
        home.kill()
        parts.look(home)
    parts.end_well(home, clinic)
    eventually(lambda: rests(home.process.pid))
    assert faults.all_failed
    # Who spins without a call uses all of it; what there is to do uses a twentieth, and a slow machine has the rest.
    assert used < 0.8 * lasted, f"{used:.2f} s of the processor in {lasted:.2f} s"
    print(f"{ROUNDS} rounds, seed {SEED}: {faults.all_failed} calls failed, {len(ends)} ends with a fault, at most {most} calls in "
          f"a round; {parts.proof()}; processor {used / max(lasted, 0.1):.0%}")
    print("\n".join(sorted(set(ends))))


def test_killed_before_any_call_and_nothing_is_lost_or_doubled(home, clinic, tmp_path, faults):
    """SIGKILL between any two system calls of starts, visits, commits, deliveries and settlements."""
    chance, parts = random.Random(SEED), Home(home, tmp_path, seed=SEED)
    deaths = 0
    with flapping(clinic, seed=SEED):
        for _ in range(KILLS):
            parts.measure()
            parts.spot_check()
            faults.kill_at(chance.randint(1, 1500))
            home.start(env=os.environ | faults.environment)
            deaths += faults.outlive(home, lambda: parts.is_empty)
            parts.look(home)
    faults.kill_at(0)
    parts.end_well(home, clinic)
    assert deaths or not KILLS
    print(f"{KILLS} kills, {deaths} of them before a drawn call, seed {SEED}, {parts.proof()}")
