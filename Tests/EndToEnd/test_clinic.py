"""A clinic that fails, in every way a server and the way to it can: each reading is there once in the end, the log names
what is wrong, and nobody is asked more often than needed.

A pause may last a quarter of an hour. A reload ends it, so no test waits for one.
"""

import shutil
import time

import pytest
from conftest import Receiver, eventually, measure


def arrives(clinic, *systolic: int) -> None:
    """Exactly these are at the clinic."""
    wanted = sorted((number, 80) for number in systolic)
    eventually(lambda: clinic.blood_pressures() == wanted)


def is_settled(home) -> None:
    """Nothing waits any longer, so nothing will be sent again."""
    eventually(lambda: home.status()["pending"] == 0)


def fails(home, clinic, cuff, words: str, **fault) -> None:
    """The fault is in the log, everything is kept, and after it everything is there once."""
    clinic.fault(**fault)
    home.start()
    began = time.monotonic()
    measure(cuff, 120, 121, 122)
    eventually(lambda: words in home.log)
    eventually(lambda: not cuff.memory)
    # It pauses: what is heard now waits with the others.
    before = clinic.transactions
    measure(cuff, 123)
    eventually(lambda: not cuff.memory)
    after, told = clinic.transactions, home.status()["daemon"]["fault"] or ""
    # The shortest first pause is 3.5 s.
    if time.monotonic() - began < 3.5:
        assert after == before and words in told
    clinic.heal()
    home.reload()
    arrives(clinic, 120, 121, 122, 123)
    is_settled(home)
    arrives(clinic, 120, 121, 122, 123)
    # The one that failed, those after the reload: the cuff's readings may come in several bundles.
    assert before < clinic.transactions <= before + 4
    assert home.log.count(words) == 1
    eventually(lambda: "clinic: takes readings again" in home.log)


def gathers(home, clinic, cuff, *systolic: int) -> None:
    """All of it waits for the reload, at which it is sent together. The clinic has asked for an hour, so no pause ends of itself
    before a test has said what comes next."""
    clinic.fault("status", status=429, retryAfter="3600", times=-1)
    home.start()
    measure(cuff, *systolic)
    eventually(lambda: not cuff.memory and "busy (429)" in home.log)
    clinic.heal()


def outcome(code: str) -> dict:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code}]}


@pytest.mark.parametrize(
    "words, fault",
    [
        ("network: the connection was cut", {"mode": "lost"}),
        ("network: the connection was cut", {"mode": "cut-before"}),
        ("network: the connection was cut", {"mode": "cut-after"}),
        ("network: the connection was cut", {"mode": "half"}),
        ("clinic: the clinic's server fails (500)", {"mode": "status", "status": 500}),
        ("clinic: the clinic's server fails (502)", {"mode": "status", "status": 502}),
        ("clinic: the clinic's server fails (503)", {"mode": "status", "status": 503}),
        ("clinic: the clinic is busy (503)", {"mode": "status", "status": 503, "retryAfter": "3600"}),
        ("clinic: the clinic is busy (429)", {"mode": "status", "status": 429, "retryAfter": "3600"}),
        ("clinic: the clinic is busy (409)", {"mode": "status", "status": 409}),
        ("clinic: the clinic rejects this hub (401)", {"mode": "status", "status": 401}),
        # The question whether anything else is taken, too.
        ("clinic: the clinic rejects this hub (403)", {"mode": "status", "status": 403, "times": 2}),
        ("clinic: the clinic's URL is no FHIR server (404)", {"mode": "status", "status": 404}),
        ("clinic: the clinic's URL is no FHIR server (415)", {"mode": "status", "status": 415}),
        ("clinic: the clinic's answer makes no sense", {"mode": "garbage"}),
        ("clinic: the clinic's answer makes no sense", {"mode": "garbage", "body": "{}"}),
        ("clinic: the clinic's answer makes no sense", {"mode": "garbage", "body": '{"resourceType":"Bundle"}'}),
        ("clinic: the clinic's answer makes no sense", {"mode": "garbage", "body": "[" * 100_000}),
        ("clinic: the clinic's answer makes no sense", {"mode": "garbage", "body": "x" * 1000, "repeat": 8000}),
        ("clinic: the clinic's answer makes no sense", {"mode": "garbage", "body": "", "status": 204}),
        ("clinic: the address answers with a redirect or a page", {"mode": "content-type", "type": "text/html"}),
        ("clinic: the address answers with a redirect or a page", {"mode": "redirect"}),
        ("clinic: the address answers with a redirect or a page", {"mode": "redirect", "status": 302}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(str(v)[:12] for v in value.values()),
)
def test_a_fault_is_named_and_nothing_is_lost_or_doubled(home, clinic, cuff, words, fault):
    fails(home, clinic, cuff, words, **fault)


def test_a_redirect_is_not_followed(home, clinic, cuff, certificates, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    stranger = Receiver(tmp_path / "elsewhere", certificates)
    fails(home, clinic, cuff, "a redirect", mode="redirect", location=stranger.url)
    assert stranger.transactions == 0 and stranger.ask("_all")["resources"] == []
    stranger.stop()


def test_a_true_answer_under_a_strange_type_counts(home, clinic, cuff):
    """What was taken is not sent again for the label on the receipt."""
    clinic.fault("content-type", type="text/plain", times=-1)
    home.start()
    measure(cuff, 120)
    arrives(clinic, 120)
    is_settled(home)
    assert clinic.transactions == 1


def test_a_certificate_that_ends_soon_is_said(home, clinic, cuff, certificates):
    home.set("CertificateFile", f"{certificates}/hub-soon.pem")
    home.set("KeyFile", f"{certificates}/hub-soon.key")
    home.start()
    measure(cuff, 120)
    arrives(clinic, 120)
    eventually(lambda: "clinic: The hub's certificate ends soon." in home.log)


def test_a_slow_answer_is_waited_for(home, clinic, cuff):
    clinic.fault("slow", delay=0.002)
    home.start()
    measure(cuff, 120)
    arrives(clinic, 120)
    is_settled(home)
    assert clinic.transactions == 1


def test_answers_lost_again_and_again_double_nothing(home, clinic, cuff):
    clinic.fault("lost", times=5)
    home.start()
    measure(cuff, *range(100, 110))
    for count in range(1, 7):
        eventually(lambda: clinic.transactions >= count)
        home.reload()
    arrives(clinic, *range(100, 110))
    is_settled(home)
    arrives(clinic, *range(100, 110))


def test_the_shortest_pause_ends_by_itself(home, clinic, cuff):
    clinic.fault("status", status=503, retryAfter="1")
    home.start()
    measure(cuff, 120)
    arrives(clinic, 120)
    assert clinic.transactions == 2


def test_what_is_too_large_is_sent_in_smaller_pieces(home, clinic, cuff):
    """The clinic takes half as much; it is not told as much again and again."""
    gathers(home, clinic, cuff, *range(100, 120))
    clinic.fault("status", status=413)
    home.reload()
    arrives(clinic, *range(100, 120))
    is_settled(home)
    assert home.status()["refused"] == 0
    assert clinic.transactions <= 1 + 6


def poison(clinic, number: int, **more) -> None:
    """The clinic refuses what the cuff measured in that minute of 1 February 2019, and every bundle with it."""
    clinic.fault("poison", identifier=f"-150020-{602_294_400 + 60 * number}", **more)


@pytest.mark.parametrize("silent", [False, True], ids=["named", "unnamed"])
def test_one_refused_reading_among_twenty_stands_in_nobodys_way(home, clinic, cuff, silent):
    gathers(home, clinic, cuff, *range(100, 120))
    poison(clinic, 8, silent=silent)
    home.reload()
    # The eighth is 107.
    arrives(clinic, *range(100, 107), *range(108, 120))
    eventually(lambda: home.status()["refused"] == 1)
    is_settled(home)
    assert clinic.transactions <= 1 + 2 + 2 * 6
    assert "clinic: the clinic refused a reading (422 invariant); see vitalsd queue [reading 8, set aside]" in home.log
    [row] = home.queue()
    assert row["state"] == "refused" and row["driver"] == "and-ua651ble"
    assert "422 invariant" in row["fault"]
    # What a person may read aloud names the reading and why, and neither value nor patient.
    listed = home.ask("queue")
    assert listed.startswith(f"{row['id']}  ") and "refused: " in listed
    assert "107" not in listed and "4711" not in listed
    # The next ones pass it by without another try.
    before = clinic.transactions
    measure(cuff, 150)
    arrives(clinic, *range(100, 107), *range(108, 120), 150)
    assert clinic.transactions == before + 1

    # The clinic mends its rule, a person says so, and it goes too.
    clinic.heal()
    assert home.ask("queue", "retry", str(row["id"])) == "1 will be sent again\n"
    arrives(clinic, *range(100, 120), 150)
    is_settled(home)
    assert home.ask("queue") == "nothing waits\n"
    assert home.ask("queue", "retry", str(row["id"])) == "0 will be sent again\n"


def test_several_refused_readings_are_each_set_aside(home, clinic, cuff):
    gathers(home, clinic, cuff, *range(100, 120))
    for number in (1, 2, 11, 20):
        poison(clinic, number)
    home.reload()
    rest = [number for number in range(100, 120) if number not in (100, 101, 110, 119)]
    arrives(clinic, *rest)
    # Where nothing was taken behind the last one, it may yet be the clinic's fault, and waits: as the bundles fall.
    eventually(lambda: "see vitalsd queue [reading 20" in home.log)
    eventually(lambda: (home.status()["refused"], home.status()["pending"]) in [(3, 1), (4, 0)])
    measure(cuff, 150)
    arrives(clinic, *rest, 150)
    eventually(lambda: home.status()["refused"] == 4)
    is_settled(home)
    assert [row["state"] for row in home.queue()] == ["refused"] * 4
    assert clinic.transactions < 1 + 40


def test_a_row_of_refused_readings_does_not_stand_in_the_way_of_the_others(home, clinic, cuff):
    """The six oldest, of which five are enough to suspect the clinic. Another one tells that it is not."""
    gathers(home, clinic, cuff, *range(100, 148))
    for number in range(1, 7):
        poison(clinic, number)
    home.reload()
    arrives(clinic, *range(106, 148))
    eventually(lambda: home.status()["refused"] == 6)
    is_settled(home)
    assert clinic.transactions < 1 + 40


def test_a_lone_refused_reading_is_in_the_log_although_it_may_yet_be_taken(home, clinic, cuff):
    poison(clinic, 1)
    home.start()
    measure(cuff, 120)
    eventually(lambda: "the clinic refused a reading (422 invariant); see vitalsd queue [reading 1]" in home.log)
    eventually(lambda: "refused a reading" in (home.status()["daemon"]["fault"] or ""))
    assert clinic.transactions == 1
    clinic.heal()
    home.reload()
    arrives(clinic, 120)
    eventually(lambda: home.status()["daemon"]["fault"] is None)


def test_a_clinic_that_refuses_everything_gets_no_storm_and_no_reading_is_given_up(home, clinic, cuff):
    """Then it is not the readings: a rule of the clinic's, or of ours."""
    gathers(home, clinic, cuff, *range(100, 120))
    clinic.fault("status", status=422, times=-1, outcome=outcome("invariant"))
    home.reload()
    eventually(lambda: "the clinic refused a reading (422 invariant)" in home.log)
    assert home.status()["refused"] == 0
    assert clinic.transactions < 1 + 30
    clinic.heal()
    home.reload()
    arrives(clinic, *range(100, 120))
    is_settled(home)
    assert home.status()["refused"] == 0


@pytest.mark.parametrize(
    "certificate, words",
    [("wrong-host", "it is for another host"), ("expired", "expired"), ("stranger", "no authority that we trust has signed it")],
)
def test_a_clinic_that_cannot_prove_who_it_is_gets_nothing(home, clinic, cuff, certificates, certificate, words):
    clinic.stop()
    clinic.certificate = certificate
    clinic.start()
    home.start()
    measure(cuff, 120)
    eventually(lambda: f"clinic: the clinic's certificate is not trusted ({words})" in home.log)
    eventually(lambda: not cuff.memory)
    assert home.status()["pending"] == 1
    assert clinic.transactions == 0
    clinic.stop()
    clinic.certificate = "server"
    clinic.start()
    home.reload()
    arrives(clinic, 120)


def test_a_clinic_that_wants_a_certificate_we_do_not_have(home, clinic, cuff):
    whole = home.file.read_text()
    home.set("CertificateFile", None)
    home.set("KeyFile", None)
    home.start()
    measure(cuff, 120)
    eventually(lambda: "clinic: the clinic rejects this hub" in home.log)
    eventually(lambda: not cuff.memory)
    assert clinic.transactions == 0
    home.file.write_text(whole)
    home.reload()
    arrives(clinic, 120)


def test_a_clinic_that_does_not_know_who_signed_ours(home, clinic, cuff, certificates):
    home.set("CertificateFile", f"{certificates}/stranger.pem")
    home.set("KeyFile", f"{certificates}/stranger.key")
    home.start()
    measure(cuff, 120)
    eventually(lambda: "clinic: the clinic rejects this hub" in home.log)
    eventually(lambda: not cuff.memory)
    assert clinic.transactions == 0
    home.set("CertificateFile", f"{certificates}/hub.pem")
    home.set("KeyFile", f"{certificates}/hub.key")
    home.reload()
    arrives(clinic, 120)


@pytest.mark.parametrize(
    "url, words",
    [
        ("https://vitalsd.invalid/", "network: the name vitalsd.invalid is not known"),
        ("https://localhost:1/", "network: the clinic's address refuses connections"),
    ],
)
def test_a_way_that_does_not_lead_to_the_clinic(home, clinic, cuff, url, words):
    home.set("URL", url)
    home.start()
    measure(cuff, 120)
    eventually(lambda: words in home.log)
    eventually(lambda: not cuff.memory)
    home.set("URL", clinic.url)
    home.reload()
    arrives(clinic, 120)


@pytest.mark.parametrize("key, file", [("KeyFile", "hub.key"), ("CertificateFile", "hub.pem"), ("AuthorityFile", "ca.pem")])
@pytest.mark.parametrize("by_reload", [True, False], ids=["reload", "retry"])
def test_a_file_that_is_not_there_yet_keeps_nobody_from_measuring(
        home, clinic, cuff, certificates, tmp_path, key, file, by_reload):
    """The hub is installed before its certificate is: it keeps what it hears, says what is missing, and delivers then."""
    late = tmp_path / "late.pem"
    home.set(key, str(late))
    home.start()
    words = f"hub: the key or certificate {late} cannot be read; check path and owner"
    # Said before there is anything to deliver, so that the installer reads it.
    eventually(lambda: words in home.log)
    eventually(lambda: (home.status().get("daemon") or {}).get("fault") == words)
    measure(cuff, 120, 121)
    eventually(lambda: not cuff.memory)
    assert home.status()["pending"] == 2 and clinic.transactions == 0
    home.hang_up()
    eventually(lambda: "configuration read again" in home.log)
    assert home.is_running and home.log.count(words) == 1
    shutil.copy(certificates / file, late)
    if by_reload:
        home.hang_up()
    arrives(clinic, 120, 121)
    is_settled(home)
    eventually(lambda: home.status()["daemon"]["fault"] is None)
    assert home.log.count(words) == 1


@pytest.mark.parametrize("key", ["encrypted.key", "hub.pem", "."])
def test_a_key_that_cannot_be_read_is_named_and_readings_are_kept(home, clinic, cuff, certificates, key):
    home.set("KeyFile", f"{certificates}/{key}")
    home.start()
    measure(cuff, 120)
    eventually(lambda: f"hub: the key or certificate {certificates}/{key} cannot be read" in home.log)
    eventually(lambda: not cuff.memory)
    assert clinic.transactions == 0
    home.set("KeyFile", f"{certificates}/hub.key")
    home.reload()
    arrives(clinic, 120)
