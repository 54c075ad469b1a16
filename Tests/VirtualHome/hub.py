"""vitalsd as a hub has it: installed by `make install`, run by systemd with the shipped unit, as the shipped user."""

import shutil

from .agent import Result
from .clinic import Clinic
from .home import Home, eventually

class Hub:
    """The daemon in the machine. Its state is on the machine's disk, at the unit's own place."""

    def __init__(self, home: Home, clinic: Clinic, patient: str = "Patient/pt-4711", more: str = ""):
        self.home, self._clinic = home, clinic
        configuration = self._configuration = home.shared / "configuration"
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
        self._begun = len(home.journal("vitalsd"))

    def install(self) -> None:
        """Puts the configuration where it belongs; to be done after every boot. State stays."""
        self._clinic.introduce(self.home)
        done = self.home.run(f"""
            rm -rf /etc/vitalsd && cp -r {self._configuration} /etc/vitalsd &&
            chown -R vitalsd /etc/vitalsd && chmod 400 /etc/vitalsd/*.*""")
        assert done.status == 0, done.output

    def forget(self) -> None:
        """Its first day again: nothing kept, nobody known."""
        self.home.run("find /var/lib/vitalsd -mindepth 1 -delete")

    @property
    def log(self) -> str:
        """What the daemon and systemd have said of it since this was made."""
        return self.home.journal("vitalsd")[self._begun:]

    def start(self) -> None:
        done = self.home.run("systemctl start vitalsd", within=180)
        assert done.status == 0, self.home.run("systemctl status vitalsd; journalctl -u vitalsd").output

    def stop(self) -> None:
        done = self.home.run("systemctl stop vitalsd", within=180)
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
