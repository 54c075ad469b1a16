"""Serial devices behind a USB converter that is plugged into the machine and pulled again."""

import pathlib
import socket

from .machine import Machine, accept, listen


class SerialDevice:
    """The far end of an FTDI converter (0403:6001, driver ftdi_sio): what is sent here arrives at its tty."""

    def __init__(self, machine: Machine, folder: pathlib.Path, name: str, serial: str):
        self.name = name
        self._machine = machine
        path = folder / f"{name}.socket"
        listener = listen(path)
        address = {"type": "unix", "data": {"path": str(path)}}
        machine.ask("chardev-add", id=name, backend={"type": "socket", "data": {"addr": address, "server": False}})
        self.line = accept(listener)
        machine.ask("device_add", driver="usb-serial", id=name, chardev=name, bus="xhci.0", serial=serial)

    def send(self, data: bytes) -> None:
        self.line.sendall(data)

    def receive(self, count: int, within: float = 10) -> bytes:
        """Exactly `count` bytes that the machine wrote; TimeoutError if they do not come."""
        self.line.settimeout(within)
        data = b""
        while len(data) < count:
            if not (more := self.line.recv(count - len(data))):
                raise EOFError(f"the line ended after {len(data)} of {count} bytes")
            data += more
        return data

    def unplug(self) -> None:
        """Pulls the converter; the tty is gone when the machine has let go of it."""
        if self.line.fileno() < 0:
            return
        self._machine.ask("device_del", id=self.name)
        self._machine.await_event("DEVICE_DELETED", device=self.name)
        self._machine.ask("chardev-remove", id=self.name)
        self.line.close()
