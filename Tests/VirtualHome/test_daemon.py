"""`vitalsd run` in the virtual home: a real converter, a real udev, a disk that survives, a clinic outside."""

import os
import pathlib
import shutil
from datetime import datetime, timedelta

import pytest

from EndToEnd.far_ends import nonin_format_13

from .agent import Command, Result
from .clinic import Clinic
from .home import Home, eventually
from .usb import SerialDevice

START = datetime(2026, 11, 20, 8)


@pytest.fixture
def clinic(tmp_path):
    clinic = Clinic(tmp_path)
    yield clinic
    clinic.close()


class Daemon:
    """`vitalsd` with its state on the machine's disk; the program is the one that VITALSD names."""

    def __init__(self, home: Home, clinic: Clinic, folder: pathlib.Path):
        self._home, self._clinic = home, clinic
        self._program = pathlib.Path(shutil.which(os.environ.get("VITALSD", "vitalsd")) or "vitalsd").resolve()
        certificates = home.shared / "certificates"
        shutil.copytree(clinic.certificates, certificates, dirs_exist_ok=True)
        self._file = home.shared / "vitalsd.conf"
        self._file.write_text(f"""
[Clinic]
URL={clinic.url}
CertificateFile={certificates}/hub.pem
KeyFile={certificates}/hub.key
AuthorityFile={certificates}/ca.pem
Heartbeat=infinity
[Patient]
Reference=Patient/pt-4711
[Hub]
StateDirectory=/state/beside
""")
        home.run("rm -rf /state/beside")

    def start(self) -> Command:
        """Starts it; whatever is done next waits for what it does by itself."""
        return self._home.spawn(f"{self._clinic.introduction}; exec {self._program} run --configuration {self._file}")

    def plug_oximeter(self) -> SerialDevice:
        """Plugs an oximeter in and waits until the daemon listens to it as it talks."""
        oximeter = self._home.plug_serial("oximeter")
        self._home.await_open("/dev/ttyUSB0")
        eventually(lambda: oximeter.converter == oximeter.settings)
        return oximeter

    def ask(self, words: str) -> Result:
        """Another verb, beside the daemon that runs."""
        return self._home.run(f"{self._program} {words} --configuration {self._file}")


@pytest.fixture
def daemon(home, clinic, tmp_path):
    return Daemon(home, clinic, tmp_path)


def test_an_oximeter_is_plugged_in_pulled_and_plugged_in_again(home, clinic, daemon):
    run = daemon.start()
    oximeter = daemon.plug_oximeter()
    oximeter.send(nonin_format_13(97, 72, START))
    eventually(lambda: clinic.saturations() == [97])
    oximeter.unplug()
    eventually(lambda: "/dev/ttyUSB0 is gone" in run.output)
    oximeter = daemon.plug_oximeter()
    oximeter.send(nonin_format_13(93, 80, START + timedelta(hours=1)))
    eventually(lambda: clinic.saturations() == [97, 93])
    assert run.stop().status == 0


@pytest.mark.long
def test_a_loose_contact_does_not_make_two_listeners(home, clinic, daemon):
    """The converter comes back sooner than whoever had the line before looks again; the two would take each other's bytes."""
    run = daemon.start()
    for _ in range(3):
        daemon.plug_oximeter().unplug()
    oximeter = daemon.plug_oximeter()
    oximeter.send(nonin_format_13(96, 71, START))
    eventually(lambda: clinic.saturations() == [96])
    home.run("sleep 5")
    assert "held by another program" not in run.output


@pytest.mark.long
def test_an_oximeter_that_was_silent_at_first_is_understood(home, clinic, daemon):
    """What it says is said once, so the line must be set for it while nothing is heard."""
    run = daemon.start()
    oximeter = daemon.plug_oximeter()
    home.run("sleep 10")
    oximeter.send(nonin_format_13(95, 70, START))
    eventually(lambda: clinic.saturations() == [95])
    assert "belongs to no known device" not in run.output


def test_what_was_kept_before_a_power_cut_is_delivered_once_after_it(home, clinic, daemon):
    daemon.start()
    home.set_network(False)
    oximeter = daemon.plug_oximeter()
    oximeter.send(nonin_format_13(91, 66, START))
    eventually(lambda: "nothing waits" not in daemon.ask("queue").output)
    home.cut_power()
    assert clinic.saturations() == []
    home.boot()
    daemon.start()
    eventually(lambda: clinic.saturations() and "nothing waits" in daemon.ask("queue").output)
    assert clinic.saturations() == [91]
