"""The real parts around the daemon: a receiver process that speaks TLS, certificates, a state directory."""

import atexit
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import datetime, timedelta

import pytest

from far_ends import Air, Cuff, blood_pressure

HERE = pathlib.Path(__file__).parent
RECEIVER = HERE.parent / "Receiver"

VITALSD = os.environ.get("VITALSD", "vitalsd")


@functools.cache
def for_everybody() -> str:
    """A copy of the program that every user may run: a clone in root's own folder lets in nobody else."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="vitalsd-"))
    atexit.register(shutil.rmtree, folder)
    folder.chmod(0o755)
    return shutil.copy(shutil.which(VITALSD), folder)
# What is looked for in plain output is English, wherever the tests run.
os.environ["LC_ALL"] = "C.UTF-8"


class Receiver:
    """The clinic: a process of its own that survives the daemon and can be taken away.

    `certificate` is the name of what it shows, `authority` of who must have signed the hub's.
    """

    def __init__(self, folder: pathlib.Path, certificates: pathlib.Path, certificate="server", authority="ca"):
        self.folder, self.certificates, self.process = folder, certificates, None
        self.certificate, self.authority = certificate, authority
        # Bound, and never listening: the port is this clinic's also while it is away. Nobody else is given it, not even a hub as
        # its own end, and a connection is refused as ever.
        self.place = socket.socket()
        self.place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.place.bind(("127.0.0.1", 0))
        self.port = self.place.getsockname()[1]
        self.start()

    def start(self) -> None:
        words = self.launch()
        self.port, self.control = int(words["port"]), int(words["control"])

    def launch(self) -> dict[str, str]:
        at = self.certificates
        self.process = subprocess.Popen(
            [sys.executable, RECEIVER / "receiver.py", "--port", str(self.port), "--cert", at / f"{self.certificate}.pem",
             "--key", at / f"{self.certificate}.key", "--ca", at / f"{self.authority}.pem",
             "--store", self.folder / "clinic.sqlite"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return dict(word.split("=") for word in self.process.stdout.readline().split()[1:])

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/"

    def ask(self, path: str, body: dict | None = None):
        """Through the control port, which is clear text on the loopback."""
        data = json.dumps(body).encode() if body is not None else None
        with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{self.control}/{path}", data)) as answer:
            return json.loads(answer.read() or b"null")

    def fault(self, mode: str, **more) -> None:
        self.ask("_fault", {"mode": mode, **more})

    def heal(self) -> None:
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{self.control}/_fault", method="DELETE")).close()

    @property
    def transactions(self) -> int:
        """How many were sent, whatever became of them."""
        return self.ask("_counts")["transactions"]

    def observations(self) -> list[dict]:
        return [r for r in self.ask("_all")["resources"] if r["resourceType"] == "Observation"]

    def blood_pressures(self) -> list[tuple[int, int]]:
        """Systolic and diastolic of every panel the clinic has; a double would stand twice."""
        return sorted(self.blood_pressures_as_they_came())

    def blood_pressures_as_they_came(self) -> list[tuple[int, int]]:
        panels = [o for o in self.observations() if o["code"]["coding"][0]["code"] == "150020"]
        value = lambda o, code: next(
            c["valueQuantity"]["value"] for c in o["component"] if c["code"]["coding"][0]["code"] == code)
        return [(int(value(o, "150021")), int(value(o, "150022"))) for o in panels]

    def saturations(self) -> list[int]:
        spots = [o for o in self.observations() if o["code"]["coding"][0]["code"] == "150456"]
        return sorted(int(o["valueQuantity"]["value"]) for o in spots if "valueQuantity" in o)

    def temperatures(self) -> list[float]:
        warm = [o for o in self.observations() if o["code"]["coding"][0]["code"] == "150364"]
        return sorted(o["valueQuantity"]["value"] for o in warm)

    def weights(self) -> dict[float, dict]:
        """Every weighing by what was weighed."""
        weighings = [o for o in self.observations() if o["code"]["coding"][0]["code"] == "188736"]
        return {o["valueQuantity"]["value"]: o for o in weighings}


class Daemon:
    """`vitalsd run` with a configuration of its own."""

    def __init__(self, folder: pathlib.Path, configuration: str):
        self.folder, self.process = folder, None
        self.state = folder / "state"
        self.file = folder / "vitalsd.conf"
        self.file.write_text(configuration)
        self.log_file = folder / "log"

    def set(self, key: str, value: str | None) -> None:
        """Gives a key of the configuration another value, or takes its line out."""
        line = f"{key}={value}\n" if value is not None else ""
        text, count = re.subn(rf"(?m)^{key}=.*\n", lambda _: line, self.file.read_text())
        assert count == 1, f"{key} stands {count} times in the configuration"
        self.file.write_text(text)

    def add(self, lines: str) -> None:
        self.file.write_text(self.file.read_text() + lines + "\n")

    def start(self, **more) -> "Daemon":
        """`more` is for the process: its environment, or what it does before it is the daemon."""
        with self.log_file.open("a") as log:
            self.process = subprocess.Popen([VITALSD, "run", "--configuration", self.file], stderr=log, **more)
        return self

    @property
    def log(self) -> str:
        return self.log_file.read_text() if self.log_file.exists() else ""

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def reload(self) -> None:
        """Once it runs: before it blocks its signals, one would end it."""
        eventually(lambda: self.status().get("running"))
        self.hang_up()

    def hang_up(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, within: float = 10) -> int:
        if self.is_running:
            self.process.terminate()
            self.process.wait(within)
        return self.process.returncode if self.process else 0

    def run(self, *words: str) -> subprocess.CompletedProcess:
        """Another vitalsd with the same configuration."""
        return vitalsd(*words, "--configuration", self.file)

    def ask(self, *words: str) -> str:
        return self.run(*words).stdout

    def status(self) -> dict:
        """Empty while there is nothing to say it."""
        text = self.ask("status", "--json")
        return json.loads(text) if text else {}

    def queue(self) -> list[dict]:
        return [json.loads(line) for line in self.ask("queue", "--json").splitlines()]


def vitalsd(*words: str, input: str | None = None) -> subprocess.CompletedProcess:
    return subprocess.run([VITALSD, *words], input=input, capture_output=True, text=True, check=False, timeout=30)


def eventually(condition, within: float = 30, every: float = 0.05):
    """The condition's value once it is true; fails after `within` seconds. No claim about speed."""
    end = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {within} s: {condition}"
        time.sleep(every)


def settled(home, *devices, within: float = 30) -> None:
    """The devices have told all that they remember, and nothing waits at the hub: what the clinic has then is all that comes.
    Whoever looks before may find all there, and a double still on its way."""
    eventually(lambda: not any(device.memory for device in devices), within)
    eventually(lambda: (status := home.status()).get("running") and status["pending"] == 0, within)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    subprocess.run(["sh", RECEIVER / "certificates.sh", folder], check=True)
    return folder


@pytest.fixture
def clinic(tmp_path, certificates):
    receiver = Receiver(tmp_path, certificates)
    yield receiver
    receiver.stop()


@pytest.fixture
def open_path():
    """A test's folder that every user may enter: pytest's own are closed again whenever another run of it begins."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="vitalsd-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def home(tmp_path, clinic, certificates):
    """A daemon that is not yet running; its lines and its air lie in the test's folder."""
    daemon = Daemon(tmp_path, f"""
[Clinic]
URL={clinic.url}
CertificateFile={certificates}/hub.pem
KeyFile={certificates}/hub.key
AuthorityFile={certificates}/ca.pem
Heartbeat=infinity
[Patient]
Reference=Patient/pt-4711
[Hub]
StateDirectory={tmp_path}/state
[Serial]
Lines={tmp_path}/oximeter
[Simulation]
Air={tmp_path}/air
""")
    yield daemon
    try:
        daemon.stop()
    finally:
        if daemon.is_running:
            daemon.kill()
        print(daemon.log[-4000:])


@pytest.fixture
def cuff(home, tmp_path):
    """A cuff whose clock is years off, bound, and in the air as soon as it remembers anything."""
    cuff = Cuff("00:09:1F:00:00:01", clock=datetime(2019, 3, 1))
    cuff.air = air = Air(str(tmp_path / "air"), [cuff])
    assert home.ask("bind", cuff.address, "--with-memory") == "bound\n"
    yield cuff
    air.close()


def measure(cuff, *systolic: int) -> None:
    """The cuff measures, a minute after another; diastolic 80, pulse 60."""
    with cuff.lock:
        for number in systolic:
            cuff.measured += 1
            when = datetime(2019, 2, 1) + timedelta(minutes=cuff.measured)
            cuff.memory.append(blood_pressure(number, 80, 60, when))


def pytest_terminal_summary(terminalreporter) -> None:
    """The broken homes as a table: what `vitalsd diagnose` said of each, and how many were right and cleared."""
    right, rows = 0, []
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            properties = dict(getattr(report, "user_properties", []))
            if report.when != "call" or "home" not in properties:
                continue
            right += outcome == "passed"
            said = properties.get("verdict", "not asked")
            rows.append(f"{'right' if outcome == 'passed' else 'WRONG'}  {properties['home']}: {said}")
    if rows:
        terminalreporter.write_sep("-", "broken homes")
        for line in [*sorted(rows), f"{right} of {len(rows)} verdicts right, and cleared by their remedies"]:
            terminalreporter.write_line(line)
