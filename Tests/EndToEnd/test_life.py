"""The sign of life: nothing measured, device not heard and hub offline are three things to the clinic, and what was agreed
and did not come is told as missing."""

import json
import pathlib
import sqlite3
import subprocess
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from conftest import VITALSD, eventually, measure
from far_ends import Wire, blood_pressure, nonin_format_8
from test_time import HubClock

LIFE = "urn:oid:2.25.30950630365466917062132239233202337957"
COPENHAGEN = ZoneInfo("Europe/Copenhagen")


def code(concept: dict | None) -> str | None:
    return next((c["code"] for c in (concept or {}).get("coding", []) if c["system"] == LIFE), None)


def parts(o: dict) -> dict:
    """Component values by code; None where one says why it has none."""
    return {
        code(part["code"]): next((value for key, value in part.items() if key.startswith("value")), None)
        for part in o["component"]
    }


def measure_now(cuff, systolic: int) -> None:
    """The cuff measures, by its own clock now."""
    shown = cuff.clock
    with cuff.lock:
        cuff.memory.append(blood_pressure(systolic, 80, 60, shown))


class Reader:
    """The clinic's side, as its page tells it to read."""

    def __init__(self, clinic):
        self.clinic = clinic

    def of(self, kind: str) -> list[dict]:
        return [o for o in self.clinic.observations() if code(o["code"]) == kind]

    @property
    def hub(self) -> dict | None:
        found = self.of("hub-status")
        assert len(found) <= 1, "one for each hub, whatever its age"
        return found[0] if found else None

    @property
    def device(self) -> dict:
        [found] = self.of("device-status")
        return found

    @property
    def state(self) -> str | None:
        """What a nurse wants to know of the cuff."""
        if self.hub is None:
            return None
        told, interval = datetime.fromisoformat(self.hub["effectiveDateTime"]), parts(self.hub)["interval"]["value"]
        if datetime.now(told.tzinfo) - told > timedelta(seconds=3 * interval):
            return "hub offline"
        return code(self.device.get("valueCodeableConcept")) or "unknown"


def listened(home, since: timedelta, to: str = "listening", boot: str | None = None) -> None:
    """The hub has listened for so long without a break, as a daemon that was restarted just now has it on disk."""
    wall, uptime = time.time(), time.clock_gettime(time.CLOCK_BOOTTIME)
    boot = boot or pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    with sqlite3.connect(home.state / "journal") as journal:
        moments = [wall - since.total_seconds(), wall, uptime - since.total_seconds(), uptime]
        words = "{} {} {boot} {} {}".format(*(round(moment * 1000) for moment in moments), boot=boot)
        journal.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (to, words))
    journal.close()


@pytest.fixture
def reader(home, clinic, cuff):
    home.set("Heartbeat", "1s")
    return Reader(clinic)


def test_not_heard_nothing_measured_measured_and_offline_are_told_apart(home, clinic, cuff, reader):
    listened(home, timedelta(days=3))
    home.start()
    eventually(lambda: reader.state == "not-heard")
    assert parts(reader.device)["last-contact"] is None and parts(reader.device)["last-reading"] is None
    # Somebody switches it on, and does not measure.
    cuff.is_on = True
    eventually(lambda: reader.state == "nothing-measured")
    assert parts(reader.device)["last-contact"] and parts(reader.device)["last-reading"] is None
    cuff.is_on = False
    measure(cuff, 120)
    eventually(lambda: clinic.blood_pressures() == [(120, 80)])
    home.stop()
    eventually(lambda: reader.state == "hub offline")
    # It says which device, by the name that its readings have, and nothing of a person or a value.
    [cuff_at_clinic] = [r for r in clinic.ask("_all")["resources"] if r["resourceType"] == "Device"
                        and any(i["value"] == "00-09-1F-00-00-01" for i in r["identifier"])]
    assert reader.device["focus"][0]["identifier"]["value"] in [i["value"] for i in cuff_at_clinic["identifier"]]
    assert "4711" not in str(reader.device) and "120" not in str(parts(reader.device))


def test_a_battery_is_no_measurement(home, clinic, cuff, reader):
    """Every visit begins with it, and it goes to the clinic; nobody has measured for that, and the device rests."""
    cuff.name = "Cuff"
    cuff.has_battery(80)
    cuff.is_on = True
    home.start()
    eventually(lambda: reader.state == "nothing-measured" and parts(reader.device)["battery"])
    assert parts(reader.device)["battery"]["value"] == 80 and parts(reader.device)["last-reading"] is None
    [battery] = [o for o in clinic.observations() if o["code"]["coding"][0]["code"] == "67996"]
    assert battery["valueQuantity"]["value"] == 80 and cuff.visits <= 2
    measure_now(cuff, 120)
    eventually(lambda: clinic.blood_pressures() == [(120, 80)])
    eventually(lambda: reader.state == "measured")


@pytest.fixture
def cable(home, clinic):
    """The clinic's side, of a hub with no radio that is bound to nobody."""
    home.set("Heartbeat", "1s")
    home.set("Air", None)
    home.add("[Bluetooth]\nAdapter=none")
    home.start()
    eventually(lambda: home.status().get("running"))
    return Reader(clinic)


def speaks(wire: Wire, until) -> None:
    """An oximeter without a finger: it speaks, and measures nothing."""
    eventually(lambda: wire.send(nonin_format_8(0, 0, finger=False)) or until(), every=0.1)


def test_a_device_on_a_cable_is_told_apart_without_being_bound(home, clinic, cable, tmp_path):
    """Its state hangs on the lines, not on the radio, which this hub has not."""
    assert cable.of("device-status") == []
    wire = Wire(str(tmp_path / "oximeter"))
    speaks(wire, lambda: cable.of("device-status"))
    eventually(lambda: cable.state == "nothing-measured")
    assert cable.device["focus"][0]["identifier"]["system"] == "urn:ietf:rfc:3986"
    contact = parts(cable.device)["last-contact"]
    assert parts(cable.device)["last-reading"] is None and "overdue" not in parts(cable.device)
    # It speaks on, in the same visit: the last contact moves.
    speaks(wire, lambda: parts(cable.device)["last-contact"] > contact)
    for _ in range(8):
        wire.send(nonin_format_8(97, 64, smartpoint=True))
    eventually(lambda: cable.state == "measured")
    wire.unplug()
    eventually(lambda: clinic.saturations())
    [told] = home.status()["bound"]
    assert told["device"].startswith("line:") and told["bound"] is False and told["measured"]
    home.stop()
    # A day and more later: the hub ran all the time, and the cable was in a drawer.
    with sqlite3.connect(home.state / "journal") as journal:
        journal.execute("UPDATE contact SET wall = wall - 100000000, boot = 'another'")
        journal.execute("UPDATE reading SET wall = wall - 100000000, at = at - 100000000, seal = 0")
        journal.execute("DELETE FROM dating")
    journal.close()
    listened(home, timedelta(days=3), "listening-lines")
    home.start()
    eventually(lambda: cable.state == "not-heard")
    home.stop()
    eventually(lambda: cable.state == "hub offline")


def test_what_was_agreed_of_a_device_on_a_cable_is_overdue(home, clinic, cable, tmp_path):
    wire = Wire(str(tmp_path / "oximeter"))
    speaks(wire, lambda: cable.of("device-status"))
    [known] = home.status()["bound"]
    assert home.ask("bind", known["device"], "--schedule", "daily 12-13") == "bound\n"
    eventually(lambda: parts(cable.device).get("schedule") == "daily 12-13")
    assert parts(cable.device)["overdue"] is False
    with sqlite3.connect(home.state / "journal") as journal:
        journal.execute("UPDATE binding SET agreed = agreed - 300000000")
    journal.close()
    eventually(lambda: parts(cable.device)["overdue"] is True)
    wire.unplug()
    assert home.ask("unbind", known["device"]) == "unbound\n"
    eventually(lambda: "schedule" not in parts(cable.device))


def test_what_could_not_be_read_is_told(home, cuff, reader):
    """The cuff is there and answers nothing: that is no "nothing measured"."""
    cuff.is_stuck = True
    home.start()
    eventually(lambda: reader.state == "not-read", within=60)


def test_a_device_that_is_heard_and_takes_no_connection_is_not_read(home, cuff, reader):
    """What it said when it was last asked says nothing of what is in it now."""
    cuff.is_on = True
    home.start()
    eventually(lambda: reader.state == "nothing-measured")
    cuff.air.refuse()
    eventually(lambda: reader.state == "not-read", within=60)


def test_what_could_not_be_decoded_is_told(home, clinic, cuff, reader):
    """As of new firmware: it is kept and confirmed, the visit ends well, and it may have been a measurement."""
    whole = blood_pressure(121, 80, 60, datetime(2019, 2, 2))
    with cuff.lock:
        cuff.memory += [bytes([0xF6]) + whole[1:], whole[:9]]
    home.start()
    eventually(lambda: len(cuff.acknowledged) == 2)
    eventually(lambda: reader.state == "not-read")
    assert parts(reader.device)["last-reading"] is None
    # Once for the visit, however much of it there was; and nothing of what it was.
    [line] = [each for each in home.log.splitlines() if "vitalsd record" in each]
    assert cuff.address in line and whole[:9].hex() not in line
    measure_now(cuff, 122)
    eventually(lambda: reader.state == "measured")


def test_a_hub_that_has_just_begun_to_listen_claims_nothing(home, reader):
    home.start()
    eventually(lambda: reader.state == "unknown")
    assert parts(reader.hub)["radio"]["coding"][0]["code"] == "working"
    assert parts(reader.hub)["queue-length"] == 0


def test_what_was_before_a_night_without_power_is_not_listened_to(home, reader, tmp_path):
    """A hub without a clock of its own wakes up as if it had been off for a moment, and learns later that it was for days."""
    clock = HubClock(tmp_path)
    listened(home, timedelta(days=3), boot="another")
    home.start(env=clock.environment)
    eventually(lambda: reader.state == "unknown")
    clock.set(2 * 86_400, kept=True)
    eventually(lambda: code(parts(reader.hub)["clock"]) == "synchronised")
    assert reader.state == "unknown"
    since = datetime.fromisoformat(parts(reader.hub)["listening-since"])
    assert since > datetime.now(since.tzinfo) + timedelta(days=1)


def test_what_was_before_a_short_boot_goes_on(home, reader, tmp_path):
    clock = HubClock(tmp_path)
    listened(home, timedelta(days=3), boot="another")
    home.start(env=clock.environment)
    eventually(lambda: reader.state == "unknown")
    clock.set(0, kept=True)
    eventually(lambda: reader.state == "not-heard")


def test_a_hub_whose_clock_nobody_keeps_tells_by_the_clinics(home, clinic, cuff, reader, tmp_path):
    """Three days off, and ahead: one that is behind finds the clinic's certificate not valid yet. What somebody measures now
    lies before the day that its own clock would look back on."""
    clock = HubClock(tmp_path)
    clock.set(3 * 86_400, kept=False)
    assert home.ask("bind", cuff.address, "--schedule", "daily 00-24") == "bound\n"
    home.start(env=clock.environment)
    measure_now(cuff, 120)
    eventually(lambda: clinic.blood_pressures() == [(120, 80)])

    def is_right() -> bool:
        told = datetime.fromisoformat(reader.hub["effectiveDateTime"])
        return abs(told - datetime.now(told.tzinfo)) < timedelta(minutes=1)

    eventually(lambda: reader.hub and is_right())
    eventually(lambda: reader.state == "measured" and parts(reader.device)["overdue"] is False)
    # What the kernel says of its clock stays what it is, and so does how far that is off.
    assert code(parts(reader.hub)["clock"]) == "unsynchronised"
    assert abs(parts(reader.hub)["clock-ahead"]["value"] - 3 * 86_400) < 60
    run = subprocess.run([VITALSD, "status", "--json", "--configuration", home.file], env=clock.environment,
                         capture_output=True, text=True, check=True)
    [bound] = json.loads(run.stdout)["bound"]
    assert abs(datetime.fromisoformat(bound["heard"]) - datetime.now().astimezone()) < timedelta(minutes=5)


def test_since_when_the_oldest_waits_is_told_by_the_corrected_clock(home, clinic, cuff, reader, tmp_path):
    """Three days ahead, and nobody keeps it: by the hub's own clock of then the reading would wait for what is to come."""
    clock = HubClock(tmp_path)
    clock.set(3 * 86_400, kept=False)
    # What makes the clinic stumble is left behind, after pauses that are short here.
    home.add("[Simulation]\nHaste=900")
    clinic.fault("poison", identifier=f"-150020-{602_294_400 + 60}", status=500)
    home.start(env=clock.environment)
    measure(cuff, 120, 121)
    eventually(lambda: clinic.blood_pressures() == [(121, 80)], within=60)
    eventually(lambda: reader.hub and parts(reader.hub)["queue-length"] == 1, within=60)

    def is_right() -> bool:
        oldest = parts(reader.hub)["queue-oldest"]
        return oldest and abs(datetime.fromisoformat(oldest) - datetime.now().astimezone()) < timedelta(minutes=2)

    eventually(is_right)


def test_a_contact_outlives_the_daemon(home, cuff, reader):
    cuff.is_on = True
    home.start()
    eventually(lambda: reader.state == "nothing-measured")
    cuff.is_on = False
    before = parts(reader.device)["last-contact"]
    # What was heard since the last sign of life may be lost by a kill; what was told is on disk.
    home.kill()
    home.start()
    told = reader.hub["effectiveDateTime"]
    eventually(lambda: reader.hub["effectiveDateTime"] != told)
    assert parts(reader.device)["last-contact"] >= before[:19]
    eventually(lambda: reader.state == "nothing-measured")


def test_what_becomes_of_it_changes_nothing_for_the_readings(home, clinic, cuff, reader):
    clinic.fault("status", status=503, retryAfter="3600")
    home.start()
    eventually(lambda: "sign of life" in home.log)
    measure(cuff, 120, 121)
    eventually(lambda: clinic.blood_pressures() == [(120, 80), (121, 80)])
    assert home.status()["daemon"]["fault"] is None
    # The clinic has asked for an hour, and gets it; a reload is no reason.
    assert reader.hub is None
    assert home.status()["daemon"]["clinics"]["clinic"]["signOfLife"]["fault"].startswith("clinic: the clinic is busy (503)")


def test_what_waits_and_what_was_refused_is_counted(home, clinic, cuff, reader):
    clinic.fault("poison", identifier=f"-150020-{602_294_400 + 60}")
    home.start()
    measure(cuff, 120, 121)
    eventually(lambda: clinic.blood_pressures() == [(121, 80)])
    eventually(lambda: reader.hub and parts(reader.hub)["quarantine"] == 1)
    assert parts(reader.hub)["queue-length"] == 0 and parts(reader.hub)["queue-oldest"] is None


def test_what_was_agreed_and_did_not_come_is_told_as_missing(home, clinic, cuff, reader, tmp_path):
    clock = HubClock(tmp_path)
    assert home.ask("bind", cuff.address, "--schedule", "daily 12-13") == "bound\n"
    home.start(env=clock.environment)
    eventually(lambda: reader.hub and parts(reader.device)["schedule"] == "daily 12-13")
    # The day after tomorrow, before noon: tomorrow's was missed, whatever the time is now.
    now = datetime.now(COPENHAGEN)
    noon = (now + timedelta(days=2)).replace(hour=12, minute=0, second=0, microsecond=0)
    clock.set((noon - timedelta(minutes=30)).timestamp() - time.time(), kept=True)
    eventually(lambda: parts(reader.device)["overdue"] is True)
    told = parts(reader.device)
    assert datetime.fromisoformat(told["next-expected"]["start"]) == noon
    assert datetime.fromisoformat(told["next-expected"]["end"]) == noon + timedelta(hours=1)
    yesterday = (noon - timedelta(days=1)).replace(tzinfo=None).replace(tzinfo=COPENHAGEN)
    assert datetime.fromisoformat(told["missed"]["start"]) == yesterday
    # It comes late: at once nothing is overdue.
    measure_now(cuff, 118)
    eventually(lambda: clinic.blood_pressures() == [(118, 80)])
    eventually(lambda: parts(reader.device)["overdue"] is False)


def test_status_tells_a_technician_the_same(home, cuff):
    assert home.ask("bind", cuff.address, "--schedule", "twice a day") == "bound\n"
    [bound] = home.status()["bound"]
    assert bound["schedule"] == "twice a day" and bound["overdue"] is False and bound["heard"] is None
    assert "never heard, nothing measured, twice a day, next by" in home.ask("status")
    # What was agreed stays when the same person's device is bound again, and goes when it is said so.
    home.ask("bind", cuff.address)
    assert home.status()["bound"][0]["schedule"] == "twice a day"
    home.ask("bind", cuff.address, "--schedule", "none")
    assert home.status()["bound"][0]["schedule"] is None
    # Once it has been heard that is said at once, however seldom what is heard goes to disk.
    home.start()
    measure(cuff, 120)
    eventually(lambda: home.status()["bound"][0]["heard"], within=60)
    assert "never heard" not in home.ask("status")
    refused = home.run("bind", cuff.address, "--schedule", "Mon 10-08")
    assert refused.returncode == 64 and "10-08 ends before it begins" in refused.stderr
