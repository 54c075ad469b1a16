"""The emulator: one process, its console log and its monitor."""

import json
import pathlib
import socket
import subprocess
from dataclasses import dataclass

from .kernel import Kernel

GUEST = pathlib.Path(__file__).parent / "guest"


class MonitorError(Exception):
    """qemu refused a command; `description` is its own sentence."""


@dataclass(frozen=True)
class Ports:
    """Where the host listens before the emulator starts, as paths of Unix sockets; the emulator connects to each."""

    monitor: pathlib.Path
    witness: pathlib.Path
    agent: pathlib.Path
    radio: pathlib.Path


def listen(path: pathlib.Path) -> socket.socket:
    """A listening Unix socket at `path`, in the place of an old one."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(1)
    listener.settimeout(600)
    return listener


def accept(listener: socket.socket) -> socket.socket:
    """The one connection to `listener`, which is then closed."""
    with listener:
        connection, _ = listener.accept()
    connection.settimeout(600)
    return connection


class Monitor:
    """A connection of the QEMU Machine Protocol."""

    def __init__(self, connection: socket.socket):
        self._connection = connection
        self._lines = connection.makefile("r")
        self._next()
        self.ask("qmp_capabilities")

    def _next(self) -> dict:
        """The next message: an answer or an event."""
        if not (line := self._lines.readline()):
            raise MonitorError("the emulator has ended")
        return json.loads(line)

    def ask(self, command: str, **arguments) -> dict:
        """One command, and its answer; events meanwhile are dropped."""
        self._connection.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while True:
            message = self._next()
            if "error" in message:
                raise MonitorError(message["error"]["desc"])
            if "return" in message:
                return message["return"]

    def await_event(self, name: str, **data) -> None:
        """Waits for an event whose data contain `data`."""
        while True:
            message = self._next()
            if message.get("event") == name and data.items() <= message.get("data", {}).items():
                return

    def close(self) -> None:
        self._lines.close()
        self._connection.close()


class Machine:
    """A running qemu. `shared` is the host's folder that the machine sees, writable, at the same path."""

    def __init__(
        self, kernel: Kernel, first_root: pathlib.Path, shared: pathlib.Path, ports: Ports, card: pathlib.Path,
        clock: str | None, bare: bool,
    ):
        self.console, installed = shared / "console", shared / "installed"
        monitor, witness = listen(ports.monitor), listen(ports.witness)
        command = [
            "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024",
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-kernel", kernel.image, "-initrd", first_root, "-append",
            # Self tests, mitigations and a fifth level of page tables cost seconds under emulation.
            "console=ttyS0 panic=-1 loglevel=4 cryptomgr.notests net.ifnames=0 mitigations=off no5lvl audit=0 "
            f"shared={shared} modules={kernel.modules} guest={GUEST} bare={bare or ''} systemd.unit=home.target "
            "systemd.show_status=no systemd.log_target=kmsg systemd.log_level=warning",
            "-serial", f"file:{self.console}",
            "-chardev", f"socket,id=radio,path={ports.radio}", "-serial", "chardev:radio",
            "-chardev", f"socket,id=monitor,path={ports.monitor}", "-mon", "chardev=monitor,mode=control",
            "-chardev", f"socket,id=witness,path={ports.witness}", "-mon", "chardev=witness,mode=control",
            "-device", "virtio-serial-pci", "-chardev", f"socket,id=agent,path={ports.agent}",
            "-device", "virtserialport,chardev=agent,name=agent",
            "-device", "qemu-xhci,id=xhci",
            *self._folder("root", pathlib.Path("/"), "readonly=on,multidevs=remap"),
            *self._folder("shared", shared, "multidevs=remap"),
            *(self._folder("installed", installed, "readonly=on,multidevs=remap") if installed.exists() else []),
            "-netdev", "user,id=network", "-device", "virtio-net-pci,netdev=network,id=card",
            # A disk that has a cache of its own, of which it tells the machine: it must be flushed (card.py).
            "-drive", f"driver=raw,file.driver=nbd,file.server.type=unix,file.server.path={card},"
            "if=virtio,cache=writeback,id=state",
        ]
        if clock:
            command += ["-rtc", f"base={clock}"]
        log = (shared / "emulator").open("w")
        # A group of its own: Ctrl-C is for whoever plays the home, not for what is in it.
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0)
        self._monitor = Monitor(accept(monitor))
        self.ask, self.await_event = self._monitor.ask, self._monitor.await_event
        #: A second monitor, for whoever watches from another thread.
        self.witness = Monitor(accept(witness))

    @staticmethod
    def _folder(tag: str, path: pathlib.Path, options: str) -> list[str]:
        """A folder of the host that the machine mounts by its tag."""
        return ["-fsdev", f"local,id={tag},path={path},security_model=none,{options}",
                "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]

    def cut_power(self) -> None:
        """SIGKILL: nothing in the machine has the time to finish anything."""
        self.process.kill()
        self.process.wait()
        self._monitor.close()
        self.witness.close()
