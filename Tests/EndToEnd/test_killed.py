"""SIGKILL in the midst of visits, commits and deliveries: what a device saw acknowledged is at the clinic once."""

import contextlib
import os
import pathlib
import random
import shutil
import sqlite3
import tempfile
import threading
import time
from datetime import datetime, timedelta

from conftest import eventually, settled
from far_ends import Air, Cuff, Nonin, blood_pressure, meanwhile, nonin_format_13

FIRST = datetime(2019, 2, 1)
KILLS = int(os.environ.get("KILLS", "50"))
SEED = int(os.environ.get("SEED", "4711"))


class Home:
    """Two cuffs that measure now and then, and an oximeter that talks."""

    def __init__(self, home, tmp_path, seed: int):
        self.generator = random.Random(seed)
        self.cuffs = [Cuff(f"00:09:1F:00:00:0{i}", clock=datetime(2019, 3, 1)) for i in (1, 2)]
        self.air = Air(str(tmp_path / "air"), self.cuffs)
        self.oximeter = Nonin(str(tmp_path / "oximeter"), datetime(2026, 11, 20))
        self.spot_checks: list[bytes] = []
        #: Of the oximeter's, what a daemon that died left on the disk.
        self.written: set[bytes] = set()
        #: Readings that cuffs were told are safe, and readings in all.
        self.confirmed = self.taken = 0
        for cuff in self.cuffs:
            assert home.ask("bind", cuff.address, "--with-memory") == "bound\n"

    def measure(self) -> None:
        for cuff in self.cuffs:
            with cuff.lock:
                for _ in range(self.generator.randint(1, 5)):
                    self.taken += 1
                    when = FIRST + timedelta(minutes=self.taken)
                    # No two alike: each pair of numbers tells which reading it was.
                    cuff.memory.append(blood_pressure(100 + self.taken % 150, 40 + self.taken // 150, 60, when))

    def spot_check(self) -> None:
        number = len(self.spot_checks)
        when = datetime(2026, 11, 19) + timedelta(minutes=number)
        self.spot_checks.append(nonin_format_13(*numbers_of(number), when, stored=True))
        self.oximeter.send(self.spot_checks[-1])

    def look(self, home) -> None:
        """What is on the disk of a daemon that has died must not be lost from now on."""
        self.written |= journalled(home.state).intersection(self.spot_checks)

    def acknowledged(self) -> list[tuple[int, int]]:
        return sorted((r[1], r[3]) for cuff in self.cuffs for r in cuff.acknowledged)

    @property
    def is_empty(self) -> bool:
        return not any(cuff.memory for cuff in self.cuffs)

    def end_well(self, home, clinic) -> None:
        """Lets the daemon run in peace, and holds what the clinic has against what devices saw confirmed."""
        self.confirmed = len(self.acknowledged())
        assert (self.confirmed and self.written) or not self.taken, "all was told in peace, which proves nothing"
        clinic.heal()
        home.start()
        home.reload()
        settled(home, *self.cuffs, within=300)
        there = set(spot_checks(clinic))
        lost = [n for n, each in enumerate(self.spot_checks) if each in self.written and numbers_of(n) not in there]
        assert not lost, f"spot checks {lost} were on the disk"
        # A serial device is not told what arrived. This one sends its memory again, and what is there already stays once.
        for spot_check in self.spot_checks:
            self.oximeter.send(spot_check)
        home.reload()
        eventually(lambda: len(clinic.blood_pressures()) >= self.taken, within=300)
        # One that was written down just before a kill cannot be told from one that comes after it by what is at the
        # clinic: so the oximeter ends with a mark.
        self.oximeter.send(nonin_format_13(99, 200, datetime(2026, 11, 19, 23, 59)))
        eventually(lambda: any(pulse == 200 for _, pulse in spot_checks(clinic)), within=300)
        eventually(lambda: home.status()["pending"] == 0, within=300)
        acknowledged = self.acknowledged()
        assert len(acknowledged) == self.taken
        assert clinic.blood_pressures() == acknowledged
        wanted = sorted([numbers_of(n) for n in range(len(self.spot_checks))] + [(99, 200)])
        assert spot_checks(clinic) == wanted
        status = home.status()
        assert status["undecoded"] == status["refused"] == status["damaged"] == status["unassigned"] == 0
        self.air.close()

    def proof(self) -> str:
        return (f"{self.taken} readings of cuffs, {self.confirmed} of them confirmed before the end in peace; "
                f"{len(self.spot_checks)} of an oximeter, {len(self.written)} of them on the disk at a death: 0 lost, 0 doubled")


def numbers_of(spot_check: int) -> tuple[int, int]:
    """Saturation and pulse. No two alike, and none 200."""
    return 50 + spot_check % 50, 40 + spot_check // 50


def journalled(state: pathlib.Path) -> set[bytes]:
    """The raw bytes of all readings, as SQLite finds them. In a copy: who opens a journal that nobody uses tidies it."""
    with tempfile.TemporaryDirectory(dir=state.parent) as copy:
        for path in state.glob("journal*"):
            if path.name in ("journal", "journal-wal"):
                shutil.copy(path, copy)
        with contextlib.closing(sqlite3.connect(f"{copy}/journal")) as journal:
            return {row[0] for row in journal.execute("SELECT bytes FROM reading")}


def spot_checks(clinic) -> list[tuple[int, int]]:
    """Saturation and pulse of every spot check. The two come one after another, and are told of one time; that of one whose
    device's clock nobody could read for a while is a period."""
    numbers = {"150456": [], "149530": []}
    for observation in clinic.observations():
        code = observation["code"]["coding"][0]["code"]
        if code in numbers:
            when = observation.get("effectiveDateTime") or observation["effectivePeriod"]
            numbers[code].append((when, int(observation["valueQuantity"]["value"])))
    saturations, pulses = numbers.values()
    assert [when for when, _ in saturations] == [when for when, _ in pulses]
    return sorted((spo2, pulse) for (_, spo2), (_, pulse) in zip(saturations, pulses))


@contextlib.contextmanager
def flapping(clinic, seed: int):
    """The clinic goes away, loses answers, cuts connections, fails; and is well in the end."""
    chance = random.Random(seed)

    def flap(is_over: threading.Event) -> None:
        while not is_over.wait(chance.uniform(0.05, 0.5)):
            mode = chance.choice(["away", "lost", "half", "cut-before", "cut-after", "status", "well"])
            if mode == "away":
                clinic.stop()
                is_over.wait(chance.uniform(0.05, 0.3))
                clinic.start()
            elif mode != "well":
                clinic.fault(mode, status=503, times=chance.randint(1, 2))

    with meanwhile(flap):
        yield
    clinic.heal()


def test_killed_again_and_again_and_nothing_is_lost_or_doubled(home, clinic, tmp_path):
    parts = Home(home, tmp_path, seed=SEED)
    generator = parts.generator
    with flapping(clinic, seed=SEED):
        for _ in range(KILLS):
            parts.measure()
            parts.spot_check()
            home.start()
            time.sleep(generator.uniform(0.02, 0.6))
            if generator.random() < 0.5:
                parts.spot_check()
                time.sleep(generator.uniform(0, 0.05))
            assert home.is_running, "it ended by itself"
            home.kill()
            parts.look(home)
    parts.end_well(home, clinic)
    print(f"{KILLS} kills, seed {SEED}, {parts.proof()}")


def test_whatever_the_moment_of_the_kill_the_cuff_keeps_what_is_not_on_disk(home, clinic, tmp_path):
    """The clinic is away, so what the journal holds is all there is: a confirmed reading is in it."""
    clinic.stop()
    parts = Home(home, tmp_path, seed=1)
    for _ in range(15):
        parts.measure()
        home.start()
        time.sleep(parts.generator.uniform(0.1, 0.35))
        home.kill()
        confirmed = len(parts.acknowledged())
        pending = home.status().get("pending", 0)
        # One may be written whose confirmation the kill has cut off; it is known when it comes again.
        assert confirmed <= pending <= confirmed + len(parts.cuffs)
    clinic.start()
    home.start()
    home.reload()
    settled(home, *parts.cuffs)
    assert clinic.blood_pressures() == parts.acknowledged()
    assert len(parts.acknowledged()) == parts.taken
    parts.air.close()
