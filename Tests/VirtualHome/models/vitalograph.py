"""Vitalograph Lung Monitor BT Smart: text through Telit's Terminal I/O, on which nobody says more than was granted."""

import asyncio
from datetime import datetime, timedelta

from bumble.device import Connection
from bumble.gatt import Service

from ..peripheral import Peripheral

BASE = "0000-1000-8000-008025000000"


def framed(text: str) -> bytes:
    """STX, text, ETX, and the exclusive or of all of it."""
    frame, check = b"\x02" + text.encode("ascii") + b"\x03", 0
    for byte in frame:
        check ^= byte
    return frame + bytes([check])


def lung_monitor_btle(serial: str, fev1: int, pef: int, when: datetime) -> bytes:
    """`GTD`: volumes in hundredths of a litre, flows in L/min or hundredths of a litre a second, three digits each."""
    text = f"GTD{serial:0>10}{pef:03}{fev1 * 9 // 10:03}{fev1:03}{fev1 * 13 // 10:03}{76:03}{395:03}{fev1:03}{pef:03}"
    return framed(text + "100100080060050" + when.strftime("%y%m%d%H%M%S") + "0" + "912")


class LungMonitor(Peripheral):
    model = "vitalograph-bt-smart"
    name = "LUNG_4567"
    default_address = "00:80:25:D4:10:20"
    information = {0x2A29: "Vitalograph", 0x2A24: "Lung Monitor BT Smart"}
    advertised = (0xFEFB,)
    options = Peripheral.options | {"grants": "how many pieces the hub may send at first (2)"}
    grants, on_air, clock_is_unread = 2, 60.0, True

    def __init__(self, radio, address: str | None = None, **options):
        #: Blows that nobody has taken yet.
        self.memory: list[bytes] = []
        self.clock_error = timedelta()
        super().__init__(radio, address, **options)

    def measure(self, fev1: int, pef: int) -> None:
        """`fev1` in hundredths of a litre, `pef` in litres a minute."""
        self.memory.append(lung_monitor_btle("1234567VIT", fev1, pef, datetime.now() + self.clock_error))

    @property
    def holds(self) -> int:
        return len(self.memory)

    @staticmethod
    def observed(fev1: int, pef: int) -> tuple[str, dict[str, float]]:
        return "152586", {"152586": fev1 / 100}

    @staticmethod
    def is_reading(value: bytes) -> bool:
        return len(value) > 1

    def services(self) -> list[Service]:
        self._credit, self._taken = 0, asyncio.Event()
        heard = self.characteristic(f"00000001-{BASE}", write=self._hear)
        self._said = self.indicated(f"00000002-{BASE}", lambda _: None, notify=True)
        credit = self.characteristic(f"00000003-{BASE}", write=self._grant)
        self._granted = self.indicated(f"00000004-{BASE}", lambda _: None)
        return [Service("FEFB", [heard, self._said, credit, self._granted])]

    def _grant(self, value: bytes) -> None:
        self._credit += value[0]

    def _hear(self, value: bytes) -> None:
        assert self._owed > 0, "the hub sends more than it was granted"
        self._owed -= 1
        if value == b"\x06" and self.memory:
            self.memory.pop(0)
            self._taken.set()

    async def serve(self, connection: Connection) -> None:
        self._credit, self._owed, self._taken = 0, 0, asyncio.Event()
        while not self._credit:
            await asyncio.sleep(0.05)
        self._owed = self.grants
        await self.indicate(connection, self._granted, bytes([self.grants]))
        while self.memory:
            for at in range(0, len(self.memory[0]), 20):
                # Without credit it stays mute.
                while not self._credit:
                    await asyncio.sleep(0.05)
                self._credit -= 1
                piece = self.memory[0][at:at + 20]
                await self.device.gatt_server.notify_subscriber(connection, self._said, piece, force=True)
            await self._taken.wait()
            self._taken.clear()
            self._owed += 1
            await self.indicate(connection, self._granted, b"\x01")
        await connection.disconnect()
