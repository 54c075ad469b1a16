"""What the daemon sends, how often, and to whom: the same bytes after a lost answer, several clinics that do not wait for
each other, and one reading among ten thousand that a clinic refuses."""

import json
import math
import os
import pathlib
import tempfile
from datetime import datetime

import pytest
from conftest import Daemon, Receiver, eventually, measure
from far_ends import Air, Cuff


def systolics(clinic) -> list[int]:
    return [systolic for systolic, _ in clinic.blood_pressures()]


@pytest.mark.parametrize("mode", ["lost", "cut-after", "half"])
def test_what_may_have_arrived_is_sent_again_byte_for_byte(home, clinic, cuff, mode):
    """Killed while nobody knows, and configured otherwise since: made anew, the bytes would differ."""
    clinic.fault(mode)
    home.start()
    measure(cuff, 120)
    eventually(lambda: "network: the connection was cut" in home.log)
    home.kill()
    clinic.heal()
    before = clinic.ask("_bodies")
    assert len(before) == 1
    home.add("[Clinic]\nSNOMED=yes\nDanishCodes=fut")
    measure(cuff, 130)
    home.start()
    eventually(lambda: systolics(clinic) == [120, 130])
    eventually(lambda: home.status()["pending"] == 0)
    bodies = clinic.ask("_bodies")
    assert bodies[1] == bodies[0] and len(set(bodies)) == len(bodies) - 1 == 2
    # What comes after it is as the configuration wants it.
    panels = [json.dumps(o) for o in clinic.observations() if o["code"]["coding"][0]["code"] == "150020"]
    assert ["snomed" in panel for panel in panels] == [False, True]


def test_what_is_too_slow_is_repeated_in_parts_and_the_whole_is_not_forgotten(home, clinic, cuff):
    """Killed between two parts: what follows is the whole once more, byte for byte. It may have arrived the first time."""
    home.add("[Simulation]\nHaste=20")
    # Nothing is sent of itself before the reload, as the clinic wishes.
    clinic.fault("status", status=429, retryAfter="3600", times=-1)
    home.start()
    measure(cuff, *range(100, 112))
    eventually(lambda: home.status().get("pending") == 12 and "busy (429)" in home.log)
    before = clinic.transactions
    clinic.heal()
    clinic.fault("slow", delay=1, times=2)
    clinic.fault("slow", delay=0)
    clinic.fault("hang")
    home.reload()
    eventually(lambda: clinic.transactions == before + 4)
    home.kill()
    clinic.heal()
    home.start()
    eventually(lambda: home.status().get("accepted") == 12)
    bodies = clinic.ask("_bodies")[before:]
    assert bodies[0] == bodies[1] == bodies[4] and len(set(bodies[:4])) == 3
    assert systolics(clinic) == [*range(100, 112)]


def test_an_answered_bundle_is_not_sent_again(home, clinic, cuff):
    home.start()
    measure(cuff, 120)
    eventually(lambda: home.status().get("accepted") == 1)
    home.kill()
    home.start()
    measure(cuff, 130)
    eventually(lambda: home.status().get("accepted") == 2)
    assert clinic.transactions == 2


@pytest.fixture
def research(tmp_path, certificates):
    folder = tmp_path / "research"
    folder.mkdir()
    receiver = Receiver(folder, certificates)
    yield receiver
    receiver.stop()


def second(home, research, certificates, more="", heartbeat="infinity") -> None:
    home.add(f"""
[Clinic research]
URL={research.url}
CertificateFile={certificates}/hub.pem
KeyFile={certificates}/hub.key
AuthorityFile={certificates}/ca.pem
Heartbeat={heartbeat}
SNOMED=yes
{more}""")


def test_a_clinic_that_is_down_holds_up_no_other(home, clinic, research, cuff, certificates):
    """Each with its own queue, codes and name for the patient."""
    second(home, research, certificates, "[Patient research]\nReference=Patient/participant-9")
    research.stop()
    home.start()
    measure(cuff, 120, 121)
    eventually(lambda: systolics(clinic) == [120, 121])
    eventually(lambda: home.status()["destinations"] == {"clinic": 0, "research": 2})
    eventually(lambda: home.status()["daemon"]["clinics"]["research"]["fault"])
    daemon = home.status()["daemon"]["clinics"]
    assert "refuses connections" in daemon["research"]["fault"] and daemon["clinic"]["fault"] is None
    assert "to        research: 2 pending" in home.ask("status")
    assert "[research]" in home.log
    research.start()
    home.reload()
    eventually(lambda: systolics(research) == [120, 121])
    eventually(lambda: home.status()["destinations"] == {"clinic": 0, "research": 0})
    assert systolics(clinic) == [120, 121]
    names = [{o["subject"]["reference"] for o in place.observations() if "effectiveDateTime" in o and "category" in o}
             for place in (clinic, research)]
    assert names == [{"Patient/pt-4711"}, {"Patient/participant-9"}]
    assert "snomed" in json.dumps(research.observations()) and "snomed" not in json.dumps(clinic.observations())


def test_a_clinic_joins_and_leaves_with_a_reload(home, clinic, research, cuff, certificates):
    home.start()
    measure(cuff, 120)
    eventually(lambda: home.status().get("accepted") == 1)
    text = home.file.read_text()
    second(home, research, certificates)
    home.reload()
    eventually(lambda: "research" in home.status()["daemon"]["clinics"])
    measure(cuff, 130)
    # A second clinic is not sent the past.
    eventually(lambda: systolics(research) == [130])
    home.file.write_text(text)
    home.reload()
    eventually(lambda: "research" not in home.status()["daemon"]["clinics"])
    measure(cuff, 140)
    eventually(lambda: systolics(clinic) == [120, 130, 140])
    assert systolics(research) == [130]


def test_somebody_whom_a_clinic_does_not_know_is_not_sent_there(home, clinic, research, cuff, certificates):
    """It has a name of its own for the patient of this home, and this reading is somebody else's."""
    second(home, research, certificates, "[Patient research]\nReference=Patient/participant-9")
    assert home.ask("bind", cuff.address, "--patient", "Patient/guest", "--with-memory") == "bound\n"
    home.start()
    measure(cuff, 120)
    eventually(lambda: systolics(clinic) == [120])
    eventually(lambda: home.status()["destinations"] == {"clinic": 0, "research": 0})
    assert research.transactions == 0


def test_a_refused_reading_is_kept_with_request_and_answer(home, clinic, cuff):
    clinic.fault("poison", identifier="-150020-602294460")
    home.start()
    measure(cuff, 120)
    eventually(lambda: "refused a reading" in home.log)
    measure(cuff, 121)
    eventually(lambda: home.status()["refused"] == 1)
    shown = home.ask("queue", "show", "1")
    assert '"resourceType":"Bundle"' in shown and '"value":120' in shown
    assert "answer, status 422" in shown and "this resource is refused" in shown
    assert home.run("queue", "show", "99").returncode != 0
    clinic.heal()
    assert home.ask("queue", "retry", "1") == "1 will be sent again\n"
    eventually(lambda: systolics(clinic) == [120, 121])
    eventually(lambda: home.status()["refused"] == 0)
    assert "answer, status" not in home.ask("queue", "show", "1")


def test_a_server_error_about_one_reading_keeps_it_waiting_and_nobody_else(home, clinic, cuff):
    """A 500 may pass, so the reading is not given up for a day; the others do not wait for it."""
    home.add("[Simulation]\nHaste=300")
    clinic.fault("poison", identifier="-150020-602294460", status=500)
    home.start()
    measure(cuff, 120)
    eventually(lambda: "the clinic's server fails (500)" in home.log)
    measure(cuff, 121, 122)
    eventually(lambda: systolics(clinic) == [121, 122], 60)
    assert home.status()["refused"] == 0 and home.status()["pending"] == 1
    clinic.heal()
    eventually(lambda: systolics(clinic) == [120, 121, 122], 60)
    eventually(lambda: home.status()["pending"] == 0)


def test_what_is_there_twice_is_delivered_and_said(home, clinic, cuff):
    """Two clients created it at once; every later condition meets both (412)."""
    clinic.fault("lost")
    home.start()
    measure(cuff, 120)
    eventually(lambda: "network: the connection was cut" in home.log)
    clinic.ask("_double", {"type": "Observation"})
    home.reload()
    eventually(lambda: home.status().get("accepted") == 1)
    assert "the clinic has the same Observation more than once" in home.log
    assert home.status()["daemon"]["fault"] is None and clinic.transactions == 2


def test_a_device_that_is_there_twice_is_the_clinics_to_mend(home, clinic, cuff):
    home.start()
    measure(cuff, 120)
    eventually(lambda: home.status().get("accepted") == 1)
    clinic.ask("_double", {"type": "Device"})
    measure(cuff, 121)
    eventually(lambda: "the clinic has the same Device more than once" in home.log)
    assert home.status()["refused"] == 0 and home.status()["pending"] == 1


def test_compression_where_the_clinic_says_so(home, clinic, cuff):
    """RFC 7694: what an answer accepts. The first request cannot know; one that is refused is sent plainly at once."""
    clinic.ask("_accept", {"codings": "gzip"})
    home.start()
    measure(cuff, 120)
    eventually(lambda: home.status().get("accepted") == 1)
    plain = clinic.ask("_counts")
    assert plain["coded"] == 0
    measure(cuff, 121)
    eventually(lambda: home.status().get("accepted") == 2)
    coded = clinic.ask("_counts")
    assert coded["coded"] == 1 and (coded["bytes"] - plain["bytes"]) * 3 < plain["bytes"]
    print(f"a reading alone: {plain['bytes']} bytes, compressed {coded['bytes'] - plain['bytes']}")
    clinic.ask("_accept", {"codings": ""})
    measure(cuff, 122)
    eventually(lambda: home.status().get("accepted") == 3)
    measure(cuff, 123)
    eventually(lambda: home.status().get("accepted") == 4)
    assert clinic.ask("_counts")["coded"] == 1 and systolics(clinic) == [120, 121, 122, 123]


@pytest.fixture
def memory():
    """A folder in memory: what is tested is not the disk."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        yield pathlib.Path(folder)


def test_one_poisoned_reading_among_ten_thousand(memory, certificates):
    """All others are delivered in one go, it alone is set aside, and to find it costs at most 2·log2(n)+1 requests."""
    count, homes = 10_000, 5
    clinic = Receiver(memory, certificates)
    home = Daemon(memory, f"""
[Clinic]
URL={clinic.url}
CertificateFile={certificates}/hub.pem
KeyFile={certificates}/hub.key
AuthorityFile={certificates}/ca.pem
Heartbeat=infinity
[Patient]
Reference=Patient/pt-4711
[Hub]
StateDirectory={memory}/state
[Simulation]
Air={memory}/air
Haste=100
""")
    clinic.stop()
    cuffs = [Cuff(f"00:09:1F:00:00:{n:02X}", clock=datetime(2019, 3, 1)) for n in range(1, homes + 1)]
    air = Air(str(memory / "air"), cuffs)
    try:
        for cuff in cuffs:
            assert home.ask("bind", cuff.address, "--with-memory") == "bound\n"
            measure(cuff, *(100 + n % 80 for n in range(count // homes)))
        home.start()
        eventually(lambda: not any(cuff.memory for cuff in cuffs), 900, every=0.5)
        eventually(lambda: home.status().get("pending") == count, 60)
        clinic.start()
        # The hundredth record of the third cuff: its address, its quantity and its time.
        clinic.fault("poison", identifier=f"00091F000003-pt-4711-150020-{602_294_400 + 60 * 100}", silent=True)
        home.reload()
        eventually(lambda: home.status()["pending"] == 0, 900, every=0.5)
        status = home.status()
        assert (status["accepted"], status["refused"]) == (count - 1, 1)
        assert len(clinic.blood_pressures()) == count - 1
        peak = int(pathlib.Path(f"/proc/{home.process.pid}/status").read_text().split("VmHWM:")[1].split()[0])
        taken = clinic.transactions
        # Three observations each, of at most a hundred entries in a bundle.
        least = math.ceil(count * 2 / 97)
        print(f"{taken} requests for {count} readings in bundles, peak resident {peak / 1024:.1f} MB")
        clean = taken - (2 * math.log2(count) + 1)
        # Bundles begin small and grow on the way.
        assert clean <= least * 1.2 + 8
        [row] = home.queue()
        shown = home.ask("queue", "show", str(row["id"]))
        assert "this resource is refused" in shown and "00091F000003-pt-4711-150020-602300400" in shown
    finally:
        air.close()
        home.stop()
        clinic.stop()


def test_each_clinic_hears_that_the_hub_lives_and_only_of_whom_it_knows(home, clinic, research, cuff, certificates):
    def devices(receiver) -> set[str]:
        """The devices that its signs of life tell of."""
        return {
            o["focus"][0]["identifier"]["value"] for o in receiver.observations()
            if o["code"]["coding"][0]["code"] == "device-status"
        }

    home.set("Heartbeat", "1s")
    second(home, research, certificates, "[Patient research]\nReference=Patient/participant-9", heartbeat="1s")
    assert home.ask("bind", "00:09:1F:00:00:02", "--patient", "Patient/guest", "--with-memory") == "bound\n"
    home.start()
    eventually(lambda: len(devices(clinic)) == 2 and devices(research))
    assert len(devices(research)) == 1 and devices(research) < devices(clinic)
    told = home.status()["daemon"]["clinics"]
    assert all(told[name]["signOfLife"]["taken"] for name in ("clinic", "research"))
