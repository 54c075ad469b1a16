"""The technician's verdict: which layer is broken, by which cause, and that the remedy clears it."""

import contextlib
import html.parser
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from broken_homes import ROWS
from conftest import VITALSD, eventually
from far_ends import Air, Cuff, Nonin, blood_pressure, nonin_format_13
from test_time import HubClock

SCHEMA = pathlib.Path(__file__).parents[2] / "Sources/vitalsd/vitalsd.docc/diagnose.schema.json"
LAYERS = {"device": 10, "pairing": 20, "hub": 30, "network": 40, "clinic": 50}


class Home:
    """A home in which all is well: a cuff in the air and an oximeter on a cable, both delivered something just now."""

    def __init__(self, daemon, clinic, certificates, folder):
        self.daemon, self.clinic, self.certificates, self.folder = daemon, clinic, certificates, folder
        self.clock = HubClock(folder)
        self.clock.set(0, kept=True)
        self.wrapper, self.days = [], 0
        self.wire = Nonin(str(folder / "oximeter"), self.house_time())
        self.cuff = Cuff("00:09:1F:00:00:01", clock=self.house_time())
        self.air = Air(str(folder / "air"), [self.cuff])
        self.sent = 0
        assert daemon.ask("bind", self.cuff.address) == "bound\n"
        self.up()
        self.spot_check(97)
        self.measure(120)

    def house_time(self) -> datetime:
        """What a clock on the wall of the house shows."""
        return datetime.now(ZoneInfo("Europe/Copenhagen")).replace(tzinfo=None) + timedelta(days=self.days)

    def up(self, **more) -> None:
        self.daemon.start(env=self.clock.environment, **more)
        eventually(lambda: self.daemon.status().get("running"))

    def restart(self) -> None:
        self.daemon.stop()
        self.up()

    def set(self, key: str, value: str) -> None:
        self.daemon.set(key, value)
        self.daemon.reload()

    def show(self, name: str) -> None:
        """The hub shows another certificate."""
        self.daemon.set("CertificateFile", f"{self.certificates}/{name}.pem")
        self.set("KeyFile", f"{self.certificates}/{name}.key")

    def stamp(self) -> datetime:
        self.sent += 1
        return self.cuff.clock.replace(microsecond=0) - timedelta(minutes=30) + timedelta(seconds=self.sent)

    def keep(self, systolic: int, stamp: datetime | None = None) -> None:
        """The cuff measures, and the hub has it."""
        with self.cuff.lock:
            self.cuff.memory.append(blood_pressure(systolic, 80, 60, stamp or self.stamp()))
        # A visit that hangs ends after half a minute, and the next comes after a rest.
        eventually(lambda: not self.cuff.memory, within=90)

    def measure(self, systolic: int) -> None:
        """The same, and the clinic has it too."""
        self.keep(systolic)
        eventually(lambda: (systolic, 80) in self.clinic.blood_pressures())

    def spot_check(self, spo2: int, low_battery=False) -> None:
        """The oximeter measures and says it until the hub has it: a line may be set for another device at first."""
        before = self.total()
        when = datetime.now() + self.wire.ahead
        frame = bytearray(nonin_format_13(spo2, 70, when.replace(microsecond=0)))
        if low_battery:
            frame[15] |= 0x01
            frame[20] = sum(frame[6:20]) & 0xFF
        self.wire.send(bytes(frame))
        eventually(lambda: self.total() > before)

    def total(self) -> int:
        status = self.daemon.status()
        states = ["pending", "accepted", "refused", "unassigned", "undecoded", "withheld"]
        return sum(status.get(state, 0) for state in states)

    def plug_again(self, ahead: timedelta) -> None:
        """The oximeter with another clock."""
        self.wire.unplug()
        eventually(lambda: "is gone" in self.daemon.log)
        self.wire.ahead += ahead
        self.wire.plug()

    def later(self, days: int) -> None:
        """Days pass, in which the daemon is started anew."""
        self.daemon.stop()
        self.days += days
        self.clock.set(86_400 * self.days, kept=True)
        self.wire.ahead += timedelta(days=days)
        self.cuff.ahead += timedelta(days=days)
        self.up()

    def closed_journal(self) -> pathlib.Path:
        """The journal of a daemon that has ended, in one file."""
        self.daemon.stop()
        path = self.daemon.state / "journal"
        with sqlite3.connect(path) as journal:
            journal.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path

    @contextlib.contextmanager
    def small_disk(self):
        """The state directory on a file system of its own."""
        self.daemon.stop()
        state = self.daemon.state
        aside = state.with_name("aside")
        state.rename(aside)
        state.mkdir(mode=0o700)
        mount = ["mount", "-t", "tmpfs", "-o", "size=64m,mode=700", "tmpfs", state]
        if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            state.rmdir()
            aside.rename(state)
            pytest.skip("no file system can be mounted here")
        try:
            for file in aside.iterdir():
                if file.is_file():
                    shutil.copy(file, state)
            self.up()
            yield state
        finally:
            self.finish = lambda: (self.daemon.stop(), subprocess.run(["umount", "--lazy", state], check=True))

    def finish(self) -> None:
        pass

    def give_to_nobody(self) -> None:
        """All that the daemon reads and writes, to a user who may not use the cable."""
        keys = self.folder / "keys"
        shutil.copytree(self.certificates, keys)
        for path in [self.folder, *self.folder.rglob("*")]:
            if not path.is_symlink():
                shutil.chown(path, "nobody", "nogroup")
        for parent in self.folder.parents:
            if parent.stat().st_uid == os.getuid() and str(parent) != "/":
                parent.chmod(parent.stat().st_mode | 0o011)
        for key, name in [("CertificateFile", "hub.pem"), ("KeyFile", "hub.key"), ("AuthorityFile", "ca.pem")]:
            self.daemon.set(key, f"{keys}/{name}")

    # MARK: asking

    def diagnose(self, *words: str) -> subprocess.CompletedProcess:
        command = [*self.wrapper, VITALSD, "diagnose", "--configuration", self.daemon.file, *words]
        return subprocess.run(
            command, env=self.clock.environment, capture_output=True, text=True, check=False, timeout=30)

    def json(self) -> dict:
        return json.loads(self.diagnose("--json", "--lang", "en").stdout)

    def code(self) -> str | None:
        verdict = self.json()["verdict"]
        return verdict and verdict["code"]

    def finding(self, part: str, code: str | None, words: str = "") -> dict | None:
        found = [each for each in self.json()["findings"] if each["part"] == part and each["code"] == code]
        return next((each for each in found if words in each["evidence"]), None)

    def close(self) -> None:
        self.air.close()
        self.finish()


@pytest.fixture
def well(home, clinic, certificates, tmp_path):
    whole = Home(home, clinic, certificates, tmp_path)
    yield whole
    whole.close()


@pytest.fixture(scope="module")
def schema():
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("words, code, breaking", ROWS)
def test_the_verdict_names_the_layer_and_the_cause_and_the_remedy_clears_it(
        well, schema, words, code, breaking, record_property):
    if well.code() is not None:
        eventually(lambda: well.code() is None, within=10, every=0.5)
    broken, allowed = breaking(well), set()
    next(broken)
    # For the table that `conftest.py` prints when all have run.
    record_property("home", words)
    began = time.monotonic()
    answer = well.diagnose("--json", "--lang", "en")
    took = time.monotonic() - began
    report = json.loads(answer.stdout)
    schema.validate(report)
    verdict = report["verdict"]
    said = verdict and verdict["code"]
    record_property("verdict", f"{said or 'all is well'}, exit status {answer.returncode}")
    print(well.diagnose("--lang", "da").stdout)
    assert said == code, report
    assert answer.returncode == report["status"] == (LAYERS[code.partition(".")[0]] if code else 0)
    assert took < 10
    if code:
        assert verdict["layer"] == code.partition(".")[0]
    try:
        next(broken)
    except StopIteration as end:
        allowed = end.value or set()
    eventually(lambda: (well.code() or "") in allowed | {""}, every=0.5)


# MARK: how it is told


def test_nothing_of_a_person_is_told_unless_asked_for(well):
    page = well.folder / "page.html"
    for words in (["--json"], [], ["--html", str(page)]):
        for language in ("en", "da"):
            answer = well.diagnose("--lang", language, *words)
            for text in (answer.stdout, page.read_text() if page.exists() else ""):
                text = text.replace(str(well.folder), "")
                assert "4711" not in text and "00:09:1F:00:00:01" not in text and "MDC_" not in text
    assert "00:09:1F:…:01" in well.diagnose("--json").stdout
    told = json.loads(well.diagnose("--json", "--with-readings").stdout)
    assert told["tellsAll"] and any("120" in value for device in told["devices"] for value in device["values"])
    assert any(device["address"].endswith("00:09:1F:00:00:01") for device in told["devices"])


class Page(html.parser.HTMLParser):
    """Whether every element is closed in its order, and what there is."""

    VOID = {"meta", "line", "circle", "rect"}

    def __init__(self, text: str):
        super().__init__()
        self.open, self.tags = [], []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attributes:
            assert not name.startswith("on") and "://" not in (value or "")

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


@pytest.mark.parametrize("language", ["da", "en"])
def test_the_page_needs_nothing_else(well, language):
    file = well.folder / "page.html"
    assert well.diagnose("--lang", language, "--html", str(file)).returncode == 0
    text = file.read_text()
    page = Page(text)
    assert page.tags.count("svg") >= 2 and not {"script", "img", "link", "iframe"} & set(page.tags)
    assert f'<html lang="{language}">' in text and "url(" not in text
    assert ("Alt er i orden." if language == "da" else "All is well.") in text


def test_the_language_is_the_environments(well):
    environment = {key: value for key, value in well.clock.environment.items() if not key.startswith(("LC_", "LANG"))}
    ask = lambda **more: subprocess.run(
        [VITALSD, "diagnose", "--configuration", well.daemon.file], env=environment | more, capture_output=True,
        text=True, check=False).stdout.splitlines()[0]
    assert ask() == ask(LANG="C.UTF-8") == "All is well."
    assert ask(LANG="da_DK.UTF-8") == "Alt er i orden."
    assert ask(LANG="da_DK.UTF-8", LC_MESSAGES="en_GB.UTF-8") == "All is well."
    assert ask(LANG="en_GB.UTF-8", LC_ALL="da_DK.UTF-8") == "Alt er i orden."


def test_lines_fit_a_terminal_and_dates_are_the_countrys(well):
    well.clinic.stop()
    danish, english = (well.diagnose("--lang", language).stdout for language in ("da", "en"))
    for text in (danish, english):
        # A path is not torn.
        assert all(len(line) <= 80 or str(well.folder) in line for line in text.splitlines())
    assert danish.startswith("FEJL: Netværk") and english.startswith("FAULT: Network")
    assert re.search(r"\d+\.\d+\.20\d\d kl\. \d\d\.\d\d", danish) and re.search(r"\d+ [A-Z][a-z][a-z] 20\d\d \d\d:\d\d", english)
    assert re.search(r"\d,\d [MG]B", danish) and not re.search(r"\d\.\d [MG]B", danish)


def test_every_code_is_explained():
    answer = subprocess.run([VITALSD, "explain", "hub.disk-full", "--lang", "da"], capture_output=True, text=True, check=False)
    assert answer.returncode == 0 and answer.stdout.startswith("hub.disk-full\nHubbens disk er fuld")
    answer = subprocess.run([VITALSD, "explain", "hub.disk-ful"], capture_output=True, text=True, check=False)
    assert answer.returncode == 64 and "the nearest is hub.disk-full" in answer.stderr
