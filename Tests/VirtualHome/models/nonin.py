"""Nonin 3230, a fingertip oximeter that says each second what it sees, and stores nothing.

From what three public programs read of it: service 46A970E0…, ten bytes a second, numbers most significant byte first.
"""

import asyncio
import struct

from bumble.device import Connection
from bumble.gatt import Service

from ..peripheral import Peripheral

NONE = 127, 511


class Nonin3230(Peripheral):
    model = "nonin-3230"
    name = "Nonin3230_502644591"
    default_address = "00:1C:05:00:32:30"
    information = {0x2A29: "Nonin Medical, Inc.", 0x2A24: "3230", 0x2A25: "502644591", 0x2A26: "01.09"}
    options = Peripheral.options | {"settles": "seconds until it is sure of what it sees (4)"}
    settles, on_air = 4, 120.0

    def __init__(self, radio, address: str | None = None, **options):
        #: The fingers that are still to be measured: saturation and pulse.
        self.fingers: list[tuple[int, int]] = []
        #: What was written to its control point.
        self.orders: list[bytes] = []
        super().__init__(radio, address, **options)

    def measure(self, spo2: int, pulse: int) -> None:
        self.fingers.append((spo2, pulse))

    @property
    def holds(self) -> int:
        return len(self.fingers)

    @staticmethod
    def observed(spo2: int, pulse: int) -> tuple[str, dict[str, float]]:
        return "150456", {"150456": spo2}

    def services(self) -> list[Service]:
        self._seconds = self.indicated(
            "0AAD7EA0-0D60-11E2-8E3C-0002A5D5C51B", lambda _: self._asked.set(), encrypted=True, notify=True)
        order = self.characteristic("1447AF80-0D60-11E2-88B6-0002A5D5C51B", write=self._order, encrypted=True)
        return [Service("46A970E0-0D5F-11E2-8B5E-0002A5D5C51B", [self._seconds, order])]

    def _order(self, value: bytes) -> None:
        self.orders.append(value)
        if value == b"\x62NMI" and self.fingers:
            self.fingers.pop(0)
            self._done.set()

    def second(self, count: int, spo2: int, pulse: int) -> bytes:
        """Length, status, battery in tenths of a volt, pulse amplitude in hundredths, counter, saturation, pulse."""
        sure, searching = count >= self.settles, count < 2
        status = 0x51 | (0x04 if sure else 0) | (0x08 if searching else 0)
        return struct.pack(">BBBHHBH", 10, status, 30, 310, count, *(NONE if searching else (spo2, pulse)))

    async def serve(self, connection: Connection) -> None:
        self._asked, self._done = asyncio.Event(), asyncio.Event()
        await self._asked.wait()
        for count in range(120):
            if not self.fingers or self._done.is_set():
                break
            await self.device.gatt_server.notify_subscriber(
                connection, self._seconds, self.second(count, *self.fingers[0]), force=True)
            await asyncio.sleep(1)
        await connection.disconnect()
