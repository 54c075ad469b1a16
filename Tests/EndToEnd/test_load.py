"""Much at once: 32 devices that never stop, a house full of strangers' advertisements, and ten years in the journal. `make
load`; LOAD= seconds for each step. Prints what it costs, and fails where a reading is missing."""

import collections
import os
import statistics
import threading
import time
from datetime import datetime, timedelta

import pytest
from conftest import eventually, measure, settled
from far_ends import Air, Cuff, Nonin, blood_pressure, nonin_format_13
from faults import processor_time
from test_killed import spot_checks

LOAD = float(os.environ.get("LOAD", "0"))
pytestmark = pytest.mark.skipif(LOAD == 0, reason="takes long: make load")


def memory(home) -> float:
    lines = open(f"/proc/{home.process.pid}/status").read().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) / 1024


def test_32_devices_that_never_stop(home, clinic, tmp_path):
    """Each says a reading again and again, on a line of its own; faster from step to step, to where it does not keep up."""
    paths = [str(tmp_path / f"line-{number:02}") for number in range(32)]
    home.set("Lines", " ".join(paths))
    start = datetime(2020, 1, 1)
    wires = [Nonin(path, datetime(2026, 11, 20)) for path in paths]
    home.start()
    eventually(lambda: home.status().get("running"))
    sent, told = 0, collections.Counter()
    for rate in (1, 4):
        begin, used, before = time.monotonic(), processor_time(home.process.pid), sent
        while (now := time.monotonic() - begin) < LOAD:
            while (sent - before) / 32 < now * rate:
                for wire in wires:
                    # No two alike among ten thousand.
                    numbers = 50 + sent % 50, 40 + sent // 50 % 200
                    wire.send(nonin_format_13(*numbers, start + timedelta(seconds=sent), stored=True))
                    told[numbers] += 1
                    sent += 1
            time.sleep(0.01)
        said = time.monotonic() - begin
        eventually(lambda: kept(home) >= sent, within=300)
        kept_after = time.monotonic() - begin - said
        eventually(lambda: home.status()["pending"] == 0, within=300)
        lasted, used = time.monotonic() - begin, processor_time(home.process.pid) - used
        print(f"32 lines, {(sent - before) / said:.0f} readings/s for {said:.0f} s: the last kept {kept_after:.2f} s after it was "
              f"said, all at the clinic after {lasted - said:.2f} s; {used / (sent - before) * 1000:.1f} ms of the processor each, "
              f"{memory(home):.1f} MB")
    assert collections.Counter(spot_checks(clinic)) == told
    identifiers = collections.Counter(o["identifier"][0]["value"] for o in clinic.observations())
    assert len(identifiers) == identifiers.total() == 2 * sent
    print(f"{sent} readings: 0 lost, 0 doubled")


def kept(home) -> int:
    status = home.status()
    return status["accepted"] + status["pending"]


def test_a_thousand_advertisements_a_second(home, clinic, cuff, tmp_path):
    """Strangers' all, but for one cuff that measures now and then."""
    home.start()
    eventually(lambda: home.status().get("running"))
    total = 0
    for rate in (0, 1000, 4000, 16000):
        is_over, sent, refused = threading.Event(), 0, 0
        air = cuff.air

        def flood() -> None:
            nonlocal sent, refused
            begin = time.monotonic()
            while not is_over.is_set():
                while sent + refused < (time.monotonic() - begin) * rate and not is_over.is_set():
                    number = (sent + refused) % 997
                    packet = f'5C:F8:21:00:{number >> 8:02X}:{number & 255:02X} rssi -80 name "LE-stranger{number}" services 180F'
                    for ear in list(air.ears):
                        try:
                            ear.send(packet.encode())
                            sent += 1
                        except OSError:
                            refused += 1
                time.sleep(0.001)

        thread = threading.Thread(target=flood)
        used, begin, confirmed = processor_time(home.process.pid), time.monotonic(), []
        thread.start()
        while time.monotonic() - begin < LOAD:
            total += 1
            at = time.monotonic()
            measure(cuff, 100 + total % 150)
            eventually(lambda: not cuff.memory, every=0.002)
            confirmed.append(time.monotonic() - at)
            time.sleep(0.2)
        lasted = time.monotonic() - begin
        is_over.set()
        thread.join()
        used = processor_time(home.process.pid) - used
        print(f"{sent / lasted:6.0f} advertisements/s: a reading is confirmed after {statistics.median(confirmed) * 1000:.0f} ms "
              f"(worst {max(confirmed) * 1000:.0f}), {used / lasted:.0%} of one processor, {memory(home):.1f} MB")
    settled(home, cuff)
    assert clinic.blood_pressures() == sorted((100 + number % 150, 80) for number in range(1, total + 1))
    print(f"{total} readings: 0 lost, 0 doubled")


#: Four cuffs, each used three times a day for ten years.
CUFFS, HISTORY = 4, 4 * 3 * 3653


def test_ten_years_of_history(home, clinic, tmp_path):
    """What was measured today is kept, delivered and shown as it was on the first day, whatever lies behind it."""
    home.add("[Journal]\nMaximumSize=4G\nMaximumDays=4000")
    cuffs = [Cuff(f"00:09:1F:00:00:{number:02X}", clock=datetime(2026, 1, 1)) for number in range(CUFFS)]
    air = Air(str(tmp_path / "air"), cuffs)
    for cuff in cuffs:
        assert home.ask("bind", cuff.address, "--with-memory") == "bound\n"
    home.start()
    eventually(lambda: home.status().get("running"))
    taken = today(home, clinic, cuffs, "an empty journal", 0)
    # A cuff holds some months; what it said a year ago came in other visits.
    step, used, begin = 500, processor_time(home.process.pid), time.monotonic()
    for start in range(0, HISTORY // CUFFS, step):
        for cuff in cuffs:
            with cuff.lock:
                for number in range(start, min(start + step, HISTORY // CUFFS)):
                    when = datetime(2016, 1, 1) + timedelta(hours=8 * number)
                    cuff.memory.append(blood_pressure(100 + number % 60, 70 + number % 20, 60 + number % 7, when))
        eventually(lambda: not any(cuff.memory for cuff in cuffs), within=1800)
    eventually(lambda: home.status()["pending"] == 0, within=1800, every=2)
    taken += HISTORY // CUFFS * CUFFS
    used, lasted = processor_time(home.process.pid) - used, time.monotonic() - begin
    size = sum(file.stat().st_size for file in home.state.iterdir() if file.is_file())
    print(f"\n{taken} readings in {lasted:.0f} s, {used / taken * 1e3:.2f} ms of the processor each; the journal {size / 1e6:.0f} MB, "
          f"{size / taken:.0f} bytes each")
    taken += today(home, clinic, cuffs, "ten years", 1)
    home.stop()
    begin = time.monotonic()
    home.start()
    eventually(lambda: home.status().get("running"), every=0.005)
    print(f"started again, and its status told, in {(time.monotonic() - begin) * 1000:.0f} ms")
    taken += today(home, clinic, cuffs, "ten years, started again", 2)
    for command in ("status", "queue", "diagnose", "audit"):
        begin = time.monotonic()
        home.run(command)
        print(f"vitalsd {command}: {(time.monotonic() - begin) * 1000:.0f} ms")
    panels = [o["identifier"][0]["value"] for o in clinic.observations() if o["code"]["coding"][0]["code"] == "150020"]
    assert len(set(panels)) == len(panels) == taken
    assert clinic.blood_pressures() == sorted((r[1], r[3]) for cuff in cuffs for r in cuff.acknowledged)
    print(f"{taken} readings: 0 lost, 0 doubled")
    air.close()


def today(home, clinic, cuffs, title: str, day: int) -> int:
    """Each cuff measures twenty times, one after the other; how long until each is confirmed and at the clinic."""
    confirmed, settled = [], []
    for number in range(20):
        for index, cuff in enumerate(cuffs):
            before, begin = clinic.transactions, time.monotonic()
            with cuff.lock:
                when = datetime(2026, 1, 1) + timedelta(days=day, minutes=number)
                cuff.memory.append(blood_pressure(130 + number, 80 + index, 60, when))
            eventually(lambda: not cuff.memory, every=0.002)
            confirmed.append(time.monotonic() - begin)
            eventually(lambda: clinic.transactions > before, every=0.005)
            settled.append(time.monotonic() - begin)
    print(f"{title}: confirmed after {statistics.median(confirmed) * 1000:.0f} ms (worst {max(confirmed) * 1000:.0f}), at the clinic "
          f"after {statistics.median(settled) * 1000:.0f} ms (worst {max(settled) * 1000:.0f}), {memory(home):.1f} MB")
    return 20 * len(cuffs)
