"""The whole line with real parts: far end → `vitalsd run` → TLS receiver."""

import random
import time
from datetime import datetime, timedelta

from conftest import eventually
from far_ends import Air, Cuff, Wire, blood_pressure, contec_live, nonin_format_8, nonin_format_13

START = datetime(2026, 11, 20, 8, 0, 0)


def test_a_serial_oximeter_delivers_its_spot_checks(home, clinic, tmp_path):
    wire = Wire(str(tmp_path / "oximeter"))
    home.start()
    wire.send(nonin_format_13(97, 72, START))
    eventually(lambda: clinic.saturations() == [97])
    wire.send(nonin_format_13(93, 80, START + timedelta(hours=1)))
    eventually(lambda: clinic.saturations() == [93, 97])


def test_a_second_download_of_the_same_memory_changes_nothing(home, clinic, tmp_path):
    wire = Wire(str(tmp_path / "oximeter"))
    home.start()
    records = [nonin_format_13(90 + i, 70 + i, START + timedelta(minutes=i), stored=True) for i in range(5)]
    for record in records + records:
        wire.send(record)
    wire.send(nonin_format_13(99, 60, START + timedelta(hours=2)))
    eventually(lambda: clinic.saturations() == [90, 91, 92, 93, 94, 99])


def test_unplugged_in_the_middle_of_a_frame_and_plugged_in_again(home, clinic, tmp_path):
    wire = Wire(str(tmp_path / "oximeter"))
    home.start()
    wire.send(nonin_format_13(95, 70, START))
    eventually(lambda: clinic.saturations() == [95])
    wire.send(nonin_format_13(94, 70, START + timedelta(minutes=1))[:9])
    time.sleep(0.3)
    wire.unplug()
    eventually(lambda: "is gone" in home.log)
    wire.plug()
    eventually(lambda: home.log.count("appeared") == 2)
    wire.send(nonin_format_13(92, 70, START + timedelta(minutes=2)))
    eventually(lambda: clinic.saturations() == [92, 95])
    assert home.process.poll() is None


def test_the_clinic_goes_away_and_comes_back(home, clinic, tmp_path):
    wire = Wire(str(tmp_path / "oximeter"))
    home.start()
    wire.send(nonin_format_13(97, 72, START))
    eventually(lambda: clinic.saturations() == [97])
    clinic.stop()
    for i in range(5):
        wire.send(nonin_format_13(90 + i, 70, START + timedelta(minutes=i + 1)))
    eventually(lambda: '"pending":5' in home.ask("status", "--json"))
    eventually(lambda: "network: the clinic's address refuses connections" in home.log)
    clinic.start()
    eventually(lambda: clinic.saturations() == [90, 91, 92, 93, 94, 97], within=60)


def test_killed_at_random_points_and_nothing_is_lost_or_doubled(home, clinic, tmp_path):
    """At least fifty kills in the midst of visits, commits and deliveries."""
    generator = random.Random(4711)
    cuffs = [Cuff(f"00:09:1F:00:00:0{i}", clock=datetime(2019, 3, 1)) for i in (1, 2)]
    air = Air(str(tmp_path / "air"), cuffs)
    for cuff in cuffs:
        home.ask("bind", cuff.address)
    taken = 0
    kills = 0
    while kills < 50:
        for cuff in cuffs:
            for _ in range(generator.randint(1, 6)):
                taken += 1
                with cuff.lock:
                    cuff.memory.append(
                        blood_pressure(100 + taken % 100, 50 + taken // 100, 60, datetime(2019, 2, 1) + timedelta(minutes=taken)))
        home.start()
        time.sleep(generator.uniform(0.02, 0.7))
        home.kill()
        kills += 1
    home.start()
    eventually(lambda: not any(cuff.memory for cuff in cuffs), within=120)
    acknowledged = sorted(
        (record[1] | record[2] << 8 & 0xF00, record[3] | record[4] << 8 & 0xF00)
        for cuff in cuffs for record in cuff.acknowledged)
    assert len(acknowledged) == taken
    eventually(lambda: len(clinic.blood_pressures()) >= taken, within=60)
    time.sleep(1)
    assert clinic.blood_pressures() == acknowledged
    print(f"{kills} kills, {taken} readings: every one acknowledged is at the clinic once")
    air.close()


def test_a_neighbours_cuff_is_heard_and_left_alone(home, clinic, tmp_path):
    ours, neighbours = Cuff("00:09:1F:00:00:01"), Cuff("00:09:1F:00:00:02")
    air = Air(str(tmp_path / "air"), [ours, neighbours])
    ours.memory.append(blood_pressure(120, 80, 60, ours.clock))
    neighbours.memory.append(blood_pressure(180, 110, 90, neighbours.clock))
    home.ask("bind", ours.address)
    home.start()
    eventually(lambda: clinic.blood_pressures() == [(120, 80)])
    eventually(lambda: "bound to nobody; left alone" in home.log)
    assert neighbours.memory and not neighbours.acknowledged
    air.close()


def test_a_live_oximeter_gives_one_reading_not_thousands(home, clinic, tmp_path):
    wire = Wire(str(tmp_path / "oximeter"))
    home.start()
    for second in range(12):
        wire.send(nonin_format_8(96, 70, smartpoint=second >= 6))
        time.sleep(0.05)
    eventually(lambda: clinic.saturations() == [96])
    for _ in range(12):
        wire.send(nonin_format_8(0, 0, finger=False))
    time.sleep(1)
    assert clinic.saturations() == [96]
