"""A&D UA-651BLE, an upper-arm blood-pressure monitor."""

import asyncio
import struct
from datetime import datetime, timedelta

from bumble.device import Connection
from bumble.gatt import Service

from .peripheral import Peripheral, uuid16
from .radio import Radio

MEASUREMENT, FEATURE, DATE_TIME = 0x2A35, 0x2A49, 0x2A08


def date_time(when: datetime) -> bytes:
    """Date Time, 2A08: year in two bytes, then month, day, hour, minute, second."""
    return struct.pack("<HBBBBB", when.year, when.month, when.day, when.hour, when.minute, when.second)


def measurement(systolic: int, diastolic: int, pulse: int, when: datetime) -> bytes:
    """Blood Pressure Measurement, 2A35: flags, three SFLOATs in mmHg, time, pulse, status. Mean as the cuff computes it."""
    mean = diastolic + (systolic - diastolic) // 3
    return struct.pack("<BHHH", 0x16, systolic, diastolic, mean) + date_time(when) + struct.pack("<HH", pulse, 0)


class Cuff(Peripheral):
    """Sends its whole memory, oldest first, once indications are on; erases a record when it is confirmed; then hangs up.

    With `encrypted`, as the real one, it sends only over an encrypted link.
    """

    name = "A&D_UA-651BLE_000001"
    advertised = (0x1810,)
    information = {0x2A29: "A&D Medical", 0x2A24: "UA-651BLE", 0x2A25: "5180100001", 0x2A26: "BLP001_d016"}

    def __init__(self, radio: Radio, address: str = "00:09:1F:00:00:01", encrypted: bool = True):
        self.encrypted = encrypted
        #: What it holds, oldest first.
        self.memory: list[bytes] = []
        #: Its clock minus the host's local time.
        self.clock_error = timedelta()
        #: How many seconds pass from the hub's asking to the first record. At 0 it comes hard behind the answer.
        self.delay = 0.0
        #: How many seconds it leaves between a confirmation and the next record.
        self.pause = 0.0
        super().__init__(radio, address)

    def services(self) -> list[Service]:
        self._measurements = self.indicated(MEASUREMENT, self._subscribed, encrypted=self.encrypted)
        return [Service(uuid16(0x1810), [
            self._measurements,
            self.characteristic(FEATURE, read=lambda: bytes(2)),
            self.characteristic(DATE_TIME, read=lambda: date_time(self.clock), write=self._set, encrypted=self.encrypted),
        ])]

    @property
    def clock(self) -> datetime:
        """What its display shows."""
        return datetime.now() + self.clock_error

    def measure(self, systolic: int, diastolic: int, pulse: int = 60) -> None:
        """A person takes a measurement; it is stamped by the cuff's clock."""
        self.memory.append(measurement(systolic, diastolic, pulse, self.clock))

    def _set(self, value: bytes) -> None:
        self.clock_error = datetime(*struct.unpack("<HBBBBB", value)) - datetime.now()

    def _subscribed(self, _connection: Connection) -> None:
        self._asked.set()

    async def serve(self, connection: Connection) -> None:
        self._asked = asyncio.Event()
        await self._asked.wait()
        await asyncio.sleep(self.delay)
        while self.memory:
            record = self.memory[0]
            await self.indicate(connection, self._measurements, record)
            self.memory.remove(record)
            await asyncio.sleep(self.pause)
        await connection.disconnect()
