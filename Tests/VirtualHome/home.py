"""The virtual home as a test sees it."""

import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from . import kernel, packages, product
from .agent import Agent, Command, Result
from .card import Card, check
from .machine import Machine, Monitor, Ports, accept, listen
from .radio import Radio
from .usb import SerialDevice

# The host's loopback as the machine sees it.
HOST = "10.0.2.2"

Value = TypeVar("Value")


def eventually(condition: Callable[[], Value], within: float = 180, pause: float = 0.1) -> Value:
    """The condition's value once it is true; fails after `within` seconds. No claim about speed: the machine may be busy."""
    end = time.monotonic() + within
    while not (value := condition()):
        assert time.monotonic() < end, f"not within {within} s"
        time.sleep(pause)
    return value


class Home:
    """One virtual machine, which can be booted again after its power was cut.

    `shared` is a folder that host and machine both write, at the same path; `/state` in the machine is an ext4 disk of which
    a power cut leaves what was flushed, and of the rest what it will (card.py). Everything else that the machine writes is
    lost with it.

    The product is there as `make install` would put it, or else `package` is installed with dpkg, as on a hub. A bare home
    boots without systemd and udev, in half the time.
    """

    def __init__(self, package: pathlib.Path | None = None, seed: int = 1, bare: bool = False):
        packages.install()
        self.is_bare = bare
        self.shared = pathlib.Path(tempfile.mkdtemp(prefix="vitalsd-home-"))
        self._package = package
        if not package:
            product.install(self.shared / "installed")
        self._kernel = kernel.prepare()
        self._first_root = self.shared / "first-root"
        kernel.first_root(self._kernel, self._first_root)
        self.disk = self.shared / "disk"
        make = ["mke2fs", "-q", "-t", "ext4", self.disk, "128M"]
        subprocess.run(make, check=True, capture_output=True, env={"PATH": "/usr/sbin:/sbin"})
        #: The disk as the machine has it; `disk` has what was flushed.
        self.card = Card(self.disk, self.shared / "card.socket", seed)
        self._ports = Ports(*(self.shared / f"{name}.socket" for name in ("monitor", "witness", "agent", "radio")))
        #: The air of the home; peripherals are made with it.
        self.radio = Radio(self._ports.radio)
        #: How often its power was cut.
        self.power_cuts = 0
        self._machine: Machine | None = None
        self._agent: Agent | None = None

    @property
    def is_up(self) -> bool:
        return self._machine is not None and self._machine.process.poll() is None

    def boot(self, clock: str | None = None) -> None:
        """Starts the machine and returns when it takes commands and has its Bluetooth adapter, hci0.

        `clock` is what its real-time clock says, as in "2031-01-01T00:00:00".
        """
        for patience in (240, 240, 600):
            agent = listen(self._ports.agent)
            agent.settimeout(patience)
            self._machine = Machine(
                self._kernel, self._first_root, self.shared, self._ports, self.card.path, clock, self.is_bare)
            try:
                self._agent = Agent(accept(agent), self.shared)
                break
            except TimeoutError:
                # An emulated kernel may stand still before its first word, where the host is busy; nothing of ours has run.
                print(f"the machine did not come up in {patience} s, its console: {self.console()[-300:]!r}", flush=True)
                self.cut_power()
        else:
            raise TimeoutError("the machine does not come up")
        self._plugged, self._neighbour = [], None
        self._journals: dict[str, list[Command]] = getattr(self, "_journals", {})
        for unit in self._journals:
            self._follow(unit)
        if self._package:
            # man-db's would read every page of the host.
            done = self.run(f"exec dpkg --no-triggers -i {self._package}")
            assert done.status == 0, done.output
        self.attach_adapter()

    def run(self, text: str, within: float = 300) -> Result:
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

    def running(self) -> list[Command]:
        """Commands of the tests that have not ended."""
        return [command for command in self._agent.running() if not command.is_ours]

    def console(self) -> str:
        """What the kernel and the first processes said since the last boot."""
        return self._machine.console.read_text(errors="replace")

    def journal(self, unit: str) -> str:
        """What a unit has said, and systemd of it, since this was first asked for, beyond power cuts."""
        if unit not in self._journals:
            self._journals[unit] = []
            self._follow(unit)
        return "".join(follower.output for follower in self._journals[unit])

    def _follow(self, unit: str) -> None:
        follower = self.spawn(f"exec journalctl -fu {unit} -n 0 -o cat")
        follower.is_ours = True
        self._journals[unit].append(follower)

    def set_clock_right(self) -> None:
        """Gives the machine the host's time: each halt of the machine has cost its clock as long as it lasted.

        The time of a change in the shared folder is the host's.
        """
        done = self.run('echo >"$shared/now" && date -u -s "@$(stat -c %.9Y "$shared/now")" && exec sh "$guest/vouch"')
        assert done.status == 0, done.output

    def vouch(self) -> None:
        """Tells the kernel that its clock is right, as a time daemon would."""
        assert self.run('exec sh "$guest/vouch"').status == 0

    def set_clock(self, to: datetime) -> None:
        """Sets the machine's wall clock; one without a zone is UTC there."""
        assert self.run(f"date -u -s '{to:%Y-%m-%d %H:%M:%S}'").status == 0

    def attach_adapter(self) -> None:
        """Gives the machine its Bluetooth adapter, as when a dongle is plugged in."""
        self._adapter = self.spawn("exec btattach -B /dev/ttyS1 -P h4 -S 115200")
        self._adapter.is_ours = True
        ready = self.run("until [ -e /sys/class/bluetooth/hci0 ]; do sleep 0.1; done")
        assert ready.status == 0, self._adapter.output

    def detach_adapter(self) -> None:
        """Takes hci0 away."""
        self._adapter.kill()

    def plug_serial(self, name: str, serial: str = "FT000001", speed: int = 9600, odd: bool = False) -> SerialDevice:
        """Plugs an FTDI converter with this USB serial number in; the machine makes a /dev/ttyUSB of it.

        `speed` and `odd` parity are those of the device behind it: see `SerialDevice`.
        """
        device = SerialDevice(self._machine, name, serial, speed, odd)
        self._plugged.append(device)
        return device

    def await_open(self, path: str, within: float = 180) -> None:
        """Waits until a process of the machine has `path` open. What reaches a converter before that is lost in it."""
        self.run(f"until ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q ' {path}$'; do sleep 0.2; done", within)

    def forward(self, port: int) -> int:
        """A port of the host's loopback that leads to this TCP port of the machine."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            here = free.getsockname()[1]
        self._machine.ask("human-monitor-command", **{"command-line": f"hostfwd_add network tcp:127.0.0.1:{here}-:{port}"})
        return here

    def set_network(self, up: bool) -> None:
        """Pulls the machine's network cable, or plugs it in."""
        self._machine.ask("set_link", name="card", up=up)

    @property
    def witness(self) -> Monitor:
        """The emulator's monitor for the radio's thread."""
        return self._machine.witness

    def slow_disk(self, writes: int) -> None:
        """Lets the machine's disk do so many writes and reads a second; 0 as many as it can.

        The throttle lets the first write after a pause through at once, and a commit that lengthens no file is one write:
        somebody else's writes see to it that the daemon's have to wait.
        """
        limits = dict.fromkeys(("bps", "bps_rd", "bps_wr", "iops_rd", "iops_wr"), 0)
        self._machine.ask("block_set_io_throttle", device="state", iops=writes, **limits)
        if self._neighbour:
            self._neighbour.kill()
            self._neighbour = None
        if writes:
            self._neighbour = self.spawn(
                "while dd if=/dev/zero of=/state/busy bs=4096 count=1 conv=notrunc oflag=direct,dsync 2>/dev/null; do :; done")

    def cut_power_at_once(self) -> None:
        """The same from another thread; `cut_power` follows."""
        self.card.cut()
        self._machine.process.kill()

    def cut_power(self) -> str:
        """The machine is gone at once, and what it had not flushed to /state is lost, or a part of it: says which.

        Then the file system is checked as a hub does when it boots.
        """
        self.power_cuts += 1
        self.card.cut()
        self._machine.cut_power()
        left = self.card.insert()
        return f"{left}, with the copy of a superblock" if check(self.disk) else left

    def tidy(self) -> None:
        """Ends every command, takes every device and stranger away, and sets clock and network right."""
        for command in self.running():
            command.kill()
        for device in self._plugged:
            device.unplug()
        self._plugged.clear()
        for peripheral in list(self.radio.peripherals):
            peripheral.remove()
        if not self._adapter.is_running:
            self.attach_adapter()
        self.set_network(True)
        self.radio.do(self.radio.crowd(0))
        self.set_clock_right()

    def close(self) -> None:
        """Ends everything and removes the shared folder."""
        self.card.cut()
        if self.is_up:
            self._machine.cut_power()
        self.radio.close()
        self.card.close()
        shutil.rmtree(self.shared)
