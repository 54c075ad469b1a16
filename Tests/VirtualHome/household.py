"""A home in which all is well, as the rows of EndToEnd/broken_homes.py know it, in the machine and with real parts."""

import base64
import json
import pathlib
import shlex
import shutil
import sqlite3
import subprocess
import time
from datetime import datetime, timedelta, timezone

import broken_homes
import conftest
import well_home

from .agent import Command
from .clinic import Clinic
from .home import Home, eventually
from .hub import BESIDE, Hub
from .models.cuff import Cuff
from .play import ZONE, Serial
from .usb import SerialDevice

#: Certificates that only a clinic has.
OF_THE_CLINIC = {"ca.key", "other-ca.key", "server.key", "soon.key", "wrong-host.key"}


def patiently(condition, within: float = 30, every: float = 0.05):
    """As `conftest.eventually`, with the patience that an emulated machine needs."""
    return eventually(condition, within=within * 6, pause=max(every, 0.2))


# The rows and the home that they know wait with this.
broken_homes.eventually = conftest.eventually = well_home.eventually = patiently


class File:
    """A file of the machine, with as much of `pathlib.Path` as the rows use. What is written belongs to the service."""

    def __init__(self, home: Home, path: str):
        self._home, self._path = home, path

    def __str__(self) -> str:
        return self._path

    def __truediv__(self, name: str) -> "File":
        return File(self._home, f"{self._path}/{name}")

    def _run(self, text: str) -> str:
        status, output = self._home.run(text)
        assert status == 0, output
        return output

    def read_bytes(self) -> bytes:
        return base64.b64decode(self._run(f"exec base64 {self._path}"))

    def read_text(self) -> str:
        return self.read_bytes().decode()

    def write_bytes(self, data: bytes) -> None:
        text = base64.b64encode(data).decode()
        self._run(f"base64 -d >{self._path} <<'.' && exec chown vitalsd: {self._path}\n{text}\n.\n")

    def write_text(self, text: str) -> None:
        self.write_bytes(text.encode())

    def chmod(self, mode: int) -> None:
        self._run(f"exec chmod {mode:o} {self._path}")


class Receiver(conftest.Receiver):
    """The clinic that can be stopped and show other certificates, under the name that the machine knows."""

    introduction = Clinic.introduction

    @property
    def url(self) -> str:
        return super().url.replace("localhost", "clinic.example")


class Daemon(conftest.Daemon):
    """The installed service."""

    def __init__(self, home: Home, hub: Hub):
        self.home, self.hub = home, hub
        self.file = File(home, "/etc/vitalsd/vitalsd.conf")

    @property
    def log(self) -> str:
        return self.hub.log

    def systemctl(self, verb: str) -> None:
        status, output = self.home.run(f"systemctl {verb} vitalsd")
        assert status == 0, output

    def start(self, **_more) -> "Daemon":
        self.systemctl("start")
        return self

    def stop(self, within: float = 10) -> int:
        self.systemctl("stop")
        return 0

    def hang_up(self) -> None:
        self.systemctl("reload")

    def run(self, *words: str) -> subprocess.CompletedProcess:
        status, output = self.home.run(f"exec {BESIDE} {shlex.join(words)} 2>/dev/null </dev/null")
        return subprocess.CompletedProcess(words, status, output)


class Clock:
    """The machine's own clock, and the kernel's word for it."""

    def __init__(self, home: Home):
        self._home, self.is_off = home, False
        self.environment: dict = {}

    def set(self, off: float, kept: bool) -> None:
        """Ahead of the host's by so many seconds; `kept` where a time daemon vouches for it."""
        self.is_off = not kept or off != 0
        if off == 0 and kept:
            return self._home.set_clock_right()
        # To set it is to doubt it: nobody vouches for it until somebody does.
        self._home.set_clock(datetime.now(timezone.utc) + timedelta(seconds=off))
        if kept:
            self._home.vouch()


class HouseCuff(Cuff):
    """Can simply be switched on, and its clock is that of the house."""

    def __init__(self, radio, address: str | None = None, **options):
        house = datetime.now(ZONE).replace(tzinfo=None) - datetime.now()
        super().__init__(radio, address, clock_error=house, **options)

    @property
    def ahead(self) -> timedelta:
        return self.clock_error

    @ahead.setter
    def ahead(self, ahead: timedelta) -> None:
        self.clock_error = ahead

    @property
    def is_on(self) -> bool:
        return self._every is not None

    @is_on.setter
    def is_on(self, on: bool) -> None:
        self.advertise() if on else self.silence()


class Wire(Serial):
    """The oximeter on its cable."""

    path = "/dev/ttyUSB0"
    line: SerialDevice

    def __init__(self, home: Home, clock: datetime):
        super().__init__(home)
        self.ahead = clock - datetime.now()
        self.plug()

    def unplug(self) -> None:
        self.line.unplug()

    def send(self, data: bytes) -> None:
        self.line.send(data)


class Household(well_home.Home):
    """A hub with the package installed, a cuff that is paired with it, and an oximeter on a cable."""

    def __init__(self, home: Home, folder: pathlib.Path):
        certificates = folder / "certificates"
        subprocess.run(["sh", conftest.RECEIVER / "certificates.sh", certificates], check=True)
        self.home, self.clinic = home, Receiver(folder, certificates)
        self.hub = Hub(home, self.clinic)
        for file in certificates.iterdir():
            if file.name not in OF_THE_CLINIC:
                shutil.copy(file, home.shared / "configuration")
        self.daemon = Daemon(home, self.hub)
        self.folder = self.certificates = File(home, "/etc/vitalsd")
        self.clock, self.wire = Clock(home), None
        self.begin()

    def begin(self) -> None:
        """The hub's first day."""
        self.wrapper, self.days, self.sent, self._closed = [], 0, 0, False
        self.clock.set(0, kept=True)
        # Started anew, the clinic forgets its faults and whom it trusts.
        self.clinic.stop()
        self.clinic.start()
        self.plug_network()
        if self.wire:
            self.wire.unplug()
        for peripheral in list(self.home.radio.peripherals):
            peripheral.remove()
        self.home.run("systemctl stop vitalsd")
        self.hub.install(anew=True)
        self.cuff = HouseCuff(self.home.radio)
        self.hub.pair(self.cuff)
        self.wire = Wire(self.home, self.house_time())
        self.spot_check(97)
        self.measure(120)

    def up(self, **_more) -> None:
        self._bring_back()
        self._closed = False
        self.daemon.start()
        patiently(lambda: self.daemon.status().get("running"))

    def keep(self, systolic: int, stamp: datetime | None = None) -> None:
        """The cuff measures, and the hub has it."""
        self.cuff.memory.append(self.cuff.record(stamp or self.stamp(), systolic, 80))
        again = 0.0
        while self.cuff.memory:
            if time.monotonic() > again:
                assert again < float("inf")
                again = time.monotonic() + 35
                self.cuff.go_on_air()
            time.sleep(0.1)

    # The journal lies on the machine's disk. Who wants to change it gets a copy, which is brought back before anybody looks.

    def closed_journal(self) -> pathlib.Path:
        self.daemon.stop()
        copy = self.home.shared / "journal"
        for name in ("journal", "journal-wal", "journal-shm"):
            (self.home.shared / name).unlink(missing_ok=True)
        status, output = self.home.run(f"cp /var/lib/vitalsd/journal* {self.home.shared}/")
        assert status == 0, output
        with sqlite3.connect(copy) as journal:
            journal.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        journal.close()
        self._closed = True
        return copy

    def _bring_back(self) -> None:
        if self._closed:
            status, output = self.home.run(f"""
                cd /var/lib/vitalsd && rm -f journal-wal journal-shm && cp {self.home.shared}/journal journal.new &&
                chown vitalsd: journal.new && chmod 600 journal.new && mv journal.new journal""")
            assert status == 0, output

    # Asking.

    def diagnose(self, *words: str) -> subprocess.CompletedProcess:
        """As root, as the manual says."""
        self._bring_back()
        status, output = self.home.run(f"exec vitalsd diagnose {shlex.join(words)} 2>/dev/null", within=60)
        return subprocess.CompletedProcess(words, status, output)

    def json(self) -> dict:
        return json.loads(self.diagnose("--json", "--lang", "en").stdout)

    # What the rows of this folder need.

    def run(self, text: str) -> str:
        status, output = self.home.run(text)
        assert status == 0, output
        return output

    def plug_network(self) -> None:
        """The network as DHCP would have made it."""
        self.home.set_network(True)
        self.run("ifconfig eth0 0.0.0.0; ifconfig eth0 10.0.2.15 netmask 255.255.255.0 up; route add default gw 10.0.2.2")

    def hold(self, text: str) -> Command:
        """Somebody in the machine who goes on doing something."""
        return self.home.spawn(text)

    def says(self, sentence: str, since: int = 0) -> None:
        patiently(lambda: sentence in self.daemon.log[since:])

    def another_cuff(self, address: str, **options) -> HouseCuff:
        return HouseCuff(self.home.radio, address, **options)

    def farewell(self, *cuffs: HouseCuff) -> None:
        """They leave the home, and the hub forgets them."""
        for cuff in cuffs:
            cuff.remove()
            self.daemon.ask("unbind", cuff.address, "--wipe")

    def close(self) -> None:
        self.clinic.stop()
