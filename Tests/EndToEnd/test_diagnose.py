"""The technician's verdict: which layer is broken, by which cause, and that the remedy clears it."""

import html.parser
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import jsonschema
import pytest
from broken_homes import ROWS
from conftest import VITALSD, eventually
from well_home import Home

SCHEMA = pathlib.Path(__file__).parents[2] / "Sources/vitalsd/vitalsd.docc/diagnose.schema.json"
LAYERS = {"device": 10, "pairing": 20, "hub": 30, "network": 40, "clinic": 50}


@pytest.fixture
def tmp_path(open_path):
    return open_path


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
    print(f"answered after {time.monotonic() - began:.2f} s")
    report = json.loads(answer.stdout)
    schema.validate(report)
    verdict = report["verdict"]
    said = verdict and verdict["code"]
    record_property("verdict", f"{said or 'all is well'}, exit status {answer.returncode}")
    print(well.diagnose("--lang", "da").stdout)
    assert said == code, report
    assert answer.returncode == report["status"] == (LAYERS[code.partition(".")[0]] if code else 0)
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


def test_root_looks_as_the_daemon_that_may_not_read_all_that_root_may(well):
    """The certificate was copied by root, for root alone; the service is another user's."""
    home, at = well.daemon, pathlib.Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        at.chmod(0o755)
        for key, name in (("AuthorityFile", "ca.pem"), ("CertificateFile", "hub.pem"), ("KeyFile", "hub.key")):
            shutil.copy(well.certificates / name, at / name)
            shutil.chown(at / name, "nobody")
            (at / name).chmod(0o600)
            home.set(key, str(at / name))
        home.reload()
        for path in [home.state, *home.state.rglob("*")]:
            shutil.chown(path, "nobody")
        assert well.code() is None
        shutil.chown(at / "ca.pem", "root")
        assert well.code() == "hub.certificate-unreadable"
        (at / "ca.pem").chmod(0o644)
        assert well.code() is None
    finally:
        shutil.rmtree(at)
