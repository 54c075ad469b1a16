"""The whole line with real parts: far end → `vitalsd run` → TLS receiver."""

import json
import os
import pathlib
import subprocess
import time
from datetime import datetime, timedelta

from conftest import eventually, measure, settled
from far_ends import Air, Asked, Cuff, Nonin, Wire, blood_pressure, health_o_meter, nonin_format_8, nonin_format_13
from faults import DELAY, FAILURE, HALF, Faults

START = datetime(2026, 11, 20, 8, 0, 0)


def test_a_serial_oximeter_delivers_its_spot_checks(home, clinic, tmp_path):
    wire = Wire(str(tmp_path / "oximeter"))
    home.start()
    wire.send(nonin_format_13(97, 72, START))
    eventually(lambda: clinic.saturations() == [97])
    wire.send(nonin_format_13(93, 80, START + timedelta(hours=1)))
    eventually(lambda: clinic.saturations() == [93, 97])


def test_a_device_that_only_answers_is_asked_on_its_own_line_alone(home, clinic, tmp_path):
    captures = pathlib.Path(__file__).parent.parent / "DeviceTests" / "Captures"
    capture = captures / "contec-cms50-v7" / "stored-and-live.capture"
    other, wire = Asked(str(tmp_path / "other"), capture), Asked(str(tmp_path / "oximeter"), capture)
    home.set("Lines", f"{wire.path}=contec-cms50-v7 {other.path}")
    home.start()
    eventually(lambda: wire.asked)
    wire.is_on = other.is_on = True
    eventually(lambda: home.status().get("accepted", 0) >= 1, within=60)
    assert clinic.observations() and not other.asked
    # That it was switched off was no fault.
    said = [line for line in home.log.splitlines() if line.startswith("device: ")]
    assert "claimed, visit begins" in said[0]


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


def test_what_a_cable_says_between_two_visits_is_heard(home, clinic, cuff, tmp_path):
    """Somebody steps on the scale as the visit of the one before ends, and a slow card holds up what is to be written then."""
    faults, wire = Faults(tmp_path), Wire(str(tmp_path / "oximeter"))
    # What is unread in a cable's line when that is closed is gone.
    faults.fail("close", "line", HALF)
    home.start(env={**os.environ, **faults.environment})
    # However long the start takes.
    wire.send(health_o_meter("60.5"))
    eventually(lambda: 60.5 in clinic.weights())
    wire.send(health_o_meter("70.5"))
    sent = time.monotonic()
    eventually(lambda: 70.5 in clinic.weights())
    # Four seconds of silence end the visit. The journal is busy then, from before their end until after 81.5 has come.
    time.sleep(max(0.0, sent + 2 - time.monotonic()))
    visits = home.log.count("1100, 2000 series visit over")
    faults.fail("sync", "file", DELAY)
    measure(cuff, 120)
    eventually(lambda: faults.failed("sync", "file"))
    time.sleep(max(0.0, sent + 5 - time.monotonic()))
    assert home.log.count("1100, 2000 series visit over") == visits
    stood = time.time()
    wire.send(health_o_meter("81.5"))
    time.sleep(0.5)
    faults.heal()
    eventually(lambda: clinic.weights().keys() == {60.5, 70.5, 81.5})
    # Nobody was listening when it came.
    period = clinic.weights()[81.5]["effectivePeriod"]
    start, end = (datetime.fromisoformat(period[each]).timestamp() for each in ("start", "end"))
    assert start - 1 <= stood <= end + 1
    eventually(lambda: clinic.blood_pressures() == [(120, 80)])


def test_what_a_cable_says_while_a_slow_card_writes_is_of_then(home, clinic, tmp_path):
    """Two step on the scale, one behind the other."""
    faults, wire = Faults(tmp_path), Wire(str(tmp_path / "oximeter"))
    home.start(env={**os.environ, **faults.environment})
    wire.send(health_o_meter("70.5"))
    eventually(lambda: 70.5 in clinic.weights())
    faults.fail("sync", "file", DELAY)
    wire.send(health_o_meter("81.5"))
    eventually(lambda: wire.is_read() and faults.failed("sync", "file"))
    stood = time.time()
    wire.send(health_o_meter("92.5"))
    time.sleep(0.5)
    faults.heal()
    eventually(lambda: clinic.weights().keys() == {70.5, 81.5, 92.5})
    period = clinic.weights()[92.5]["effectivePeriod"]
    start, end = (datetime.fromisoformat(period[each]).timestamp() for each in ("start", "end"))
    assert start - 1 <= stood <= end + 1


def test_the_end_waits_for_a_slow_card(home, clinic, tmp_path):
    """A device that has told all it had has forgotten it. Each of its readings takes the card five seconds."""
    faults = Faults(tmp_path)
    wire = Nonin(str(tmp_path / "oximeter"), START + timedelta(hours=1))
    home.start(env={**os.environ, **faults.environment})
    wire.send(nonin_format_13(97, 70, START))
    eventually(lambda: clinic.saturations() == [97])
    faults.fail("sync", "file", DELAY)
    wire.send(nonin_format_13(91, 70, START) + nonin_format_13(92, 70, START + timedelta(minutes=1)))
    eventually(lambda: wire.is_read() and faults.failed("sync", "file"))
    assert home.stop(within=20) == 0
    faults.heal()
    home.start()
    eventually(lambda: clinic.saturations() == [91, 92, 97])


def test_what_fails_to_be_written_as_the_end_comes_is_tried_again(home, clinic, tmp_path):
    """It was being written before the last reserve was there for it."""
    faults = Faults(tmp_path)
    wire = Nonin(str(tmp_path / "oximeter"), START + timedelta(hours=1))
    home.start(env={**os.environ, **faults.environment})
    wire.send(nonin_format_13(97, 70, START))
    eventually(lambda: clinic.saturations() == [97])
    settled(home)
    faults.fail("sync", "file", FAILURE)
    wire.send(nonin_format_13(91, 70, START + timedelta(minutes=1)))
    eventually(lambda: wire.is_read() and faults.failed("sync", "file"))
    home.process.terminate()
    eventually(lambda: not (home.state / "reserve").exists())
    faults.heal()
    assert home.stop(within=20) == 0
    assert "hub: the disk fails" in home.log and "are lost" not in home.log
    home.start()
    eventually(lambda: clinic.saturations() == [91, 97])


def test_the_clinic_goes_away_and_comes_back(home, clinic, tmp_path):
    wire = Wire(str(tmp_path / "oximeter"))
    home.start()
    wire.send(nonin_format_13(97, 72, START))
    eventually(lambda: clinic.saturations() == [97])
    clinic.stop()
    for i in range(5):
        wire.send(nonin_format_13(90 + i, 70, START + timedelta(minutes=i + 1)))
    # The five and, where the clinic's own clock has dated the first one better by now, that one's amendment.
    eventually(lambda: home.status()["pending"] in (5, 6))
    eventually(lambda: "network: the clinic's address refuses connections" in home.log)
    clinic.start()
    eventually(lambda: clinic.saturations() == [90, 91, 92, 93, 94, 97], within=60)


def test_a_neighbours_cuff_is_heard_and_left_alone(home, clinic, tmp_path):
    ours, neighbours = Cuff("00:09:1F:00:00:01"), Cuff("00:09:1F:00:00:02")
    air = Air(str(tmp_path / "air"), [ours, neighbours])
    ours.memory.append(blood_pressure(120, 80, 60, ours.clock))
    neighbours.memory.append(blood_pressure(180, 110, 90, neighbours.clock))
    home.ask("bind", ours.address, "--with-memory")
    home.start()
    eventually(lambda: clinic.blood_pressures() == [(120, 80)])
    eventually(lambda: "bound to nobody; left alone" in home.log)
    assert neighbours.memory and not neighbours.acknowledged
    air.close()


def test_what_a_damaged_line_loses_is_counted(home, clinic, tmp_path):
    wire = Wire(str(tmp_path / "oximeter"))
    home.start()
    for second in range(12):
        if second in (4, 9):
            wire.send(b"\x12\x34\x56")
        wire.send(nonin_format_8(96, 70, smartpoint=second >= 6))
        time.sleep(0.05)
    eventually(lambda: clinic.saturations() == [96])
    [lost] = eventually(lambda: home.status()["lost"])
    assert (lost["gaps"], lost["bytes"]) == (2, 6) and "oximeter" in lost["device"]
    assert f"lost      {lost['device']}  6 bytes in 2 places belonged to no frame" in home.ask("status")


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


def test_what_comes_over_a_cable_that_was_bound_in_another_socket_is_nobodys(home, clinic, tmp_path):
    """Its adapter has no serial number: by its socket alone it is somebody else's, the home's patient's."""
    usb, library = tmp_path / "usb", tmp_path / "usb.so"
    usb.mkdir()
    for name, text in {"idVendor": "10c4", "idProduct": "ea60"}.items():
        (usb / name).write_text(text + "\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, pathlib.Path(__file__).parent / "usb.c"], check=True)
    start, identity = datetime(2026, 11, 20, 8), f"usb:10c4:ea60:{tmp_path}/oximeter"
    assert home.ask("bind", "usb:10c4:ea60:1-1.4:1.0", "--patient", "Patient/bo") == "bound\n"
    wire = Nonin(str(tmp_path / "oximeter"), start + timedelta(hours=1))
    home.start(env=os.environ | {"LD_PRELOAD": str(library), "HUB_USB": str(usb)})
    wire.send(nonin_format_13(97, 70, start))
    eventually(lambda: home.status()["unassigned"] == 1)
    assert f"pairing: the device is bound to nobody; bind it [{identity}]" in home.log
    assert clinic.saturations() == []
    assert home.ask("bind", identity, "--with-memory", "--patient", "Patient/bo") == "bound\n"
    wire.send(nonin_format_13(96, 70, start + timedelta(minutes=1)))
    eventually(lambda: clinic.saturations() == [96])


def test_a_cable_that_is_bound_is_told_of_once(home, clinic, tmp_path):
    wire, start = Nonin(str(tmp_path / "oximeter"), datetime(2026, 11, 20, 9)), datetime(2026, 11, 20, 8)
    assert home.ask("bind", f"line:{tmp_path}/oximeter", "--with-memory") == "bound\n"
    home.start()
    wire.send(nonin_format_13(97, 70, start))
    eventually(lambda: clinic.saturations() == [97])
    devices = json.loads(home.ask("diagnose", "--json"))["devices"]
    assert [device["address"] for device in devices] == [f"{tmp_path}/oximeter"], devices


def test_of_two_cables_with_one_identity_none_is_bound_and_nothing_is_the_bound_persons(home, clinic, tmp_path):
    """Adapters of one maker's that all have the same serial number."""
    usb, library = tmp_path / "usb", tmp_path / "usb.so"
    usb.mkdir()
    for name, text in {"idVendor": "10c4", "idProduct": "ea60", "serial": "0001"}.items():
        (usb / name).write_text(text + "\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, pathlib.Path(__file__).parent / "usb.c"], check=True)
    home.set("Lines", f"{tmp_path}/oximeter {tmp_path}/other")
    start, identity = datetime(2026, 11, 20, 8), "usb:10c4:ea60:0001"
    bind = ["bind", identity, "--with-memory", "--patient"]
    wire = Nonin(str(tmp_path / "oximeter"), start + timedelta(hours=1))
    home.start(env=os.environ | {"LD_PRELOAD": str(library), "HUB_USB": str(usb)})
    wire.send(nonin_format_13(97, 70, start))
    eventually(lambda: clinic.saturations() == [97])
    assert home.ask(*bind, "Patient/bo") == "bound\n"
    other = Nonin(str(tmp_path / "other"), start + timedelta(hours=1))
    words = f"hub: the serial lines {tmp_path}/other and {tmp_path}/oximeter show one and the same identity"
    eventually(lambda: words in home.log)
    refused = home.run(*bind, "Patient/eve")
    assert refused.returncode == 69 and f"vitalsd: {words}" in refused.stderr
    danish = home.run(*bind, "Patient/eve", "--lang", "da")
    assert danish.returncode == 69 and "To kabler ser ens ud" in danish.stderr
    findings = json.loads(home.ask("diagnose", "--json"))["findings"]
    assert len([each for each in findings if each["code"] == "hub.lines-alike"]) == 2
    other.send(nonin_format_13(95, 70, start + timedelta(minutes=1)))
    eventually(lambda: home.status()["unassigned"] == 1)
    other.unplug()
    eventually(lambda: f"{tmp_path}/other is gone" in home.log)
    wire.send(nonin_format_13(96, 70, start + timedelta(minutes=2)))
    eventually(lambda: clinic.saturations() == [96, 97])
    assert home.ask(*bind, "Patient/eve") == "bound\n"
