"""A home in which all is well, for tests that break something in it."""

import contextlib
import json
import pathlib
import shutil
import sqlite3
import subprocess
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from conftest import VITALSD, eventually
from far_ends import Air, Cuff, Nonin, blood_pressure, nonin_format_13
from test_time import HubClock


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
        assert daemon.ask("bind", self.cuff.address, "--with-memory") == "bound\n"
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
