"""The real parts around the daemon: a receiver process that speaks TLS, certificates, a state directory."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

HERE = pathlib.Path(__file__).parent
RECEIVER = HERE.parent / "Receiver"
sys.path.insert(0, str(HERE))

VITALSD = os.environ.get("VITALSD", "vitalsd")


class Receiver:
    """The clinic: a process of its own that survives the daemon and can be taken away."""

    def __init__(self, folder: pathlib.Path, certificates: pathlib.Path, port: int = 0):
        self.folder, self.certificates, self.port, self.process = folder, certificates, port, None
        self.start()

    def start(self) -> None:
        at = self.certificates
        self.process = subprocess.Popen(
            [sys.executable, RECEIVER / "receiver.py", "--port", str(self.port), "--cert", at / "server.pem",
             "--key", at / "server.key", "--ca", at / "ca.pem", "--store", self.folder / "clinic.sqlite"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        words = dict(word.split("=") for word in self.process.stdout.readline().split()[1:])
        self.port, self.control = int(words["port"]), int(words["control"])

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

    def observations(self) -> list[dict]:
        return [r for r in self.ask("_all")["resources"] if r["resourceType"] == "Observation"]

    def blood_pressures(self) -> list[tuple[int, int]]:
        """Systolic and diastolic of every panel the clinic has; a double would stand twice."""
        panels = [o for o in self.observations() if o["code"]["coding"][0]["code"] == "150020"]
        value = lambda o, code: next(
            c["valueQuantity"]["value"] for c in o["component"] if c["code"]["coding"][0]["code"] == code)
        return sorted((int(value(o, "150021")), int(value(o, "150022"))) for o in panels)

    def saturations(self) -> list[int]:
        spots = [o for o in self.observations() if o["code"]["coding"][0]["code"] == "150456"]
        return sorted(int(o["valueQuantity"]["value"]) for o in spots if "valueQuantity" in o)


class Daemon:
    """`vitalsd run` with a configuration of its own."""

    def __init__(self, folder: pathlib.Path, configuration: str):
        self.folder, self.process = folder, None
        self.state = folder / "state"
        self.file = folder / "vitalsd.conf"
        self.file.write_text(configuration)
        self.log = folder / "log"

    def start(self) -> "Daemon":
        self.process = subprocess.Popen([VITALSD, "run", "--configuration", self.file], stderr=self.log.open("a"))
        return self

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, within: float = 10) -> int:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(within)
        return self.process.returncode if self.process else 0

    def ask(self, *words: str) -> str:
        return subprocess.run(
            [VITALSD, *words, "--configuration", self.file], capture_output=True, text=True, check=False).stdout


def eventually(condition, within: float = 30, every: float = 0.05):
    """The condition's value once it is true; fails after `within` seconds. No claim about speed."""
    end = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"not within {within} s: {condition}"
        time.sleep(every)


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
def home(tmp_path, clinic, certificates):
    """A daemon that is not yet running; its lines and its air lie in the test's folder."""
    daemon = Daemon(tmp_path, f"""
[Clinic]
URL={clinic.url}
CertificateFile={certificates}/hub.pem
KeyFile={certificates}/hub.key
AuthorityFile={certificates}/ca.pem
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
    daemon.stop()
    print(daemon.log.read_text()[-4000:] if daemon.log.exists() else "")
