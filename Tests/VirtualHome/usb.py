"""Serial devices behind a USB converter that is plugged into the machine and pulled again."""

import os
import pty
import select
import termios
import time
import tty

from .machine import Machine

SPEEDS = {getattr(termios, f"B{speed}"): speed for speed in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)}


class SerialDevice:
    """The far end of an FTDI converter (0403:6001, driver ftdi_sio): what is sent here arrives at its tty.

    The device talks with one `speed`, and with `odd` parity or without. While the machine has set the converter otherwise,
    bytes arrive in both directions, as on a real line, but not the same ones.
    """

    def __init__(self, machine: Machine, name: str, serial: str, speed: int, odd: bool):
        self.name, self.settings = name, (speed, odd)
        self._machine = machine
        # The emulator sets its side of the pty as the machine sets the converter; the settings can be read on this side.
        self._line, self._far = pty.openpty()
        tty.setraw(self._far)
        machine.ask("chardev-add", id=name, backend={"type": "serial", "data": {"device": os.ttyname(self._far)}})
        machine.ask("device_add", driver="usb-serial", id=name, chardev=name, bus="xhci.0", serial=serial)
        self.is_plugged = True

    @property
    def converter(self) -> tuple[int, bool]:
        """Speed and odd parity as the machine has set them. Even parity cannot be told from none: a pty forgets it."""
        _, _, control, _, speed, _, _ = termios.tcgetattr(self._line)
        return SPEEDS.get(speed, 0), bool(control & termios.PARODD)

    def _through(self, data: bytes) -> bytes:
        """What a receiver makes of bytes: the same ones where both sides are set alike."""
        return data if self.converter == self.settings else bytes(byte ^ 0xA5 for byte in data)

    def send(self, data: bytes) -> None:
        """Sends bytes to the machine; they are lost where nobody has the tty open."""
        data = self._through(data)
        while data:
            data = data[os.write(self._line, data):]

    def receive(self, count: int, within: float = 120) -> bytes:
        """Exactly `count` bytes that the machine wrote; TimeoutError if they do not come."""
        data, end = b"", time.monotonic() + within
        while len(data) < count:
            ready, _, _ = select.select([self._line], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise TimeoutError(f"{len(data)} of {count} bytes within {within} s")
            data += self._through(os.read(self._line, count - len(data)))
        return data

    def forget(self) -> None:
        """The machine is gone that it was plugged into."""
        if self.is_plugged:
            self.is_plugged = False
            os.close(self._line)
            os.close(self._far)

    def unplug(self) -> None:
        """Pulls the converter; the tty is gone when the machine has let go of it."""
        if self.is_plugged:
            self.is_plugged = False
            self._machine.ask("device_del", id=self.name)
            self._machine.await_event("DEVICE_DELETED", device=self.name)
            self._machine.ask("chardev-remove", id=self.name)
            os.close(self._line)
            os.close(self._far)
