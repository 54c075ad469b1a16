"""What is told to whom: after new settings, a new start, and of a bundle that gets lost in between again and again."""

from conftest import eventually, measure
from test_clinic import poison
from test_delivery import research, second, systolics  # noqa: F401

PARTICIPANT = "[Patient research]\nReference=Patient/participant-9"


def subjects(place) -> set[str]:
    return {o["subject"]["reference"] for o in place.observations() if "150020" in str(o["code"])}


def change(home, old: str, new: str) -> None:
    home.file.write_text(home.file.read_text().replace(old, new))


def test_a_bundle_that_is_always_lost_in_between_holds_up_nothing(home, clinic, cuff):
    """Somebody between hub and clinic answers 502 whenever one reading is in it. Signs of life are taken, so it is in the bundle;
    the others arrive, and that one is tried again for a day."""
    home.add("[Simulation]\nHaste=300")
    home.set("Heartbeat", "900")
    clinic.stop()
    home.start()
    measure(cuff, *range(100, 120))
    eventually(lambda: not cuff.memory)
    clinic.start()
    poison(clinic, 8, status=502, silent=True)
    home.reload()
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
