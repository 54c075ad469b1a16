"""The virtual home as a test sees it."""

import pathlib
import shutil
import subprocess
import tempfile

from . import kernel, packages
from .agent import Agent, Command, Result
from .machine import Machine, Ports, accept, listen

# The host's loopback as the machine sees it.
HOST = "10.0.2.2"


class Home:
    """One virtual machine, which can be booted again after its power was cut.

    `shared` is a folder that host and machine both write, at the same path; `/state` in the machine is an ext4 disk that
    survives a power cut. Everything else that the machine writes is lost with it.
    """

    def __init__(self):
        packages.install()
        self.shared = pathlib.Path(tempfile.mkdtemp(prefix="vitalsd-home-"))
        self._kernel = kernel.prepare()
        self._first_root = self.shared / "first-root"
        kernel.first_root(self._kernel, self._first_root)
        self._disk = self.shared / "disk"
        subprocess.run(["mke2fs", "-q", "-t", "ext4", self._disk, "128M"], check=True, env={"PATH": "/usr/sbin:/sbin"})
        self._ports = Ports(*(self.shared / f"{name}.socket" for name in ("monitor", "agent", "radio")))
        self._machine: Machine | None = None
        self._agent: Agent | None = None

    @property
    def is_up(self) -> bool:
        return self._machine is not None and self._machine.process.poll() is None

    def boot(self, clock: str | None = None, forwards: dict[int, int] | None = None) -> None:
        """Starts the machine and returns when it takes commands.

        `clock` is what its real-time clock says, as in "2019-01-01T00:00:00"; `forwards` leads ports of the host's loopback
        to ports of the machine.
        """
        agent = listen(self._ports.agent)
        self._machine = Machine(
            self._kernel, self._first_root, self.shared, self._ports, self._disk, forwards or {}, clock)
        self._agent = Agent(accept(agent), self.shared)

    def run(self, text: str, within: float = 60) -> Result:
        """Runs a shell command in the machine to its end, or kills it after `within` seconds and raises TimeoutError."""
        command = self.spawn(text)
        try:
            return command.wait(within)
        except TimeoutError:
            command.kill()
            raise

    def spawn(self, text: str) -> Command:
        """Starts a shell command in the machine and lets it run."""
        return self._agent.start(text)

    def cut_power(self) -> None:
        """The machine is gone at once; what it had not synced to /state is lost."""
        self._machine.cut_power()

    def close(self) -> None:
        """Ends everything and removes the shared folder."""
        if self.is_up:
            self.cut_power()
        shutil.rmtree(self.shared)
