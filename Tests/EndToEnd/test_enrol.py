"""A hub gets its certificate, delivers with it, renews it by itself; and each thing that can stand in the way is named."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

from conftest import Receiver, eventually, for_everybody, measure, vitalsd

HERE = pathlib.Path(__file__).parent
CODE = "7Q4-KX2"


class Enrolments:
    """The clinic's enrolment server: a process of its own."""

    def __init__(self, folder: pathlib.Path, certificates: pathlib.Path):
        self.folder, self.certificates, self.process, self.port = folder, certificates, None, 0
        self.log_file = folder / "est.log"

    def start(self, *, certificate="server", authority="ca", **options) -> "Enrolments":
        at = self.certificates
        words = [f"--{key}={value}" for key, value in options.items()]
        self.process = subprocess.Popen(
            [sys.executable, HERE / "est.py", "--cert", at / f"{certificate}.pem", "--key", at / f"{certificate}.key",
             "--authority", at / f"{authority}.pem", "--authority-key", at / f"{authority}.key", "--code", CODE, "--log", self.log_file,
             "--port", str(self.port), *words], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split("port=")[1])
        return self

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def log(self) -> list[str]:
        return self.log_file.read_text().splitlines() if self.log_file.exists() else []


@pytest.fixture
def est(tmp_path, certificates):
    server = Enrolments(tmp_path, certificates)
    yield server
    server.stop()


@pytest.fixture
def bare(home):
    """A hub without a certificate."""
    home.set("CertificateFile", None)
    home.set("KeyFile", None)
    return home


def enrol(home, est, *more: str, code: str = CODE) -> subprocess.CompletedProcess:
    return home.run("enrol", "--server", est.url, "--code", code, *more)


def certificate(home, folder="enrolment") -> str:
    shown = subprocess.run(
        ["openssl", "x509", "-in", home.state / folder / "current/hub.pem", "-noout", "-serial", "-subject", "-pubkey"],
        capture_output=True, text=True, check=True)
    return shown.stdout


def test_a_hub_is_enrolled_and_delivers(bare, clinic, cuff, est):
    est.start()
    done = enrol(bare, est)
    assert done.returncode == 0, done.stderr
    assert re.search(r"key +made on this hub, and for the service alone: /", done.stdout)
    assert f"{clinic.url} has accepted it" in done.stdout
    key = bare.state / "enrolment/current/hub.key"
    assert key.stat().st_mode & 0o777 == 0o600 and (bare.state / "enrolment").stat().st_mode & 0o777 == 0o700
    # The name is the hub's own, by which the clinic knows it from its bundles.
    [line] = est.log
    operation, name, client = line.split()
    assert operation == "simpleenroll" and client == "None"
    assert re.fullmatch(r"([0-9A-F]{2}-){7}[0-9A-F]{2}", name)
    bare.start()
    measure(cuff, 120)
    eventually(lambda: clinic.blood_pressures() == [(120, 80)])
    hubs = [i["value"] for r in clinic.ask("_all")["resources"] if r["resourceType"] == "Device" for i in r["identifier"]]
    assert name in hubs


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another")
def test_what_is_typed_for_another_user_is_read():
    """Under sudo the terminal, or the pipe, is not the service's own to open."""
    done = subprocess.run(
        [for_everybody(), "decode", "--driver", "primitives", "--endpoint", "sfloat", "-"], input="7800\n", user=65534, cwd="/",
        capture_output=True, text=True)
    assert done.returncode == 0 and '"120"' in done.stdout, done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be led anywhere")
def test_root_is_not_led_elsewhere_by_what_lies_in_the_services_folder(bare, est, tmp_path):
    """Whoever has taken over the service waits for `sudo vitalsd enrol`."""
    est.start()
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "7").mkdir(parents=True)
    (elsewhere / "7" / "x").write_text("root's own")
    bare.state.mkdir(exist_ok=True)
    (bare.state / "enrolment").symlink_to(elsewhere)
    os.chown(bare.state, 65534, 65534)
    tried = enrol(bare, est)
    assert tried.returncode != 0, tried.stdout
    assert sorted(path.name for path in elsewhere.rglob("*")) == ["7", "x"]
    assert elsewhere.stat().st_uid == 0


def test_twice_is_once_and_again_is_another(bare, est):
    est.start()
    first = json.loads(enrol(bare, est, "--json").stdout)
    assert first["new"] is True and first["status"] in (200, 404)
    before = certificate(bare)
    second = json.loads(enrol(bare, est, "--json").stdout)
    assert second == first | {"new": False} and certificate(bare) == before and len(est.log) == 1
    assert enrol(bare, est, "--again").returncode == 0
    assert certificate(bare) != before and len(est.log) == 2
    # Of the key before nothing is left.
    assert len(list((bare.state / "enrolment").glob("*/hub.key"))) == 2, "one folder, and the link to it"


def test_the_code_may_come_in_by_a_pipe(bare, est):
    """So that it stands in no list of processes."""
    est.start()
    done = vitalsd("enrol", "--server", est.url, "--code", "-", "--configuration", bare.file, input=CODE + "\n")
    assert done.returncode == 0, done.stderr


def test_a_certificate_is_renewed_before_it_ends_and_the_daemon_shows_the_new_one(bare, clinic, cuff, est):
    est.start(seconds=24)
    assert enrol(bare, est).returncode == 0
    first = certificate(bare)
    bare.start()
    measure(cuff, 120)
    eventually(lambda: clinic.blood_pressures() == [(120, 80)])
    eventually(lambda: "clinic: the hub's certificate is renewed" in bare.log, within=60)
    assert certificate(bare) != first
    # Shown at the renewal: the one before; asked for: the same name with another key.
    operation, name, client = est.log[1].split()
    assert operation == "simplereenroll" and name == client
    assert certificate(bare).split("PUBLIC KEY")[1] != first.split("PUBLIC KEY")[1]
    eventually(lambda: len(est.log) > 2, within=60)
    # Connections begin anew, with what is there now.
    clinic.stop()
    clinic.start()
    measure(cuff, 121)
    bare.reload()
    eventually(lambda: clinic.blood_pressures() == [(120, 80), (121, 80)])


def test_each_clinic_has_a_certificate_of_its_own_which_renews_itself(bare, clinic, cuff, est, certificates, tmp_path):
    """Two clinics that trust nobody in common: each is shown its own, and a server that is down holds up no other."""
    place = tmp_path / "research"
    place.mkdir()
    research, second = Receiver(place, certificates, authority="other-ca"), Enrolments(place, certificates)
    try:
        bare.add(f"[Clinic research]\nURL={research.url}\nAuthorityFile={certificates}/ca.pem\nHeartbeat=infinity")
        est.start(seconds=30)
        second.start(authority="other-ca", seconds=30)
        assert enrol(bare, est).returncode == 0
        done = enrol(bare, second, "--clinic", "research", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["clinic"] == research.url
        assert len(est.log) == len(second.log) == 1
        first = {folder: certificate(bare, folder) for folder in ("enrolment", "enrolment-research")}
        assert len({shown.split("PUBLIC KEY")[1] for shown in first.values()}) == 2, "a key for each"
        est.stop()
        bare.start()
        measure(cuff, 120)
        eventually(lambda: clinic.blood_pressures() == research.blood_pressures() == [(120, 80)])
        eventually(lambda: "clinic research: the hub's certificate is renewed" in bare.log, within=60)
        eventually(lambda: "[renewal of the hub's certificate]" in bare.log, within=60)
        assert certificate(bare, "enrolment-research") != first["enrolment-research"]
        est.start(seconds=60)
        eventually(lambda: "clinic: the hub's certificate is renewed" in bare.log, within=60)
        assert certificate(bare) != first["enrolment"]
        research.stop()
        research.start()
        measure(cuff, 121)
        eventually(lambda: clinic.blood_pressures() == research.blood_pressures() == [(120, 80), (121, 80)])
    finally:
        research.stop()
        second.stop()


def test_a_renewal_that_fails_is_said_and_tried_again(bare, est):
    est.start(seconds=40)
    assert enrol(bare, est).returncode == 0
    first = certificate(bare)
    est.stop()
    bare.start()
    eventually(lambda: "[renewal of the hub's certificate]" in bare.log, within=60)
    est.start(seconds=40)
    eventually(lambda: certificate(bare) != first, within=60)


@pytest.mark.parametrize(("words", "options"), [
    ("clinic: the clinic has not approved this hub yet; ask it to, and enrol again", {"mode": "pending"}),
    ("clinic: the clinic's certificate for the hub is no good (it is not for the hub's key)", {"mode": "wrong-key"}),
    ("clinic: the clinic's certificate for the hub is no good (its authority has not signed it, or one of them is not valid now)",
     {"mode": "stranger"}),
    ("clinic: the clinic's certificate for the hub is no good (its authority has not signed it, or one of them is not valid now)",
     {"mode": "expired-ca"}),
    ("clinic: the clinic's certificate for the hub is no good (it is not for the hub's key)", {"mode": "garbage"}),
    ("clinic: the clinic's certificate is not trusted (expired)", {"certificate": "expired"}),
    ("clinic: the clinic's certificate is not trusted (it is for another host)", {"certificate": "wrong-host"}),
], ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "")  # fmt: skip
def test_what_stands_in_the_way_is_named_and_nothing_is_left_behind(bare, est, words, options):
    est.start(**options)
    refused = enrol(bare, est, "--json")
    assert refused.returncode == 69 and words in refused.stderr
    fault = json.loads(refused.stdout)
    assert f"{fault['layer']}: {fault['fault']}; {fault['remedy']}" in refused.stderr
    assert not (bare.state / "enrolment/current").exists() and not list((bare.state / "enrolment").glob("*/hub.key"))
    # Once it is mended, the same words do it.
    est.stop()
    assert enrol(bare, est.start()).returncode == 0


def test_a_wrong_code_is_named_and_told_nobody(bare, est):
    est.start()
    refused = enrol(bare, est, code="WRONG-1")
    assert refused.returncode == 69
    assert "clinic: the clinic does not accept the code (401); ask it for another" in refused.stderr
    assert "WRONG-1" not in refused.stderr + refused.stdout and est.log == []


def test_who_tried_and_what_came_of_it_is_written_down(bare, clinic, cuff, est):
    """With the daemon and without; the code is nobody's business."""
    est.start()
    enrol(bare, est, code="WRONG-1")
    bare.start()
    eventually(lambda: bare.status().get("running"))
    enrol(bare, est, code="WRONG-2")
    assert enrol(bare, est).returncode == 0
    trail = [json.loads(line) for line in bare.ask("audit", "--json").splitlines()]
    tried = [event for event in trail if event["action"] == "enrol"]
    assert [event["outcome"] for event in tried] == ["clinic.code-rejected", "clinic.code-rejected", "done"]
    assert all(event["user"] == os.getuid() and event["recorded"] for event in tried)
    assert "WRONG" not in bare.ask("audit") and CODE not in bare.ask("audit")


def test_a_server_that_is_down_is_named(bare, est):
    est.start()
    est.stop()
    assert "network: the clinic's address refuses connections" in enrol(bare, est).stderr


def test_a_server_that_offers_no_enrolment_is_named(bare, clinic):
    """The clinic's own, by mistake: it wants a certificate before it says anything, which the hub has not."""
    refused = bare.run("enrol", "--server", clinic.url, "--code", CODE)
    assert refused.returncode == 69 and refused.stderr.startswith("vitalsd: clinic: the clinic rejects this hub")


def test_a_certificate_that_the_clinic_does_not_take_is_kept_and_said(bare, clinic, est):
    """The code was good for once: what was obtained is not thrown away."""
    est.start()
    clinic.stop()
    clinic.authority = "other-ca"
    clinic.start()
    refused = enrol(bare, est)
    assert refused.returncode == 69 and "clinic: the clinic rejects this hub" in refused.stderr
    assert (bare.state / "enrolment/current/hub.pem").exists()
    clinic.stop()
    clinic.authority = "ca"
    clinic.start()
    assert json.loads(enrol(bare, est, "--json").stdout)["new"] is False


@pytest.mark.parametrize(("words", "said"), [
    (("--code", "x"), "--server wants"), (("--server", "http://clinic.example", "--code", "x"), "--server wants"),
    (("--server", "https://clinic.example"), "--code is missing"),
    (("--server", "https://clinic.example", "--code", "x", "--clinic", "nobody"), "there is no [Clinic nobody]"),
])
def test_what_is_missing_is_asked_for(bare, words, said):
    refused = bare.run("enrol", *words)
    assert refused.returncode == 64 and said in refused.stderr
