"""vitalsd as a hub has it: installed by `make install`, run by systemd with the shipped unit, as the shipped user."""

import shutil
import signal

from .agent import Command, Result
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
        done = self.home.run("systemctl start vitalsd")
        assert done.status == 0, self.home.run("systemctl status vitalsd; journalctl -u vitalsd").output

    def stop(self) -> None:
        done = self.home.run("systemctl stop vitalsd")
        assert done.status == 0, done.output

    def aim(self) -> Command:
        """Somebody in the machine who has the daemon's process id ready, and kills it at USR1: the way to do it at once."""
        gun = self.home.spawn(
            'p=$(systemctl show -P MainPID vitalsd); trap "kill -KILL $p; exit" USR1; echo aimed; while :; do sleep 1; done')
        eventually(lambda: "aimed" in gun.output)
        return gun

    def kill(self, gun: Command | None = None) -> None:
        """SIGKILL; systemd starts it again."""
        (gun or self.aim()).signal(signal.SIGUSR1)

    def shows(self, *properties: str) -> dict[str, str]:
        """What systemd knows of the unit."""
        status, shown = self.home.run(f"systemctl show vitalsd -p {','.join(properties)}")
        assert status == 0, shown
        return dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)

    def ask(self, words: str, within: float = 300) -> Result:
        """Another verb beside the daemon, as the user that the manual names."""
        return self.home.run(f"runuser -u vitalsd -- vitalsd {words}", within)

    def pair(self, peripheral) -> str:
        """Pairs with it, as a technician does with a kit on the table, and returns what was said.

        Up to three times: now and then the emulated radio hears or pairs nothing for a minute, and why is not known yet.
        """
        more = f" --passkey {peripheral.passkey:06}" if peripheral.passkey is not None else ""
        for _ in range(3):
            peripheral.advertise()
            status, said = self.ask(f"pair {peripheral.air_address}{more} </dev/null")
            peripheral.silence()
            if status == 0:
                break
            print(f"pairing failed: {said}")
        assert status == 0, f"{said}\n{self.log[-2000:]}"
        eventually(lambda: not peripheral.device.connections)
        return said

    def bind(self, peripheral) -> None:
        """Says only whose it is: for what needs no pairing."""
        status, said = self.ask(f"bind {peripheral.address}")
        assert status == 0, said
