"""When it was taken, as the clinic hears of it: hubs that do not know the time, and what they learn later."""

import os
import pathlib
import subprocess
import time
from datetime import datetime, timedelta, timezone

import pytest

from conftest import eventually
from far_ends import blood_pressure

HERE = pathlib.Path(__file__).parent
# The cuff's own clock as it is read, and the stamp of a record ten minutes and twenty-three seconds older.
SHOWN, STAMP = datetime(2021, 3, 1, 12, 0, 30), datetime(2021, 3, 1, 11, 50, 7)
AGE = SHOWN - STAMP


class HubClock:
    """The daemon's wall clock and the kernel's word for it; nobody else's."""

    def __init__(self, folder: pathlib.Path):
        self.file, library = folder / "clock", folder / "clock.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, HERE / "clock.c"], check=True)
        self.environment = os.environ | {"LD_PRELOAD": str(library), "HUB_CLOCK": str(self.file)}
        self.set(0, kept=False)

    def set(self, off: float, kept: bool) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(f"{round(off)} {int(kept)}\n")
        new.rename(self.file)


@pytest.fixture
def clock(tmp_path, cuff):
    cuff.clock = SHOWN
    return HubClock(tmp_path)


def remember(cuff, systolic: int, stamp: datetime = STAMP) -> None:
    with cuff.lock:
        cuff.memory.append(blood_pressure(systolic, 80, 60, stamp))


def panels(resources: list[dict]) -> list[dict]:
    return [each for each in resources if each["resourceType"] == "Observation" and each["code"]["coding"][0]["code"] == "150020"]


def taken(panel: dict) -> datetime:
    return datetime.fromisoformat(panel["effectiveDateTime"])


def is_near(moment: datetime, wanted: datetime) -> bool:
    return abs(moment - wanted) < timedelta(seconds=20)


def test_what_a_hub_told_with_a_wrong_clock_is_amended_when_it_hears_the_time(home, clinic, cuff, clock):
    # Ahead: a clock that is behind finds the clinic's certificate not valid yet, and tells nothing.
    clock.set(7200, kept=False)
    home.start(env=clock.environment)
    remember(cuff, 131)
    truth = datetime.now(timezone.utc) - AGE
    eventually(lambda: clinic.blood_pressures() == [(131, 80)])
    # The clinic's own clock comes with its answer, and nothing else tells this hub the time.
    eventually(lambda: is_near(taken(panels(clinic.observations())[0]), truth))
    former = panels(clinic.ask("_former")["resources"])
    assert len(former) == 1 and is_near(taken(former[0]), truth + timedelta(hours=2))
    # The same observation, not another: as many as there were, and each knows whose it is.
    assert clinic.blood_pressures() == [(131, 80)]
    assert panels(clinic.observations())[0]["id"] == former[0]["id"]
    assert panels(clinic.observations())[0]["identifier"] == former[0]["identifier"]
    assert any("not synchronised" in note["text"] for note in former[0]["note"])
    assert "note" not in panels(clinic.observations())[0]
    # And once is enough: what comes later is right from the start.
    remember(cuff, 132, STAMP + timedelta(minutes=5))
    eventually(lambda: clinic.blood_pressures() == [(131, 80), (132, 80)])
    assert len(panels(clinic.ask("_former")["resources"])) == 1
    second = next(panel for panel in panels(clinic.observations()) if panel["id"] != former[0]["id"])
    assert is_near(taken(second), truth + timedelta(minutes=5))


def test_an_amendment_that_is_refused_stands_in_the_queue_and_goes_by_hand(home, clinic, cuff, clock):
    clock.set(7200, kept=False)
    clinic.fault("poison", identifier="", method="PUT")
    home.start(env=clock.environment)
    remember(cuff, 136)
    truth = datetime.now(timezone.utc) - AGE
    eventually(lambda: clinic.blood_pressures() == [(136, 80)])
    # Refused alone, it is set aside when another is taken.
    remember(cuff, 137, STAMP + timedelta(minutes=5))
    eventually(lambda: home.status()["refused"] == 1 and home.status()["pending"] == 0)
    assert clinic.blood_pressures() == [(136, 80), (137, 80)]
    [row] = home.queue()
    assert row["id"] == 1 and row["state"] == "refused"
    assert "its better time was not taken" in row["fault"] and "422 invariant" in row["fault"]
    assert "its better time was not taken" in home.ask("queue")
    clinic.heal()
    assert home.ask("queue", "retry", "1") == "1 will be sent again\n"
    eventually(lambda: home.ask("queue") == "nothing waits\n")
    first = next(panel for panel in panels(clinic.observations()) if panel["component"][0]["valueQuantity"]["value"] == 136)
    assert is_near(taken(first), truth)
    assert clinic.blood_pressures() == [(136, 80), (137, 80)]


@pytest.mark.parametrize("status", [401, 422, 503])
def test_a_clinic_that_takes_nothing_tells_the_time_as_well(home, clinic, cuff, clock, status):
    clock.set(7200, kept=False)
    clinic.fault("status", status=status, times=-1)
    home.start(env=clock.environment)
    remember(cuff, 138)
    truth = datetime.now(timezone.utc) - AGE
    eventually(lambda: "1 readings dated anew" in home.log)
    assert clinic.blood_pressures() == []
    clinic.heal()
    home.reload()
    eventually(lambda: clinic.blood_pressures() == [(138, 80)])
    # A refusal is packed anew, right from the first time on. What a 503 leaves unknown goes again byte for byte, and is
    # then amended.
    eventually(lambda: is_near(taken(panels(clinic.observations())[0]), truth))
    assert status == 503 or not panels(clinic.ask("_former")["resources"])


def test_what_the_clinic_has_of_it_is_amended_though_another_device_was_wiped_meanwhile(home, clinic, cuff, clock):
    """The reading was taken, as of a wrong time, and the answer lost: it goes once more, and the clinic keeps what it has."""
    clock.set(7200, kept=False)
    other = "00:09:1F:00:00:09"
    assert home.ask("bind", other) == "bound\n"
    clinic.fault("lost")
    clinic.fault("status", status=503, times=-1)
    home.start(env=clock.environment)
    remember(cuff, 139)
    truth = datetime.now(timezone.utc) - AGE
    eventually(lambda: "1 readings dated anew" in home.log)
    assert is_near(taken(panels(clinic.observations())[0]), truth + timedelta(hours=2))
    home.ask("unbind", other, "--wipe")
    clinic.heal()
    home.reload()
    eventually(lambda: home.status()["pending"] == 0)
    eventually(lambda: is_near(taken(panels(clinic.observations())[0]), truth))
    assert clinic.blood_pressures() == [(139, 80)]


def test_what_is_told_again_in_parts_after_a_start_has_the_times_that_are_known(home, clinic, cuff, clock):
    """The hub heard it before it knew the time, and nobody knows whether the clinic did."""
    clock.set(600 - time.time(), kept=False)
    home.start(env=clock.environment)
    remember(cuff, 140)
    # Neither is live: they go in one bundle.
    remember(cuff, 141, STAMP - timedelta(minutes=1))
    eventually(lambda: not cuff.memory)
    clinic.fault("cut-after", times=-1)
    clock.set(0, kept=True)
    eventually(lambda: clinic.transactions > 0, 60)
    home.kill()
    clinic.heal()
    clinic.fault("status", status=413)
    home.start(env=clock.environment)
    eventually(lambda: clinic.blood_pressures() == [(140, 80), (141, 80)], 60)
    # The readings themselves are told as they were told first, and then amended.
    eventually(lambda: not [o for o in clinic.observations() if o.get("effectiveDateTime", "2026") < "2000"])


def test_what_was_taken_before_the_hub_knew_the_time_is_dated_and_delivered_when_it_does(home, clinic, cuff, clock):
    clock.set(600 - time.time(), kept=False)
    home.start(env=clock.environment)
    remember(cuff, 133)
    truth = datetime.now(timezone.utc) - AGE
    eventually(lambda: len(home.queue()) == 1)
    # In 1970 nobody is told anything.
    assert clinic.transactions == 0
    clock.set(0, kept=True)
    remember(cuff, 134, STAMP + timedelta(minutes=5))
    eventually(lambda: clinic.blood_pressures() == [(133, 80), (134, 80)], within=90)
    first = next(panel for panel in panels(clinic.observations()) if panel["component"][0]["valueQuantity"]["value"] == 133)
    assert is_near(taken(first), truth)
    assert "note" not in first


def test_a_technician_is_told_how_a_time_was_concluded(home, clinic, cuff, clock):
    clock.set(0, kept=True)
    home.start(env=clock.environment)
    remember(cuff, 135)
    eventually(lambda: clinic.blood_pressures() == [(135, 80)])
    words = home.ask("explain", "1")
    assert "The device stamped it 2021-03-01T11:50:07." in words
    assert "The device's clock was read as 2021-03-01T12:0" in words
    assert "135" not in words and "Patient" not in words
    # Years behind, as whoever stands before it can see.
    assert "s behind" in next(line for line in home.ask("status").splitlines() if line.startswith("clock"))
    assert home.status()["clocks"][0]["secondsAhead"] < -100_000_000
    # Each visit's own finding, before the hub set the clock.
    found = home.status()["clocks"][0]["findings"]
    assert found and found[0]["secondsAhead"] < -100_000_000
    nothing = home.run("explain", "77")
    assert nothing.returncode != 0 and "there is no reading 77" in nothing.stderr
