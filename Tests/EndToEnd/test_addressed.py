"""What is told to whom: after new settings, a new start, and of what is refused or lost again and again."""

import collections
import time
from datetime import datetime

import pytest
from conftest import eventually, measure
from far_ends import Air, Cuff, blood_pressure
from test_clinic import poison
from test_delivery import research, second, systolics  # noqa: F401
from test_live import old_and_new  # noqa: F401

PARTICIPANT = "[Patient research]\nReference=Patient/participant-9"


def subjects(place) -> set[str]:
    return {o["subject"]["reference"] for o in place.observations() if "150020" in str(o["code"])}


def change(home, old: str, new: str) -> None:
    home.file.write_text(home.file.read_text().replace(old, new))


def remember(home, clinic, cuff, *systolic: int) -> None:
    """The hub has these and no clinic has, and neither of the two tries at present."""
    clinic.stop()
    home.start()
    measure(cuff, *systolic)
    eventually(lambda: not cuff.memory)
    home.stop()
    clinic.start()


@pytest.fixture
def cuffs(home, tmp_path, request):
    """Three of them, bound."""
    cuffs = [Cuff(f"00:09:1F:00:00:0{number}", clock=datetime(2019, 3, 1)) for number in (1, 2, 3)]
    air = Air(str(tmp_path / "air"), cuffs)
    for cuff in cuffs:
        assert home.ask("bind", cuff.address, "--with-memory") == "bound\n"
    yield cuffs
    air.close()


def test_a_device_that_is_there_twice_holds_up_no_other(home, clinic, cuffs):
    """Whatever names it is refused with 412. Its readings wait for the clinic, and go once that is mended; however many they are,
    one of them asks."""
    home.add("[Simulation]\nHaste=300")
    home.start()
    for number, cuff in enumerate(cuffs):
        measure(cuff, 100 + number)
    eventually(lambda: systolics(clinic) == [100, 101, 102])
    clinic.ask("_double", {"type": "Device", "identifier": "00-09-1F-00-00-01"})
    clinic.stop()
    measure(cuffs[0], *range(110, 120))
    measure(cuffs[1], *range(120, 130))
    eventually(lambda: not cuffs[0].memory and not cuffs[1].memory)
    clinic.start()
    home.reload()
    eventually(lambda: set(systolics(clinic)) >= set(range(120, 130)), 60)
    measure(cuffs[2], 130)
    eventually(lambda: 130 in systolics(clinic), 60)
    assert not set(systolics(clinic)) & set(range(110, 120))
    eventually(lambda: "the clinic has the same Device more than once; tell the clinic" in home.log)
    assert home.status()["refused"] == 0 and home.status()["pending"] == 10
    before = clinic.transactions
    measure(cuffs[2], 131)
    eventually(lambda: 131 in systolics(clinic), 60)
    # A quarter of an hour is 3 s here: a question or two in each, not ten.
    time.sleep(9)
    assert before < clinic.transactions <= before + 30
    clinic.ask("_undouble", {})
    eventually(lambda: set(systolics(clinic)) >= set(range(110, 120)), 60)
    eventually(lambda: home.status()["pending"] == 0)
    assert sorted(systolics(clinic)) == [100, 101, 102, *range(110, 132)]


@pytest.mark.parametrize("heartbeat", ["900", "infinity"])
def test_what_is_forbidden_alone_holds_up_nothing(home, clinic, cuff, heartbeat):
    """403 for one reading is not 403 for the hub."""
    home.add("[Simulation]\nHaste=300")
    home.set("Heartbeat", heartbeat)
    remember(home, clinic, cuff, *range(100, 120))
    poison(clinic, 8, status=403)
    home.start()
    others = [systolic for systolic in range(100, 120) if systolic != 107]
    eventually(lambda: systolics(clinic) == others, 10)
    measure(cuff, 120)
    eventually(lambda: systolics(clinic) == [*others, 120], 10)
    assert home.status()["refused"] == 0 and home.status()["pending"] == 1
    assert "the clinic refused a reading (403 invariant); see vitalsd queue [reading 8, held]" in home.log
    assert clinic.transactions < 30
    clinic.heal()
    eventually(lambda: 107 in systolics(clinic), 60)


def test_a_part_that_may_have_arrived_is_told_again_byte_for_byte(home, clinic, cuff):
    """Of what is forbidden in part, one half was taken, and the answer lost."""
    home.add("[Simulation]\nHaste=300")
    home.set("Heartbeat", "900")
    remember(home, clinic, cuff, *range(100, 116))
    poison(clinic, 12, status=403, silent=True)
    # The whole, and the sign of life, are answered as they are.
    clinic.fault("content-type", type="application/fhir+json", times=2)
    clinic.fault("lost")
    home.start()
    others = [systolic for systolic in range(100, 116) if systolic != 111]
    eventually(lambda: systolics(clinic) == others, 30)
    bodies = clinic.ask("_bodies")
    assert bodies.count(bodies[2]) == 2, [body[:4] for body in bodies]


def test_a_device_that_is_forbidden_holds_up_nothing_live(home, clinic, old_and_new):  # noqa: F811
    """More readings of it than it takes to think that everything is forbidden. An hour is 36 s here, and a minute less than one."""
    old, new = old_and_new
    home.add("[Simulation]\nHaste=100")
    home.set("Heartbeat", "900")
    clinic.fault("poison", identifier="00-09-1F-00-00-01", status=403)
    home.start()
    measure(old, *range(100, 112))
    eventually(lambda: not old.memory)
    eventually(lambda: home.status()["daemon"]["fault"])
    for systolic in range(120, 124):
        new.memory.append(blood_pressure(systolic, 80, 60, datetime.now()))
        eventually(lambda: systolic in systolics(clinic), 10)
    assert home.status()["refused"] == 0
    assert home.status()["pending"] == 12


@pytest.mark.parametrize("heartbeat", ["900", "infinity"])
def test_a_bundle_that_is_always_lost_in_between_holds_up_nothing(home, clinic, cuff, heartbeat):
    """Somebody between hub and clinic answers 502 whenever one reading is in it. Signs of life are taken, so it is in the bundle;
    the others arrive, and that one is tried again for a day."""
    home.add("[Simulation]\nHaste=300")
    home.set("Heartbeat", heartbeat)
    remember(home, clinic, cuff, *range(100, 120))
    poison(clinic, 8, status=502, silent=True)
    home.start()
    others = [systolic for systolic in range(100, 120) if systolic != 107]
    eventually(lambda: systolics(clinic) == others, 60)
    measure(cuff, 120)
    eventually(lambda: systolics(clinic) == [*others, 120], 60)
    assert home.status()["refused"] == 0 and home.status()["pending"] == 1
    # Fourteen to come to it, the search in halves, and one for each time that it is tried again since.
    assert clinic.transactions < 100
    clinic.heal()
    eventually(lambda: 107 in systolics(clinic), 60)


def test_what_is_told_again_after_a_start_is_about_whom_the_clinic_knows(home, clinic, research, cuff, certificates):  # noqa: F811
    """Nobody knows whether it arrived, the daemon is started anew, and only in parts does it get through."""
    home.add("[Simulation]\nHaste=300")
    second(home, research, certificates, PARTICIPANT)
    research.stop()
    home.start()
    measure(cuff, *range(100, 104))
    eventually(lambda: systolics(clinic) == [100, 101, 102, 103])
    research.start()
    research.fault("status", status=503, times=-1)
    home.reload()
    eventually(lambda: research.transactions > 0)
    home.kill()
    research.heal()
    research.fault("status", status=413)
    home.start()
    eventually(lambda: systolics(research) == [100, 101, 102, 103], 60)
    assert subjects(research) == {"Patient/participant-9"}


def test_what_was_addressed_wrongly_is_not_told_once_more(home, clinic, research, cuff, certificates):  # noqa: F811
    second(home, research, certificates, PARTICIPANT)
    research.fault("status", status=503, times=-1)
    home.start()
    measure(cuff, 120)
    eventually(lambda: research.transactions > 0)
    change(home, "participant-9", "participant-10")
    research.heal()
    home.reload()
    eventually(lambda: systolics(research) == [120])
    assert subjects(research) == {"Patient/participant-10"}


def test_parts_of_what_was_addressed_wrongly_are_not_told_on(home, clinic, research, cuff, certificates):  # noqa: F811
    """New settings while the first part of what is too slow for the whole is on its way."""
    home.add("[Simulation]\nHaste=20")
    second(home, research, certificates, PARTICIPANT)
    # Nothing is sent there of itself before the reload, as it wishes.
    research.fault("status", status=429, retryAfter="3600", times=-1)
    home.start()
    measure(cuff, *range(100, 112))
    eventually(lambda: home.status()["destinations"] == {"clinic": 0, "research": 12} and "busy (429)" in home.log)
    # Nothing of the whole is stored, twice; nor is a half; a part is, slowly.
    research.heal()
    research.fault("hang", seconds=30, times=3)
    research.fault("slow", delay=0.001)
    home.reload()
    eventually(lambda: systolics(research), 60)
    change(home, "participant-9", "participant-10")
    home.reload()
    eventually(lambda: set(systolics(research)) == set(range(100, 112)), 60)
    told = collections.Counter(o["subject"]["reference"] for o in research.observations() if "150020" in str(o["code"]))
    assert told["Patient/participant-10"] >= 4 and told.total() == 12, told


def test_an_answer_to_old_settings_keeps_nobody_waiting(home, clinic, research, cuff, certificates):  # noqa: F811
    """The clinic of before says no, for an hour, when there is another already."""
    home.set("URL", research.url)
    research.fault("status", status=401, times=-1, delay=1)
    home.start()
    measure(cuff, 120)
    eventually(lambda: research.transactions > 0)
    home.set("URL", clinic.url)
    home.reload()
    eventually(lambda: systolics(clinic) == [120], 10)


@pytest.mark.parametrize("status", [400, 403, 405])
def test_a_clinic_that_lets_nobody_search_takes_all_the_others(home, clinic, cuff, status):
    """One Observation is there twice (412), and which one it is cannot be asked."""
    home.add("[Simulation]\nHaste=300")
    home.start()
    clinic.fault("lost")
    clinic.fault("status", status=503, times=-1)
    measure(cuff, 107)
    eventually(lambda: systolics(clinic) == [107])
    home.stop()
    clinic.heal()
    clinic.ask("_double", {"type": "Observation"})
    clinic.fault("search", status=status, times=-1)
    home.start()
    others = [*range(100, 107), *range(108, 120)]
    measure(cuff, *others)
    eventually(lambda: set(systolics(clinic)) == {107, *others}, 60)
    assert home.status()["refused"] == 0 and home.status()["pending"] == 1
    assert "the clinic has the same resource more than once; tell the clinic [reading 1, held]" in home.log
    clinic.ask("_undouble", {})
    eventually(lambda: home.status()["pending"] == 0, 60)
    assert sorted(systolics(clinic)) == sorted([107, *others])


def test_what_was_not_for_a_clinic_goes_there_once_it_is(home, clinic, research, cuff, certificates):  # noqa: F811
    second(home, research, certificates, PARTICIPANT)
    home.ask("bind", cuff.address, "--patient", "Patient/guest")
    home.start()
    measure(cuff, 120)
    eventually(lambda: home.status()["destinations"] == {"clinic": 0, "research": 0})
    eventually(lambda: "has no name for" in home.log)
    assert research.transactions == 0
    change(home, "Patient/pt-4711", "Patient/guest")
    home.reload()
    eventually(lambda: systolics(research) == [120])
    assert subjects(research) == {"Patient/participant-9"} and systolics(clinic) == [120]


def test_a_clinic_that_comes_back_is_told(home, clinic, research, cuff, certificates):  # noqa: F811
    before = home.file.read_text()
    second(home, research, certificates)
    both = home.file.read_text()
    home.start()
    for number in range(6):
        home.file.write_text(both)
        home.reload()
        measure(cuff, 100 + number)
        eventually(lambda: 100 + number in systolics(research))
        home.file.write_text(before)
        home.reload()
        eventually(lambda: "research" not in home.status()["daemon"]["clinics"])
