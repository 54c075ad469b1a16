"""Omron HEM-7322T: a cuff whose EEPROM is read block by block (userx14/omblepy, eigger/hass-omron)."""

import asyncio
from datetime import datetime, timedelta
from functools import reduce
from operator import xor
from uuid import UUID

from bumble.core import AdvertisingData
from bumble.device import Connection
from bumble.gatt import Service

from ..peripheral import Peripheral

SERVICE = "ECBE3980-C9A2-11E1-B1BD-0002A5D5C51B"
UNLOCK = "B305B680-AEE7-11E1-A730-0002A5D5C51B"
TO_CUFF = [f"{head}-0002A5D5C51B" for head in (
    "DB5B55E0-AEE7-11E1-965E", "E0B8A060-AEE7-11E1-92F4", "0AE12B00-AEE8-11E1-A192", "10E1BA60-AEE8-11E1-89E5")]
FROM_CUFF = [f"{head}-0002A5D5C51B" for head in (
    "49123040-AEE8-11E1-A74D", "4D0BF320-AEE8-11E1-A0D9", "5128CE60-AEE8-11E1-B84B", "560F1420-AEE8-11E1-8184")]
CLOCK, USER, SIZE = 0x0274, 0x02AC, 14


class OmronCuff(Peripheral):
    model = "omron-eeprom"
    name = "BLESmart_00000116AABBCCDDEEFF"
    default_address = "28:FF:B2:11:22:74"
    information = {0x2A24: "HEM-7322T-E"}
    on_air = 120.0

    def __init__(self, radio, address: str | None = None, **options):
        self.eeprom, self.clock_error = bytearray(b"\xff" * 0x1000), timedelta()
        self.taken = self._told = 0
        #: Which program it belongs to: nobody's until it is given a key.
        self.key: bytes | None = None
        super().__init__(radio, address, **options)

    def advertisement(self) -> bytes:
        return bytes(AdvertisingData([
            (AdvertisingData.FLAGS, b"\x06"),
            (AdvertisingData.COMPLETE_LIST_OF_128_BIT_SERVICE_CLASS_UUIDS, UUID(SERVICE).bytes[::-1])]))

    def measure(self, systolic: int, diastolic: int, pulse: int = 60) -> None:
        """A record is a row of bits, the highest first: diastolic, systolic less 25, year, pulse, moved, irregular, and so on."""
        when, bits = datetime.now() + self.clock_error, ""
        for number, width in [
            (diastolic, 8), (systolic - 25, 8), (when.year - 2000, 8), (pulse, 8), (0, 1), (0, 1), (when.month, 4),
            (when.day, 5), (when.hour, 5), (0, 4), (when.minute, 6), (when.second, 6), (0, 48),
        ]:
            bits += format(number, f"0{width}b")
        at = USER + SIZE * self.taken
        self.eeprom[at:at + SIZE] = int(bits, 2).to_bytes(SIZE, "big")
        self.taken += 1

    @property
    def holds(self) -> int:
        return self.taken - self._told

    @staticmethod
    def observed(systolic: int, diastolic: int, pulse: int = 60) -> tuple[str, dict[str, float]]:
        return "150020", {"150021": systolic, "150022": diastolic}

    def services(self) -> list[Service]:
        self._frames: asyncio.Queue[bytes] = asyncio.Queue()
        self._keys: asyncio.Queue[bytes] = asyncio.Queue()
        self._unlock = self.indicated(UNLOCK, lambda _: None, notify=True)
        writable = self.characteristic(UNLOCK, write=lambda value: self._keys.put_nowait(value))
        self._unlock.properties |= writable.properties
        self._unlock.permissions |= writable.permissions
        self._unlock.value = writable.value
        inputs = [self.characteristic(uuid, write=lambda value: self._frames.put_nowait(value)) for uuid in TO_CUFF]
        self._outputs = [self.indicated(uuid, lambda _: None, notify=True) for uuid in FROM_CUFF]
        return [Service(SERVICE, [*inputs, *self._outputs, self._unlock])]

    async def _notify(self, connection: Connection, characteristic, value: bytes) -> None:
        await self.device.gatt_server.notify_subscriber(connection, characteristic, value, force=True)

    async def serve(self, connection: Connection) -> None:
        self._frames, self._keys = asyncio.Queue(), asyncio.Queue()
        await asyncio.gather(self._open(connection), self._tell(connection))

    async def _open(self, connection: Connection) -> None:
        """01 says the key, 02 begins and 00 ends giving it; 80 over the number answers, and 00 where it agrees."""
        is_giving = False
        while True:
            said = await self._keys.get()
            agrees = {1: said[1:] == self.key, 2: self.key is None, 0: is_giving}.get(said[0], False)
            if said[0] == 0 and agrees:
                self.key = said[1:]
            is_giving = said[0] == 2 and agrees
            await self._notify(connection, self._unlock, bytes([said[0] | 0x80, 0 if agrees else 1]))

    async def _tell(self, connection: Connection) -> None:
        # What is measured after the first look at the records was not fetched.
        fetched = self._told
        while True:
            asked = await self._frames.get()
            assert asked[0] == len(asked) and reduce(xor, asked) == 0, asked.hex()
            kind, address, size = asked[1] << 8 | asked[2], asked[3] << 8 | asked[4], asked[5]
            now = datetime.now() + self.clock_error
            self.eeprom[CLOCK:CLOCK + 8] = bytes([
                0, 0, now.month, now.year - 2000, now.hour, now.day, now.second, now.minute])
            data = bytes(self.eeprom[address:address + size]) if kind == 0x0100 else b""
            if kind == 0x0100 and address == USER:
                fetched = self.taken
            answer = bytes([8 + len(data), asked[1] | 0x80, asked[2], asked[3], asked[4], size]) + data + b"\0"
            answer += bytes([reduce(xor, answer)])
            for at in range(0, len(answer), 16):
                await self._notify(connection, self._outputs[at // 16], answer[at:at + 16])
            if kind == 0x0F00:
                self._told = fetched
                await asyncio.sleep(1)
                return await connection.disconnect()
