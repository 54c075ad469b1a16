"""A glucose meter with nothing but the standard service (Glucose Service 1.0.1): it is asked for its records."""

import asyncio
import struct
from datetime import datetime, timedelta

from bumble.device import Connection
from bumble.gatt import Service

from ..peripheral import Peripheral
from .recorder import date_time


class GlucoseMeter(Peripheral):
    model = "sig-glp"
    name = "Glucose meter"
    default_address = "00:5F:BF:00:00:01"
    advertised = (0x1808,)
    information = {0x2A29: "Example", 0x2A24: "GLP-1", 0x2A25: "2"}
    options = Peripheral.options | {"clock_error": "seconds that its clock is ahead (0)"}
    on_air = 60.0

    def __init__(self, radio, address: str | None = None, **options):
        options["clock_error"] = timedelta(seconds=options.get("clock_error", 0))
        self.records: list[bytes] = []
        self._told = 0
        super().__init__(radio, address, **options)

    def measure(self, glucose: int) -> None:
        """In mg/dL, of capillary blood from a finger: flags, sequence, base time, time offset, kg/L, type and location."""
        # Concentration in kg/L: milligrams a decilitre times ten to the minus five.
        amount = 0xB000 | glucose
        self.records.append(
            struct.pack("<BH", 0x03, len(self.records) + 1) + date_time(datetime.now() + self.clock_error)
            + struct.pack("<hHB", 0, amount, 0x11))

    @property
    def holds(self) -> int:
        return len(self.records) - self._told

    @staticmethod
    def observed(glucose: int) -> tuple[str, dict[str, float]]:
        return "160184", {"160184": glucose}

    @staticmethod
    def is_reading(value: bytes) -> bool:
        """What answers at the control point holds none."""
        return len(value) > 4

    def services(self) -> list[Service]:
        self._requests: asyncio.Queue[bytes] = asyncio.Queue()
        self._measurement = self.indicated(0x2A18, lambda _: None, encrypted=True, notify=True)
        self._answer = self.indicated(0x2A52, lambda _: None, encrypted=True)
        writable = self.characteristic(0x2A52, write=lambda value: self._requests.put_nowait(value), encrypted=True)
        self._answer.properties |= writable.properties
        self._answer.permissions |= writable.permissions
        self._answer.value = writable.value
        feature = self.characteristic(0x2A51, read=lambda: bytes(2))
        clock = self.characteristic(
            0x2A08, read=lambda: date_time(datetime.now() + self.clock_error), write=self._set, encrypted=True)
        return [Service("1808", [self._measurement, feature, self._answer, clock])]

    def _set(self, value: bytes) -> None:
        self.clock_error = datetime(*struct.unpack("<HBBBBB", value)) - datetime.now()

    async def serve(self, connection: Connection) -> None:
        self._requests = asyncio.Queue()
        while True:
            request = await self._requests.get()
            if request != b"\x01\x01":
                await self.indicate(connection, self._answer, bytes([6, 0, request[0], 2]))
                continue
            # What is measured meanwhile was not fetched.
            records = list(self.records)
            for record in records:
                await self.device.gatt_server.notify_subscriber(connection, self._measurement, record, force=True)
            await self.indicate(connection, self._answer, bytes([6, 0, 1, 1 if records else 6]))
            self._told = len(records)
            await asyncio.sleep(2)
            return await connection.disconnect()
