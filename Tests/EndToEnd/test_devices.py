"""Devices as they are: clocks years off, values that mean nothing, lines that change hands, streams."""

import contextlib
import os
import sqlite3
import time
from datetime import datetime, timedelta

import pytest
from conftest import Daemon, eventually, measure
from far_ends import NAN, Nonin, Wire, blood_pressure, contec_live, date_time, nonin_format_8, nonin_format_13, sfloat

START = datetime(2026, 11, 20, 8, 0, 0)


def codes(resource: dict) -> set[str]:
    return {coding["code"] for coding in resource["code"]["coding"]}


def with_code(clinic, code: str) -> list[dict]:
    return [o for o in clinic.observations() if code in codes(o)]


def component(panel: dict, code: str) -> dict:
    return next(c for c in panel["component"] if code in codes(c))


def notes(observation: dict) -> str:
    return " ".join(note["text"] for note in observation.get("note", []))


# MARK: values


def test_a_malformed_value_is_kept_undecoded_and_the_others_go_on(home, clinic, cuff):
    confirmed_and_kept = []

    def look() -> None:
        with sqlite3.connect(f"file:{home.state}/journal?mode=ro", uri=True) as journal:
            confirmed_and_kept.append((len(cuff.acknowledged), *journal.execute("SELECT count(*) FROM reading").fetchone()))

    cuff.on_confirmation = look
    measure(cuff, 120)
    whole = blood_pressure(121, 80, 60, datetime(2019, 2, 2))
    # Reserved flags, too short for its flags, nothing at all; then one that is whole.
    broken = [bytes([0xF6]) + whole[1:], whole[:9], b"\x16"]
    cuff.memory += broken
    measure(cuff, 122)
    home.start()
    eventually(lambda: clinic.blood_pressures() == [(120, 80), (122, 80)])
    eventually(lambda: len(cuff.acknowledged) == 5)
    assert cuff.acknowledged[1:4] == broken
    # Whenever the cuff heard a confirmation, the reading was on the disk already.
    assert [confirmed for confirmed, _ in confirmed_and_kept] == [1, 2, 3, 4, 5]
    assert all(kept >= confirmed for confirmed, kept in confirmed_and_kept)
    assert home.status()["undecoded"] == 3
    assert [row["state"] for row in home.queue()] == ["undecoded"] * 3
    with sqlite3.connect(f"file:{home.state}/journal?mode=ro", uri=True) as journal:
        assert [row[0] for row in journal.execute("SELECT bytes FROM reading WHERE standing = 1 ORDER BY id")] == broken


def test_what_was_not_measured_says_so(home, clinic, cuff):
    """A cuff that failed sends NaN; the clinic must not take it for silence, or for zero."""
    when = date_time(datetime(2019, 2, 3, 8, 0, 0))
    cuff.memory.append(b"\x16" + sfloat(120) + NAN + NAN + when + sfloat(60) + b"\0\0")
    cuff.memory.append(b"\x16" + NAN * 3 + when[:-1] + b"\x09" + NAN + b"\0\0")
    home.start()
    panels = eventually(lambda: len(with_code(clinic, "150020")) == 2 and with_code(clinic, "150020"))
    assert component(panels[0], "150021")["valueQuantity"]["value"] == 120
    for panel, code in [(panels[0], "150022"), (panels[1], "150021"), (panels[1], "150022")]:
        absent = component(panel, code)
        assert "valueQuantity" not in absent
        assert absent["dataAbsentReason"]["coding"][0]["code"] == "not-a-number"
    [first, second] = with_code(clinic, "149546")
    assert first["valueQuantity"]["value"] == 60
    assert second["dataAbsentReason"]["coding"][0]["code"] == "not-a-number"
    assert len(cuff.acknowledged) == 2


def test_an_implausible_value_is_delivered_as_it_is_and_flagged(home, clinic, cuff):
    cuff.memory.append(blood_pressure(500, 80, 60, datetime(2019, 2, 3)))
    measure(cuff, 120)
    home.start()
    eventually(lambda: clinic.blood_pressures() == [(120, 80), (500, 80)])
    [odd, even] = with_code(clinic, "150020")
    assert "outside what the hub holds possible" in notes(odd)
    assert "outside what the hub holds possible" not in notes(even)


def test_readings_arrive_in_the_order_of_the_devices_memory(home, clinic, cuff):
    numbers = [100 + (37 * count) % 60 for count in range(60)]
    measure(cuff, *numbers)
    home.start()
    eventually(lambda: len(with_code(clinic, "150020")) == 60)
    arrived = [int(component(panel, "150021")["valueQuantity"]["value"]) for panel in with_code(clinic, "150020")]
    assert arrived == numbers


# MARK: time


def taken(observation: dict) -> float:
    return datetime.fromisoformat(observation["effectiveDateTime"]).timestamp()


@pytest.mark.parametrize("clock", [datetime(2008, 7, 1, 12, 0, 0), datetime(2041, 1, 1, 0, 0, 30)])
def test_a_cuff_whose_clock_is_years_off(home, clinic, cuff, clock):
    """Behind by years; ahead by years; in summer while it is winter here. Elapsed time is what counts."""
    ages = [timedelta(minutes=2), timedelta(hours=5), timedelta(days=3, hours=4, minutes=5, seconds=6), timedelta(days=60)]
    cuff.clock = clock
    wanted = {}
    for number, age in enumerate(reversed(ages)):
        wanted[100 + number] = age.total_seconds()
        cuff.memory.append(blood_pressure(100 + number, 80, 60, clock - age))
    begin = time.time()
    home.start()
    eventually(lambda: not cuff.memory)
    eventually(lambda: len(with_code(clinic, "150020")) == 4)
    end = time.time()
    panels = {component(p, "150021")["valueQuantity"]["value"]: p for p in with_code(clinic, "150020")}
    for systolic, age in wanted.items():
        if age < 30 * 86_400:
            # The device's clock shows whole seconds.
            assert begin - age - 2 <= taken(panels[systolic]) <= end - age + 2
            continue
        # Of so long before its clock was first read only the day is believed.
        assert "effectiveDateTime" not in panels[systolic]
        period = panels[systolic]["effectivePeriod"]
        start, stop = (datetime.fromisoformat(period[each]).timestamp() for each in ("start", "end"))
        assert start < begin - age < end - age < stop


def test_an_oximeter_whose_clock_is_years_off(home, clinic, tmp_path):
    clock = datetime(2012, 2, 29, 23, 59, 0)
    wire = Nonin(str(tmp_path / "oximeter"), clock)
    begin = time.time()
    home.start()
    wire.send(nonin_format_13(91, 70, clock - timedelta(days=2), stored=True))
    wire.send(nonin_format_13(92, 70, clock - timedelta(seconds=5)))
    eventually(lambda: clinic.saturations() == [91, 92])
    end = time.time()
    # What was measured now may come before what was stored.
    spots = sorted(with_code(clinic, "150456"), key=lambda spot: spot["valueQuantity"]["value"])
    for observation, age in zip(spots, [2 * 86_400, 5]):
        assert begin - age - 2 <= taken(observation) <= end - age + 2


def test_a_clock_that_cannot_be_read_bounds_the_reading_by_its_arrival(home, clinic, tmp_path):
    """This oximeter does not answer: nothing is guessed."""
    wire = Wire(str(tmp_path / "oximeter"))
    begin = time.time()
    home.start()
    wire.send(nonin_format_13(91, 70, START))
    eventually(lambda: clinic.saturations() == [91])
    [observation] = with_code(clinic, "150456")
    assert "effectiveDateTime" not in observation and "start" not in observation["effectivePeriod"]
    assert begin - 1 <= datetime.fromisoformat(observation["effectivePeriod"]["end"]).timestamp() <= time.time() + 1


# MARK: streams


def test_a_live_contec_at_sixty_frames_a_second_gives_one_reading(home, clinic, tmp_path):
    wire = Wire(str(tmp_path / "oximeter"))
    home.start()
    # Twenty seconds of a finger, and twelve without: 1920 frames.
    for second in range(20):
        wire.send(contec_live(94 if second < 10 else 97, 130 + second) * 60)
    eventually(lambda: "CMS50D+ claimed" in home.log)
    assert clinic.saturations() == []
    wire.send(contec_live(0, 0, finger=False) * 60 * 12)
    eventually(lambda: clinic.saturations() == [97])
    [pulse] = with_code(clinic, "149530")
    assert pulse["valueQuantity"]["value"] >= 140
    # A second wear is a second reading.
    for second in range(20):
        wire.send(contec_live(95, 70) * 60)
    wire.send(contec_live(0, 0, finger=False) * 60 * 12)
    eventually(lambda: clinic.saturations() == [95, 97])
    status = home.status()
    assert status["accepted"] == 2 and status["pending"] == status["undecoded"] == 0


def test_a_live_nonin_worn_for_ten_minutes_gives_a_spot_reading_and_a_summary(home, clinic, tmp_path):
    wire = Wire(str(tmp_path / "oximeter"))
    home.start()
    for second in range(600):
        wire.send(nonin_format_8(96 if second < 300 else 90, 300 if second == 200 else 70))
    for _ in range(10):
        wire.send(nonin_format_8(0, 0, finger=False))
    eventually(lambda: home.status().get("accepted") == 2)
    [spot, summary] = with_code(clinic, "150456")
    assert spot["valueQuantity"]["value"] == 96 and "component" in spot
    assert summary["valueQuantity"]["value"] == 93 and summary["code"]["text"] == "Average over the period"
    numbers = [c["valueQuantity"]["value"] for c in summary["component"] if "valueQuantity" in c]
    # Least, greatest, seconds observed, and the five minutes below 95 and below 92.
    assert {90, 96, 600, 300} <= set(numbers)
    assert home.status()["pending"] == 0


# MARK: lines


def test_a_line_that_is_silent_for_long_and_then_talks(home, clinic, tmp_path):
    wire = Nonin(str(tmp_path / "oximeter"), START)
    home.start()
    eventually(lambda: "appeared" in home.log)
    # Longer than all ways of listening take together.
    time.sleep(6)
    wire.send(nonin_format_13(97, 70, START))
    eventually(lambda: clinic.saturations() == [97])


def test_two_lines_and_each_is_understood_anew_after_another_device(home: Daemon, clinic, tmp_path):
    """On one line there was a stranger, on the other a live oximeter; then each carries spot checks."""
    home.set("Lines", f"{tmp_path}/oximeter {tmp_path}/second")
    first, second = Nonin(str(tmp_path / "oximeter"), START), Nonin(str(tmp_path / "second"), START)
    home.start()
    for _ in range(10):
        first.send(b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n")
        second.send(contec_live(97, 70) * 60)
    eventually(lambda: f"belongs to no known device; see the list of `vitalsd devices` [{tmp_path}/oximeter]" in home.log)
    eventually(lambda: "CMS50D+ claimed" in home.log)
    # Ten seconds of silence end the wear; on the other line the stranger is given a rest as long.
    eventually(lambda: "CMS50D+ visit over" in home.log)
    second.send(nonin_format_13(92, 70, START))
    first.send(nonin_format_13(91, 70, START))
    eventually(lambda: clinic.saturations() == [91, 92, 97])
    first.send(nonin_format_13(93, 70, START + timedelta(minutes=1)))
    second.send(nonin_format_13(94, 70, START + timedelta(minutes=2)))
    eventually(lambda: clinic.saturations() == [91, 92, 93, 94, 97])
    assert home.log.count("belongs to no known device") == 1


def test_the_far_end_vanishes_in_the_middle_of_a_frame(home, clinic, tmp_path):
    """The path stays, as when an adapter loses its power: no storm of openings, and no harm."""
    wire = Nonin(str(tmp_path / "oximeter"), START)
    home.start()
    wire.send(nonin_format_13(95, 70, START))
    eventually(lambda: clinic.saturations() == [95])
    wire.send(nonin_format_13(94, 70, START + timedelta(minutes=1))[:9])
    time.sleep(0.2)
    # The path leads to a number that no other test's line is given while this end of it is open. Whoever waits at the far end
    # keeps that open until something comes.
    os.close(wire.near)
    with contextlib.suppress(OSError):
        os.write(wire.far, b"\0")
    eventually(lambda: "is gone" in home.log)
    time.sleep(2)
    assert home.is_running and len(home.log.splitlines()) < 30
    wire.clean()
    os.close(wire.far)
    wire.plug()
    wire.send(nonin_format_13(92, 70, START + timedelta(minutes=2)))
    eventually(lambda: clinic.saturations() == [92, 95])


def test_a_configured_path_that_is_no_line(home, clinic, tmp_path):
    (tmp_path / "file").write_text("text")
    (tmp_path / "folder").mkdir()
    home.set("Lines", f"{tmp_path}/file {tmp_path}/folder /dev/null {tmp_path}/oximeter")
    wire = Nonin(str(tmp_path / "oximeter"), START)
    home.start()
    wire.send(nonin_format_13(95, 70, START))
    eventually(lambda: clinic.saturations() == [95])
    for path in (tmp_path / "file", tmp_path / "folder", "/dev/null"):
        eventually(lambda: f"hub: the configuration is wrong: {path} is no serial line" in home.log)
    assert (tmp_path / "file").read_text() == "text"
