"""vitalsd as a hub has it: installed by `make install`, run by systemd with the shipped unit, as the shipped user; and bare."""

import json
import shutil
import signal

from .agent import Command, Result
from .clinic import Clinic
from .home import Home, eventually

# Another verb of the program, as the user that the manual names; sudo and runuser would load all of PAM first.
BESIDE = "setpriv --reuid=vitalsd --regid=vitalsd --init-groups vitalsd"


class Hub:
    """The daemon in the machine. Its state is on the machine's disk, at the unit's own place."""

    beside = BESIDE

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
Heartbeat=infinity
[Patient]
Reference={patient}
{more}""")
        self._begun = len(self._said)

    def install(self, anew: bool = False) -> None:
        """Puts the configuration where it belongs, to be done after every boot, and starts the daemon. State stays, unless it is
        the hub's first day again: nothing kept, nobody known."""
        forgotten = "find /var/lib/vitalsd -mindepth 1 -delete &&" if anew else ""
        done = self.home.run(f"""
            {self._clinic.introduction}
            {forgotten} rm -rf /etc/vitalsd && cp -r {self._configuration} /etc/vitalsd &&
            chown -R vitalsd /etc/vitalsd && chmod 400 /etc/vitalsd/*.* && systemctl start vitalsd ||
            {{ systemctl status vitalsd; journalctl -u vitalsd; false; }}""")
        assert done.status == 0, done.output

    @property
    def _said(self) -> str:
        return self.home.journal("vitalsd")

    @property
    def log(self) -> str:
        """What the daemon and systemd have said of it since this was made."""
        return self._said[self._begun:]

    def reload(self) -> None:
        """Makes it read its configuration again."""
        self.home.run("exec systemctl reload vitalsd")

    def stop(self) -> None:
        done = self.home.run("systemctl stop vitalsd")
        assert done.status == 0, done.output

    def aim(self) -> Command:
        """Somebody in the machine who kills the daemon at each USR1 and says `shot`: the way to do it at once."""
        gun = self.home.spawn(
            "trap 'read p </sys/fs/cgroup/system.slice/vitalsd.service/cgroup.procs && kill -KILL $p; echo shot' USR1;"
            "echo aimed; while :; do sleep 1; done")
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
        return self.home.run(f"exec {self.beside} {words}", within)

    def pending(self) -> int | None:
        """How many readings wait for the clinic; None where nobody can say."""
        said = self.ask("status --json 2>/dev/null </dev/null").output
        return json.loads(said)["pending"] if said else None

    def pair(self, peripheral, again: bool = False) -> str:
        """Pairs with it, as a technician does with a kit on the table, and returns what was said. `again` without its passkey,
        which the hub has kept. What it remembers is of its person, however old its clock says that is."""
        more = f" --passkey {peripheral.passkey:06}" if peripheral.passkey is not None and not again else ""
        peripheral.advertise()
        status, said = self.ask(f"pair {peripheral.air_address}{more} --with-memory </dev/null")
        peripheral.silence()
        assert status == 0, f"{said}\n{self.log[-2000:]}"
        eventually(lambda: not peripheral.device.connections)
        return said

    def bind(self, *peripherals) -> None:
        """Says only whose they are, with what they remember: for what needs no pairing."""
        done = self.home.run(
            " && ".join(f"{self.beside} bind {peripheral.address} --with-memory" for peripheral in peripherals))
        assert done.status == 0, done.output


class BareHub(Hub):
    """The same daemon in a bare home, as root and with nobody who starts it again. Without udev it hears only of the serial
    line that is configured."""

    beside = "vitalsd"

    def __init__(self, home: Home, clinic: Clinic, patient: str = "Patient/pt-4711", more: str = ""):
        self._lives: list[Command] = []
        super().__init__(home, clinic, patient, f"{more}[Serial]\nLines=/dev/ttyUSB0\n")

    def install(self, anew: bool = False) -> None:
        forgotten = "-mindepth 1" if anew else "-name control"
        done = self.home.run(f"""
            {self._clinic.introduction}
            find /var/lib/vitalsd {forgotten} -delete; rm -rf /etc/vitalsd && cp -r {self._configuration} /etc/vitalsd""")
        assert done.status == 0, done.output
        life = self.home.spawn("exec vitalsd run")
        self._lives.append(life)
        ready = self.home.run("until [ -S /var/lib/vitalsd/control ]; do sleep 0.05; done")
        assert ready.status == 0 and life.is_running, life.output

    @property
    def _said(self) -> str:
        return "".join(life.output for life in self._lives)

    def reload(self) -> None:
        self._lives[-1].signal(signal.SIGHUP)
