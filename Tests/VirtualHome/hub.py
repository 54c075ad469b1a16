"""vitalsd as a hub has it: installed by `make install`, run by systemd with the shipped unit, as the shipped user."""

import os
import pathlib
import re
import shlex
import shutil
import subprocess

from .agent import Command, Result
from .clinic import Clinic
from .home import Home, eventually

ROOT = pathlib.Path(__file__).parents[2]


def program() -> pathlib.Path:
    """The program that VITALSD names."""
    return pathlib.Path(shutil.which(os.environ.get("VITALSD", "vitalsd")) or "vitalsd").resolve()


class Hub:
    """The daemon in the machine. Its state is on the machine's disk, at the unit's own place."""

    def __init__(self, home: Home, clinic: Clinic, patient: str = "Patient/pt-4711", more: str = ""):
        self.home, self._clinic = home, clinic
        self._stage = home.shared / "installed"
        if not self._stage.exists():
            # As a package would be made, but of what is built already.
            subprocess.run(
                ["make", "-s", "-C", ROOT, "-o", "build", "install", f"BUILT={program().parent}", f"DESTDIR={self._stage}"],
                check=True, capture_output=True)
        configuration = self._stage / "etc" / "vitalsd"
        shutil.rmtree(configuration, ignore_errors=True)
        configuration.mkdir(parents=True)
        for name in ("hub.pem", "hub.key", "ca.pem"):
            shutil.copy(clinic.certificates / name, configuration / name)
        (configuration / "vitalsd.conf").write_text(f"""\
[Clinic]
URL={clinic.url}
CertificateFile=/etc/vitalsd/hub.pem
KeyFile=/etc/vitalsd/hub.key
AuthorityFile=/etc/vitalsd/ca.pem
[Patient]
Reference={patient}
{more}""")
        self._journal: Command | None = None
        self._heard = ""

    def install(self) -> None:
        """Puts product and configuration where they belong; to be done after every boot. State stays."""
        self._clinic.introduce(self.home)
        done = self.home.run(f"""
            cp -a {self._stage}/. / && systemd-sysusers vitalsd.conf && systemctl daemon-reload && udevadm control --reload &&
            chown vitalsd /etc/vitalsd/hub.* && chmod 400 /etc/vitalsd/hub.* &&
            mkdir -p /state/vitalsd /var/lib/vitalsd &&
            {{ mountpoint -q /var/lib/vitalsd || mount --bind /state/vitalsd /var/lib/vitalsd; }}""", within=120)
        assert done.status == 0, done.output
        # The hub is on a network with a time server, so its clock is known to be right.
        self.home.vouch_for_clock()
        self._follow()

    def forget(self) -> None:
        """Its first day again: nothing kept, nobody known."""
        self.home.run("find /var/lib/vitalsd -mindepth 1 -delete")

    def _follow(self) -> None:
        self._heard = self.log
        self._journal = self.home.spawn("exec journalctl -fu vitalsd -n 0 -o cat")
        self._journal.is_ours = True

    @property
    def log(self) -> str:
        """What the daemon and systemd said of it since the first `install`."""
        return self._heard + (self._journal.output if self._journal else "")

    def start(self) -> None:
        done = self.home.run("systemctl start vitalsd", within=90)
        assert done.status == 0, self.home.run("systemctl status vitalsd; journalctl -u vitalsd").output

    def stop(self) -> None:
        done = self.home.run("systemctl stop vitalsd", within=90)
        assert done.status == 0, done.output

    def kill(self) -> None:
        """SIGKILL, from outside; systemd starts it again."""
        self.home.spawn("systemctl kill -s KILL vitalsd")

    def shows(self, *properties: str) -> dict[str, str]:
        """What systemd knows of the unit."""
        shown = self.home.run(f"systemctl show vitalsd -p {','.join(properties)}").output
        return dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)

    def ask(self, words: str, within: float = 60) -> Result:
        """Another verb beside the daemon, as the user that the manual names."""
        return self.home.run(f"runuser -u vitalsd -- vitalsd {words}", within)

    def pair(self, peripheral) -> str:
        """Pairs with it, as a technician does with a kit on the table, and returns what was said."""
        peripheral.advertise()
        more = f" --passkey {peripheral.passkey:06}" if peripheral.passkey is not None else ""
        status, said = self.ask(f"pair {peripheral.air_address}{more} </dev/null", within=180)
        peripheral.silence()
        assert status == 0, f"{said}\n{self.log[-2000:]}"
        eventually(lambda: not peripheral.device.connections)
        return said

    def bind(self, peripheral) -> None:
        """Says only whose it is: for what needs no pairing."""
        status, said = self.ask(f"bind {peripheral.address}")
        assert status == 0, said


def exposure() -> float:
    """What `systemd-analyze security` makes of the shipped unit: 0 is perfectly shut, 10 wide open."""
    text = (ROOT / "systemd" / "vitalsd.service").read_text().replace("@BINDIR@", "/bin")
    folder = pathlib.Path(os.environ.get("TMPDIR", "/tmp")) / f"unit-{os.getpid()}"
    folder.mkdir()
    try:
        unit = folder / "vitalsd.service"
        unit.write_text(re.sub(r"(?m)^ExecStart=.*", "ExecStart=/bin/true", text))
        said = subprocess.run(
            shlex.split("systemd-analyze security --offline=true --no-pager") + [unit], capture_output=True, text=True,
            check=True).stdout
    finally:
        shutil.rmtree(folder)
    return float(re.search(r"exposure level for vitalsd.service: ([\d.]+)", said)[1])
