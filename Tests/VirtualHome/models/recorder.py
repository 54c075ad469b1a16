"""What measures alone, remembers, and tells when a hub comes: most cuffs, scales and thermometers."""

import asyncio
import struct
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bumble.core import UUID
from bumble.device import Connection, Peer
from bumble.gatt import Service

from ..peripheral import Peripheral, uuid16

DATE_TIME, CURRENT_TIME = 0x2A08, 0x2A2B
#: Where the hub believes that it is.
HOUSE = ZoneInfo("Europe/Copenhagen")


def date_time(when: datetime) -> bytes:
    """Date Time, 2A08: year in two bytes, then month, day, hour, minute, second."""
    return struct.pack("<HBBBBB", when.year, when.month, when.day, when.hour, when.minute, when.second)


class Recorder(Peripheral):
    """Sends its whole memory, oldest first, once indications are on; erases a record when it is confirmed; then hangs up.

    A subclass says which `service` and `measurement` it has, how a `record` looks, and what of it is `observed` at the clinic.
    """

    service = 0
    measurement = 0
    #: Further characteristics that are only read: UUID to value.
    features: dict[int, bytes] = {}

    options = Peripheral.options | {
        "encrypted": "whether it tells anything over an encrypted link only (true)",
        "delay": "seconds from the hub's asking to the first record (0: hard behind the answer)",
        "pause": "seconds between a confirmation and the next record (0)",
        "on_air": "seconds that it advertises after a measurement (30)",
        "clock_error": "seconds that its clock is ahead (0)",
        "hangs": "how many records it sends before it falls silent with the link open, once",
        "malformed": "whether it says things that no device may say before each record, and once more than fits (false)",
        "asks_time": "whether it asks whoever connects for the time, and sets itself by the answer (false)",
    }
    encrypted, delay, pause, on_air, hangs, malformed, asks_time = True, 0.0, 0.0, 30.0, None, False, False
    clock_error = timedelta()
    _has_shouted = False

    def __init__(self, radio, address: str | None = None, **options):
        if not isinstance(error := options.get("clock_error", timedelta()), timedelta):
            options["clock_error"] = timedelta(seconds=error)
        #: What it holds, oldest first.
        self.memory: list[bytes] = []
        #: How far the time that it was told was from the right one, each time.
        self.told: list[timedelta] = []
        super().__init__(radio, address, **options)

    def record(self, when: datetime, **values) -> bytes:
        """The measurement as it goes over the air."""
        raise NotImplementedError

    def measure(self, **values) -> None:
        """A person takes a measurement; it is stamped by the device's clock."""
        self.memory.append(self.record(self.clock, **values))

    @property
    def holds(self) -> int:
        return len(self.memory)

    @property
    def clock(self) -> datetime:
        """What its display shows."""
        return datetime.now() + self.clock_error

    def services(self) -> list[Service]:
        self._measurements = self.indicated(self.measurement, self._subscribed, encrypted=self.encrypted)
        clock = self.characteristic(
            DATE_TIME, read=lambda: date_time(self.clock), write=self._set, encrypted=self.encrypted)
        features = [self.characteristic(uuid, read=lambda value=value: value) for uuid, value in self.features.items()]
        return [Service(uuid16(self.service), [self._measurements, *features, clock])]

    def _set(self, value: bytes) -> None:
        self.clock_error = datetime(*struct.unpack("<HBBBBB", value)) - datetime.now()

    def _subscribed(self, _connection: Connection) -> None:
        self._asked.set()

    async def _ask_time(self, connection: Connection) -> None:
        """Current Time, 2A2B: Date Time, weekday, 256ths of a second, reason."""
        for value in await Peer(connection).read_characteristics_by_uuid(UUID(uuid16(CURRENT_TIME))):
            self._set(value[:7])
            self.told.append(self.clock - datetime.now(HOUSE).replace(tzinfo=None))

    async def serve(self, connection: Connection) -> None:
        self._asked = asyncio.Event()
        if self.asks_time:
            self._asking = asyncio.get_running_loop().create_task(self._ask_time(connection))
        await self._asked.wait()
        await asyncio.sleep(self.delay)
        sent = 0
        while self.memory:
            if self.hangs == sent:
                self.hangs = None
                await asyncio.Event().wait()
            for pdu in self._nonsense() if self.malformed else ():
                self.say(connection, pdu)
            if self.malformed and not self._has_shouted:
                # More than an attribute may hold: that ends a visit, and this one is tried again.
                self._has_shouted = True
                self.say(connection, struct.pack("<BH", 0x1B, self._measurements.handle) + bytes(597))
            record = self.memory[0]
            await self.indicate(connection, self._measurements, record)
            self.memory.remove(record)
            sent += 1
            await asyncio.sleep(self.pause)
        await connection.disconnect()

    def _nonsense(self) -> Iterator[bytes]:
        """ATT PDUs that break the protocol or come out of order, none of which ends a link by itself."""
        handle = struct.pack("<H", self._measurements.handle)
        yield b""
        yield b"\x0b\x01\x02"  # a Read Response that nobody asked for
        yield b"\x1d" + handle[:1]  # an indication that ends in its handle
        yield b"\x1b\xff\xff\x00"  # of a handle that does not exist
        yield b"\x1e"  # a confirmation, which is the hub's to give
        yield b"\x7f" + bytes(20)  # no such opcode
