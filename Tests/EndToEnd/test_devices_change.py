"""Devices and hubs live on with another firmware, and the clinic knows them as they are now: a conditional update, apart from
readings and never in their way."""

import json
import sqlite3
import urllib.parse

import pytest

from conftest import eventually, measure

FIRMWARE, SOFTWARE = "531976", "531975"


def device(clinic, address: str) -> dict:
    """The one Device with this address, or None; a double would stand twice."""
    found = [r for r in clinic.ask("_all")["resources"] if r["resourceType"] == "Device"
             and any(i["value"] == address for i in r["identifier"])]
    assert len(found) <= 1
    return found[0] if found else {}


def version(resource: dict, kind: str) -> str | None:
    return next((v["value"] for v in resource.get("version", []) if v["type"]["coding"][0]["code"] == kind), None)


def updates(clinic) -> int:
    return clinic.ask("_counts").get("updates", 0)


@pytest.fixture
def known(home, clinic, cuff):
    """The clinic knows the cuff with its first firmware."""
    cuff.tell(manufacturer="A&D Medical", model="UA-651BLE", serial="5130150001", firmware="BLP006_d0")
    home.start()
    measure(cuff, 120)
    eventually(lambda: clinic.blood_pressures() == [(120, 80)])
    assert version(device(clinic, "00-09-1F-00-00-01"), FIRMWARE) == "BLP006_d0"
    return cuff


def test_a_device_with_another_firmware_is_updated_once(home, clinic, known):
    before = device(clinic, "00-09-1F-00-00-01")
    assert updates(clinic) == 0, "what was created just now is not told again"
    known.tell(manufacturer="A&D Medical", model="UA-651BLE", serial="5130150001", firmware="BLP006_e1")
    measure(known, 121)
    eventually(lambda: version(device(clinic, "00-09-1F-00-00-01"), FIRMWARE) == "BLP006_e1")
    after = device(clinic, "00-09-1F-00-00-01")
    # The same resource in another version: readings go on referring to it, and nothing else of it has changed.
    assert after["id"] == before["id"]
    assert {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)} == {"version"}
    former = [r for r in clinic.ask("_former")["resources"] if r["resourceType"] == "Device"]
    assert [version(r, FIRMWARE) for r in former] == ["BLP006_d0"]
    # Told once: neither the next reading nor the next start tells it again.
    measure(known, 122)
    eventually(lambda: len(clinic.blood_pressures()) == 3)
    home.stop()
    home.start()
    measure(known, 123)
    eventually(lambda: clinic.blood_pressures() == [(120, 80), (121, 80), (122, 80), (123, 80)])
    assert updates(clinic) == 1


@pytest.mark.parametrize("status", [405, 501])
def test_a_clinic_that_takes_no_update_gets_readings_all_the_same(home, clinic, known, status):
    """It is said once, and asked once; no reading waits for it."""
    clinic.fault("update", status=status, times=-1)
    known.tell(model="UA-651BLE", firmware="BLP006_e1")
    measure(known, 121, 122)
    eventually(lambda: clinic.blood_pressures() == [(120, 80), (121, 80), (122, 80)])
    eventually(lambda: "what has changed of a device" in home.log)
    measure(known, 123)
    eventually(lambda: len(clinic.blood_pressures()) == 4)
    assert updates(clinic) == 1 and home.status()["daemon"]["fault"] is None
    assert version(device(clinic, "00-09-1F-00-00-01"), FIRMWARE) == "BLP006_d0"


def test_an_update_whose_answer_is_lost_is_told_again_with_the_next_reading(home, clinic, known):
    # libcurl itself tries a kept connection that dies once more.
    clinic.fault("update", times=2)
    known.tell(model="UA-651BLE", firmware="BLP006_e1")
    measure(known, 121)
    eventually(lambda: updates(clinic) == 2 and "what has changed of a device" in home.log)
    measure(known, 122)
    eventually(lambda: updates(clinic) == 3)
    eventually(lambda: clinic.blood_pressures() == [(120, 80), (121, 80), (122, 80)])
    assert version(device(clinic, "00-09-1F-00-00-01"), FIRMWARE) == "BLP006_e1"


def test_a_clinic_that_fails_at_updates_is_not_asked_with_every_reading(home, clinic, known):
    clinic.fault("update", status=500, times=-1)
    known.tell(model="UA-651BLE", firmware="BLP006_e1")
    for systolic in range(121, 131):
        measure(known, systolic)
        eventually(lambda: (systolic, 80) in clinic.blood_pressures())
    # At once, with the next reading, and in half an hour.
    assert updates(clinic) == 2
    clinic.heal()
    home.reload()
    measure(known, 131)
    eventually(lambda: version(device(clinic, "00-09-1F-00-00-01"), FIRMWARE) == "BLP006_e1")


def test_a_hub_with_another_version_is_updated(home, clinic, cuff):
    """As an upgrade finds it: the journal and the clinic know the hub by the version before."""
    home.start()
    measure(cuff, 120)
    eventually(lambda: clinic.blood_pressures() == [(120, 80)])
    [hub] = [r for r in clinic.ask("_all")["resources"] if version(r, SOFTWARE)]
    now = version(hub, SOFTWARE)
    [row] = eventually(lambda: told(home, hub))
    assert now in row[1].split("|")
    home.stop()
    with sqlite3.connect(home.state / "journal") as journal:
        journal.execute("UPDATE meta SET value = ? WHERE key = ?", (row[1].replace(now, "0.0.9"), row[0]))
    journal.close()
    clinic.stop()
    with sqlite3.connect(clinic.folder / "clinic.sqlite") as store:
        older = json.dumps(hub).replace(json.dumps(now), '"0.0.9"')
        store.execute("UPDATE resource SET body = ? WHERE id = ?", (older, int(hub["id"])))
    store.close()
    clinic.start()
    home.start()
    measure(cuff, 121)
    name = hub["identifier"][0]["value"]
    eventually(lambda: version(device(clinic, name), SOFTWARE) == now)
    assert updates(clinic) == 1 and device(clinic, name) == hub
    assert [version(r, SOFTWARE) for r in clinic.ask("_former")["resources"] if r["resourceType"] == "Device"] == ["0.0.9"]
    eventually(lambda: clinic.blood_pressures() == [(120, 80), (121, 80)])


def told(home, hub: dict) -> list:
    """What the journal has noted that the clinic knows of the hub."""
    value = urllib.parse.quote(hub["identifier"][0]["value"])
    with sqlite3.connect(f"file:{home.state}/journal?mode=ro", uri=True) as journal:
        return journal.execute("SELECT key, value FROM meta WHERE key LIKE ?", (f"device % Device?%{value}",)).fetchall()
