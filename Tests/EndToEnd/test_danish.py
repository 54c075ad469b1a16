"""What a technician reads at a terminal, in Danish: each verb beside a running daemon, and no English in between."""

import json
import os
import pty
import re
import subprocess

import pytest

from conftest import VITALSD, eventually, measure
from far_ends import Cuff
from test_enrol import bare, enrol, est  # noqa: F401, fixtures

ADDRESS, OTHER, NEW = "00:09:1F:00:00:01", "00:09:1F:00:00:02", "00:09:1F:00:00:03"
# 29.11.2026 kl. 14.05; in a list without seconds.
MOMENT = r"\d{1,2}\.\d{1,2}\.20\d\d kl\. \d\d\.\d\d"
ENGLISH = re.compile(
    r"(?i)\b(the|is|was|it|of|and|not|with|heard|measured|never|nothing|waits?|pending|refused|accepted|running|bound|readings?"
    r"|device|since|next|daemon|used|clock|behind|ahead|user|done|again|sent|valid|until|made|near|name)\b|\d{4}-\d\d-\d\dT")


def run(home, *words: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [VITALSD, *words, "--configuration", home.file], capture_output=True, text=True, timeout=60,
        env={**os.environ, **environment})


def danish(home, *words: str, status: int = 0) -> str:
    """What the verb says in Danish, and that no English is left in it but what is typed, a code, and where
    something lies."""
    answer = run(home, *words, "--lang", "da")
    text = answer.stdout + answer.stderr
    assert answer.returncode == status, text
    said = re.sub(r"vitalsd \w+|systemctl \w+|https?://\S+|\B/\S+|--\w+|\b[a-z]+\.[a-z-]{3,}", "", text)
    assert not ENGLISH.search(said), (ENGLISH.search(said), text)
    print("$ vitalsd", *words, "\n" + text)
    return text


@pytest.fixture
def kit(home, clinic, cuff):
    """A kit with a reading that is delivered and one that the clinic refuses, of a cuff whose clock is years off."""
    home.ask("bind", cuff.address, "--schedule", "Mon-Fri twice a day")
    clinic.fault("poison", identifier="-150020-602294460")
    home.start()
    measure(cuff, 120)
    eventually(lambda: "refused a reading" in home.log)
    measure(cuff, 121)
    eventually(lambda: (s := home.status()) and (s["refused"], s["accepted"]) == (1, 1))
    return home


def test_what_a_technician_looks_at(kit):
    status = danish(kit, "status")
    assert "program     kører\nmålinger    1 hos klinikken, 1 afvist af klinikken\n" in status
    assert "lager       " in status and "ældste      intet venter" in status
    assert re.search(rf"(?m)^tilknyttet  bluetooth:{ADDRESS}  .*sidst målt {MOMENT}, hverdage 2 gange om dagen, ", status)
    assert re.search(r"(?m)^ur          UA-651BLE: \d,\d år bagud", status)
    queue = danish(kit, "queue")
    assert re.fullmatch(rf"1  {MOMENT}  UA-651BLE  afvist af klinikken: indholdet blev ikke godtaget \(422 .*\)\n", queue)
    # What was asked and answered is in nobody's language.
    shown = run(kit, "queue", "show", "1", "--lang", "da").stdout
    assert "1  afvist af klinikken\n" in shown and "\nsendt til clinic:\n{" in shown and "\nsvar, status 422:\n" in shown
    told = danish(kit, "explain", "2")
    assert "Apparatet gav den tidspunktet 1.2.2019 kl. 00.02.00.\n" in told
    assert re.search(rf"Den er målt mellem {MOMENT}\.\d\d og {MOMENT}\.\d\d\.\n", told)
    assert "der er ingen måling med nummer 77" in danish(kit, "explain", "77", status=64)
    assert "der er ingen måling med nummer 77" in danish(kit, "queue", "show", "77", status=66)


def test_what_a_technician_does(kit, clinic, cuff, tmp_path):
    stranger = cuff.air.cuffs[NEW] = Cuff(NEW)
    stranger.is_on = True
    eventually(lambda: NEW in danish(kit, "scan", "--seconds", "1"))
    cuff.is_on, stranger.is_on = True, False
    eventually(lambda: re.search(rf"{ADDRESS}  .*UA-651BLE .*, tilknyttet\n", danish(kit, "scan", "--seconds", "1")))
    cuff.is_on = False
    assert danish(kit, "bind", OTHER) == "tilknyttet\n"
    assert danish(kit, "swap", OTHER, NEW) == "udskiftet\n"
    refused = danish(kit, "swap", "00:09:1F:00:00:77", NEW, status=69)
    assert refused.startswith("vitalsd: Parring: Apparatet er ikke tilknyttet nogen på denne hub.")
    # How many would be lost comes from the daemon.
    assert "ville gå tabt (1). " in danish(kit, "wipe", "--everything", status=69)
    assert danish(kit, "unbind", NEW) == "ikke længere tilknyttet\n"
    assert danish(kit, "queue", "assign", "1", "--patient", "Patient/a") == "0 målinger er knyttet til personen\n"
    assert danish(kit, "queue", "retry", "1") == "1 måling bliver sendt igen\n"
    clinic.heal()
    kit.reload()
    eventually(lambda: kit.status()["accepted"] == 2)
    assert danish(kit, "queue") == "intet venter\n"
    assert "venter på, at apparatet" in danish(kit, "record", NEW, str(tmp_path / "file"), "--seconds", "1", status=69)
    wiped = danish(kit, "unbind", ADDRESS, "--wipe")
    assert wiped.startswith("slettet: 2 målinger, 1 apparat, 1 tilknytning\n") and "intet tilbage af dem" in wiped
    assert "tilføj --everything" in danish(kit, "wipe", status=64)
    trail = danish(kit, "audit").splitlines()
    # The first act was with the device that is wiped.
    assert re.fullmatch(rf"{MOMENT} +bruger \d+  bind    udført", trail[0])
    done, refused = (line for line in trail if "swap" in line)
    assert re.fullmatch(rf"{MOMENT} +bruger \d+  swap    {OTHER} afløst af {NEW}  udført", done)
    assert refused.endswith("pairing.not-bound")
    assert len({line.index("bruger") for line in trail}) == 1


def test_the_verbs_are_listed(home):
    listed = subprocess.run([VITALSD, "help", "--lang", "da"], capture_output=True, text=True, check=True, timeout=60).stdout
    assert "hvilke trådløse apparater der er i nærheden" in listed
    for words in (["help", "scan", "--lang", "da"], ["scan", "--help", "--lang", "da"]):
        shown = subprocess.run([VITALSD, *words], capture_output=True, text=True, check=True, timeout=60).stdout
        assert shown.startswith("brug: vitalsd scan ") and "\nhvilke trådløse apparater" in shown


def test_the_devices_are_listed(home):
    listed = subprocess.run([VITALSD, "devices", "--lang", "da"], capture_output=True, text=True, check=True, timeout=60).stdout
    assert "| `and-ua651ble` | A&D UA-651BLE | blodtryksmåler | Bluetooth LE | beskrivelse | navn A&D_UA-651BLE… |" in listed
    assert "| endnu ikke | hvorfor |" in listed and "blood-pressure" not in listed


def test_without_a_daemon(home):
    never = danish(home, "status", status=78)
    assert "der er ikke noget lager" in never and "systemctl start vitalsd" in never
    assert "programmet kører ikke" in danish(home, "scan", status=69)
    assert "programmet kører ikke" in danish(home, "pair", ADDRESS, status=69)
    assert danish(home, "bind", ADDRESS) == "tilknyttet\n"
    assert "program     kører ikke\nmålinger    ingen endnu\n" in danish(home, "status")
    home.set("Reference", None)
    assert "--patient mangler" in danish(home, "bind", OTHER, status=64)
    home.add("Nonsense=1")
    assert "Der er en fejl i opsætningsfilen (" in run(home, "audit", "--lang", "da").stderr


def test_an_enrolment(bare, est):
    est.start()
    done = enrol(bare, est, "--lang", "da")
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    labels, said = zip(*(re.split(" +", line, maxsplit=1) for line in done.stdout.splitlines()))
    assert labels == ("nøgle", "certifikat", "klinik", "herefter")
    assert said[0].startswith("lavet på denne hub, og kun for tjenesten: /")
    assert re.search(rf"^fra {re.escape(est.url)}, gælder til {MOMENT}$", said[1])
    assert said[2].endswith(" har godkendt det")
    refused = enrol(bare, est, "--again", "--lang", "da", code="WRONG-1")
    assert refused.returncode == 69 and "Klinik: Klinikken godkender ikke den kode" in refused.stderr, refused.stderr


def test_the_locale_chooses_and_programs_are_told_the_same_in_each(kit):
    for environment in ({"LC_ALL": "da_DK.UTF-8"}, {"LC_ALL": "", "LC_MESSAGES": "da_DK.UTF-8", "LANG": "C"},
                        {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "da_DK.UTF-8"}):
        assert "afvist af klinikken" in run(kit, "queue", **environment).stdout
        assert "refused" in run(kit, "queue", "--lang", "en", **environment).stdout
    assert "afvist" not in run(kit, "queue", LC_ALL="C.UTF-8", LANG="da_DK.UTF-8").stdout
    for words in (["queue"], ["audit"], ["status"]):
        english, danish = (run(kit, *words, "--json", "--lang", language).stdout for language in ("en", "da"))
        assert [json.loads(line).keys() for line in danish.splitlines()] == [
            json.loads(line).keys() for line in english.splitlines()]
        assert words == ["status"] or danish == english
    assert run(kit, "queue", "--lang", "de").returncode == 64


def test_at_a_terminal_no_line_is_longer_than_eighty_characters(kit):
    for words in (["status"], ["queue"], ["audit"]):
        ours, theirs = pty.openpty()
        subprocess.run([VITALSD, *words, "--lang", "da", "--configuration", kit.file], stdout=theirs, check=True, timeout=60)
        os.close(theirs)
        seen = b""
        try:
            while piece := os.read(ours, 65536):
                seen += piece
        except OSError:
            # The other end is closed, and all is read.
            pass
        os.close(ours)
        print(seen.decode())
        assert seen and all(len(line) <= 80 for line in seen.decode().splitlines())
