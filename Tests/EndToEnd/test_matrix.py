"""Every way in which a clinic, and the way to it, can fail, each in a home of its own.

What a clinic answers with is over after a few requests, and nobody helps: each reading is there once in the end, the log
named what was wrong, and the number of requests is bounded. Waits are divided by `Haste=`, as nobody wants to sit them out.
How many requests each took is printed: `pytest -rP`.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from conftest import Daemon, Receiver, eventually, measure
from far_ends import Air, Cuff

PATIENCE = 120


@dataclass
class Case:
    """What is wrong for the first `times` transactions, and the words in the log that must name it."""

    name: str
    words: str
    fault: dict
    times: int = 2
    #: Requests that a right hub may need beside those that fail: the readings may come in several bundles.
    more: int = 4
    #: Of the receiver.
    options: dict = field(default_factory=dict)


def outcome(code: str, **more) -> dict:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code, **more}]}


def statuses() -> list[Case]:
    rejects, address = "clinic: the clinic rejects this hub ({})", "clinic: the clinic's URL is no FHIR server ({})"
    busy, fails = "clinic: the clinic is busy ({})", "clinic: the clinic's server fails ({})"
    refuses, page = "clinic: the clinic refused a reading ({}", "clinic: the address answers with a redirect or a page"
    table = (
        [(status, page) for status in (301, 302, 307, 308)]
        + [(status, refuses) for status in (400, 412, 418, 422)]
        + [(status, rejects) for status in (401, 403)]
        + [(status, address) for status in (404, 405, 406, 410, 415, 501)]
        + [(status, busy) for status in (408, 409, 425, 429)]
        + [(413, "clinic: the clinic takes no bundle of this size")]
        + [(status, fails) for status in (500, 502, 503, 504, 507)]
    )
    cases = []
    for status, words in table:
        # A reading refused alone is asked for once more by each bundle that is halved.
        for bare in (True, False):
            fault = {"mode": "status", "status": status, "bare": bare}
            cases.append(Case(f"{status} {'bare' if bare else 'with outcome'}", words.format(status), fault, more=10))
    missing = outcome("not-found", diagnostics="Patient/pt-4711 is not known")
    for status in (404, 410):
        fault = {"mode": "status", "status": status, "outcome": missing}
        cases.append(Case(f"{status} naming the patient", refuses.format(status), fault, more=10))
    for status in (429, 503):
        for form, text in (("seconds", "600"), ("a date", "Wed, 21 Oct 2026 07:38:00 GMT")):
            fault = {"mode": "status", "status": status, "retryAfter": text, "date": "Wed, 21 Oct 2026 07:28:00 GMT"}
            cases.append(Case(f"{status} Retry-After in {form}", busy.format(status), fault))
    return cases


def answers() -> list[Case]:
    senseless = "clinic: the clinic's answer makes no sense"
    cut, page = "network: the connection was cut", "clinic: the address answers with a redirect or a page"
    return [
        Case("answer lost after the commit", cut, {"mode": "lost"}),
        Case("cut in the handshake", cut, {"mode": "cut-handshake"}),
        Case("cut before the body", cut, {"mode": "cut-before"}),
        Case("cut after the body", cut, {"mode": "cut-after"}),
        Case("cut in the answer", cut, {"mode": "half"}),
        Case("no answer", "network: the clinic does not answer in time", {"mode": "hang", "seconds": 20}),
        Case("a slow body", "", {"mode": "slow", "delay": 0.001}, more=3),
        Case("10 MB of garbage", senseless, {"mode": "garbage", "body": "x" * 1000, "repeat": 10_000}),
        Case("random bytes", senseless, {"mode": "garbage"}),
        Case("an empty 200", senseless, {"mode": "garbage", "body": ""}),
        Case("JSON that is no Bundle", senseless, {"mode": "garbage", "body": "{}"}),
        Case("a Bundle without entries", senseless, {"mode": "garbage", "body": '{"resourceType":"Bundle"}'}),
        Case("204", senseless, {"mode": "garbage", "body": "", "status": 204}),
        Case("wrong content type, true answer", "", {"mode": "content-type", "type": "text/plain"}, more=3),
        Case("a captive portal", page, {"mode": "garbage", "body": "<html>", "type": "text/html"}),
        Case("a page over the true answer", page, {"mode": "content-type", "type": "text/html"}),
    ]


def certificates() -> list[Case]:
    untrusted = "clinic: the clinic's certificate is not trusted ({})"
    return [
        Case(name, untrusted.format(words), {}, options={"certificate": certificate})
        for name, certificate, words in (
            ("an expired certificate", "expired", "expired"),
            ("another host's certificate", "wrong-host", "it is for another host"),
            ("another authority", "stranger", "no authority that we trust has signed it"),
        )
    ]


CASES = statuses() + answers() + certificates()


def configuration(clinic, folder, at) -> str:
    return f"""
[Clinic]
URL={clinic.url}
CertificateFile={at}/hub.pem
KeyFile={at}/hub.key
AuthorityFile={at}/ca.pem
Heartbeat=infinity
[Patient]
Reference=Patient/pt-4711
[Hub]
StateDirectory={folder}/state
[Simulation]
Air={folder}/air
Haste=300
"""


def is_over(clinic, home) -> bool:
    """All that was measured is there; what was set aside while the clinic refused is released, as a person would."""
    status = home.status()
    if status.get("refused"):
        for row in home.queue():
            if row["state"] == "refused":
                home.ask("queue", "retry", str(row["id"]))
    return status.get("accepted") == 3 and status["daemon"]["fault"] is None and len(clinic.blood_pressures()) == 3


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_reading_is_there_once_and_the_fault_is_named(case, tmp_path, certificates):
    began = time.monotonic()
    clinic = Receiver(tmp_path, certificates, **case.options)
    home = Daemon(tmp_path, configuration(clinic, tmp_path, certificates))
    cuff = Cuff("00:09:1F:00:00:01", clock=datetime(2019, 3, 1))
    air = Air(str(tmp_path / "air"), [cuff])
    try:
        assert home.ask("bind", cuff.address, "--with-memory") == "bound\n"
        if case.fault:
            clinic.fault(times=case.times, **case.fault)
        measure(cuff, 120, 121, 122)
        home.start()
        if case.options:
            eventually(lambda: case.words in home.log, PATIENCE)
            clinic.stop()
            clinic.certificate = "server"
            clinic.start()
        eventually(lambda: not cuff.memory, PATIENCE)
        eventually(lambda: is_over(clinic, home), PATIENCE, every=0.3)
        assert case.words in home.log
        assert clinic.blood_pressures() == [(120, 80), (121, 80), (122, 80)]
        failing = case.times if case.fault else 0
        assert clinic.transactions <= failing + case.more
        took = time.monotonic() - began
        print(f"{case.name:32} {clinic.transactions:3} requests {took:5.1f} s  {case.words}")
    finally:
        air.close()
        home.stop()
        clinic.stop()
        print(home.log[-4000:])
