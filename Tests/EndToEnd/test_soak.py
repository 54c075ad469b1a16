"""A life in little time: visits, outages, clock steps, pulled cables and reloads by the thousand, on one daemon that never
ends. What it uses at the end is what it used once it had settled: `make soak`, SOAK= seconds, two seconds for each day."""

import os
import random
import re
import statistics
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from conftest import eventually
from far_ends import Air, Cuff, Nonin, blood_pressure, nonin_format_13
from faults import processor_time
from test_time import HubClock

SOAK = float(os.environ.get("SOAK", "0"))
SEED = int(os.environ.get("SEED", "1"))
PARTS = 8


class Life:
    """What happens in a home in a day, and what it costs."""

    def __init__(self, home, clinic, tmp_path):
        self.home, self.clinic, self.chance = home, clinic, random.Random(SEED)
        self.clock = HubClock(tmp_path)
        self.cuffs = [Cuff(f"00:09:1F:00:00:0{i}", clock=datetime(2019, 3, 1)) for i in range(1, 4)]
        self.air = Air(str(tmp_path / "air"), self.cuffs)
        self.oximeter = Nonin(str(tmp_path / "oximeter"), datetime(2026, 11, 20))
        self.taken, self.spots, self.days, self.outages, self.steps, self.cables = 0, 0, 0, 0, 0, 0
        #: Seconds from a measurement to its confirmation, and to the empty queue.
        self.confirmed: list[float] = []
        self.settled: list[float] = []
        #: Resident, in MB, at the end of each day: a fourth of it is given back now and then, so that the least and the most of
        #: many days are compared, and not what there happened to be at one moment.
        self.memory: list[float] = []
        for cuff in self.cuffs:
            assert home.ask("bind", cuff.address, "--with-memory") == "bound\n"

    def day(self) -> None:
        chance, end = self.chance, time.monotonic() + 2
        self.days += 1
        if chance.random() < 0.3:
            self.steps += 1
            # A clock that something keeps is right. One that is off is ahead at most: a hub that is behind finds no certificate
            # valid, and that is an outage.
            kept = chance.random() < 0.7
            self.clock.set(0 if kept else chance.choice([0, 60, 3600, 7200]), kept)
        outage = chance.random() < 0.15
        if outage:
            self.outages += 1
            self.clinic.stop()
        elif chance.random() < 0.2:
            self.clinic.fault(chance.choice(["lost", "half", "cut-before", "cut-after"]), times=1)
        for _ in range(chance.randint(2, 4)):
            self.measure(chance.randint(1, 3))
            self.spot_check()
            if not outage:
                begin = time.monotonic()
                eventually(lambda: not any(cuff.memory for cuff in self.cuffs), every=0.002)
                self.confirmed.append(time.monotonic() - begin)
        if outage:
            self.clinic.start()
        if chance.random() < 0.1:
            self.cables += 1
            self.oximeter.unplug()
            time.sleep(0.1)
            self.oximeter.plug()
        # A technician's word ends the pause after an outage.
        self.home.reload()
        self.settle()
        self.memory.append(memory(self.home))
        time.sleep(max(0.0, end - time.monotonic()))

    def fill(self) -> None:
        """Years before: the journal has come to its bound, and of each device there are as many readings, and of its clock, as
        are looked through after a visit. What lies behind the layout is kept too, and takes more room."""
        for number in range(1200):
            cuff, when = self.cuffs[number % 3], datetime(2019, 2, 1) + timedelta(minutes=number)
            with cuff.lock:
                cuff.memory.append(blood_pressure(100 + number % 150, 40 + number // 150, 60, when) + bytes(480))
        self.taken += 1200
        self.settle()
        for _ in range(256):
            self.spot_check()
            # No two of one second are the same.
            time.sleep(0.1)
        for _ in range(130):
            self.measure(3)
            eventually(lambda: not any(cuff.memory for cuff in self.cuffs), every=0.002)
        self.settle()

    def settle(self) -> None:
        eventually(lambda: not any(cuff.memory for cuff in self.cuffs), within=300)
        begin = said = time.monotonic()
        while self.home.status()["pending"]:
            # A lost answer is followed by a pause, which a technician's word ends.
            if time.monotonic() > said + 1:
                self.home.hang_up()
                said = time.monotonic()
            time.sleep(0.02)
            assert time.monotonic() < begin + 300
        self.settled.append(time.monotonic() - begin)

    def measure(self, count: int) -> None:
        for cuff in self.chance.sample(self.cuffs, count):
            self.taken += 1
            with cuff.lock:
                cuff.memory.append(blood_pressure(100 + self.taken % 150, 40 + self.taken // 150 % 200, 60, cuff.clock))

    def spot_check(self) -> None:
        self.taken += 1
        self.spots += 1
        when = datetime.now() + self.oximeter.ahead
        self.oximeter.send(nonin_format_13(80 + self.taken % 20, 70, when, stored=True))


def dated_anew(home) -> int:
    return sum(map(int, re.findall(r"device: (\d+) readings dated anew", home.log)))


def field(home, name: str, key: str) -> int:
    lines = Path(f"/proc/{home.process.pid}/{name}").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(key)))


def memory(home) -> float:
    return field(home, "status", "VmRSS") / 1024


def figures(home) -> dict[str, float]:
    process = Path(f"/proc/{home.process.pid}")

    def descriptors() -> int:
        time.sleep(0.2)
        return len(list((process / "fd").iterdir()))

    size = lambda name: (home.state / name).stat().st_size if (home.state / name).exists() else 0
    return {
        # A visit, and whoever asks for the status, has some for a moment.
        "descriptors": min(descriptors() for _ in range(6)),
        "threads": field(home, "status", "Threads"), "journal": size("journal") / 1024, "log": size("journal-wal") / 1024,
        "written": field(home, "io", "wchar") / 1024, "processor": processor_time(home.process.pid)}


@pytest.mark.skipif(SOAK == 0, reason="takes long: make soak")
def test_a_life_in_little_time_and_nothing_grows(home, clinic, tmp_path):
    home.add("[Journal]\nMaximumSize=1M")
    life = Life(home, clinic, tmp_path)
    home.start(env=life.clock.environment)
    life.fill()
    rows: list[dict[str, float]] = []
    before, taken, anew = figures(home), life.taken, dated_anew(home)
    print(f"\nseed {SEED}; a reading's bytes and processor time are those of the part of the run\n"
          f"{'day':>6} {'readings':>9} {'memory':>15} {'open':>5} {'threads':>7} {'journal':>9} {'written':>12} "
          f"{'processor':>12} {'confirmed':>10} {'settled':>8} {'dated anew':>11}")
    for part in range(PARTS):
        until = time.monotonic() + SOAK / PARTS
        life.confirmed.clear()
        life.settled.clear()
        life.memory.clear()
        while time.monotonic() < until:
            life.day()
        now, count = figures(home), life.taken - taken
        row = {
            "memory": min(life.memory), "peak": max(life.memory),
            "descriptors": now["descriptors"], "threads": now["threads"], "journal": now["journal"],
            "written": (now["written"] - before["written"]) / count,
            "processor": (now["processor"] - before["processor"]) / count * 1000,
            "confirmed": statistics.median(life.confirmed) * 1000, "settled": statistics.median(life.settled),
            "anew": (dated_anew(home) - anew) / count}
        print(f"{life.days:>6} {life.taken:>9} {row['memory']:>5.1f} to {row['peak']:>4.1f} MB {row['descriptors']:>4.0f} "
              f"{row['threads']:>7.0f} {row['journal']:>6.0f} KB {row['written']:>5.1f} KB each {row['processor']:>6.1f} ms each {row['confirmed']:>7.0f} ms "
              f"{row['settled']:>6.2f} s {row['anew']:>6.2f} each", flush=True)
        rows.append(row)
        before, taken, anew = now, life.taken, dated_anew(home)
    life.settle()
    panels, spots = clinic.blood_pressures(), clinic.saturations()
    print(f"{life.days} days, {life.taken} readings, {life.outages} outages, {life.steps} clock steps, {life.cables} pulled cables; "
          f"{len(panels)} blood pressures and {len(spots)} saturations at the clinic")
    # No two blood pressures are the same.
    assert len(panels) == len(set(panels)) == life.taken - life.spots and len(spots) == life.spots
    status = home.status()
    assert status["undecoded"] == status["refused"] == status["damaged"] == status["unassigned"] == status["pending"] == 0
    first, second = rows[:PARTS // 2], rows[PARTS // 2:]
    mean = lambda rows, name: statistics.fmean(row[name] for row in rows)
    print("second half to first: " + ", ".join(
        f"{name} {mean(second, name) / mean(first, name):.2f}" for name in
        ("memory", "peak", "descriptors", "threads", "journal", "written", "processor", "confirmed", "settled")))
    # What is open now and then is the connection to the clinic: three sockets.
    for name, room in {"memory": 0.5, "peak": 0.5, "descriptors": 3, "threads": 0, "journal": 50}.items():
        most = max(row[name] for row in first)
        assert rows[-1][name] <= most + room, f"{name} grew from {most:.1f} to {rows[-1][name]:.1f}"
    assert mean(second, "written") <= mean(first, "written") * 1.05, "more is written for each reading"
    life.air.close()
