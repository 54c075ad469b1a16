"""Beurer PO60: a fingertip oximeter whose memory is asked for, ten records at a time (Beurer, 410-0041-MIMA rev01)."""

import asyncio
from datetime import datetime, timedelta

from bumble.device import Connection
from bumble.gatt import Service

from ..peripheral import Peripheral


def checked(*numbers: int) -> bytes:
    return bytes([*numbers, sum(numbers) & 0x7F])


class PO60(Peripheral):
    model = "beurer-po60"
    name = "PO60"
    default_address = "00:05:C6:11:22:67"
    advertised = (0xFF12,)
    information = {0x2A26: "0.7.1"}
    on_air = 60.0

    def __init__(self, radio, address: str | None = None, **options):
        self.records: list[bytes] = []
        self.clock_error, self._told = timedelta(), 0
        super().__init__(radio, address, **options)

    def measure(self, spo2: int, pulse: int) -> None:
        end = datetime.now() + self.clock_error
        begin = end - timedelta(seconds=12)
        def stamp(time: datetime) -> list[int]:
            return [time.year - 2000, time.month, time.day, time.hour, time.minute, time.second]
        high = (0x38 if pulse > 127 else 0) | 0
        self.records.append(bytes([
            *stamp(begin), *stamp(end), high, 0, 12, spo2, spo2, spo2, pulse & 0x7F, pulse & 0x7F, pulse & 0x7F]))

    @property
    def holds(self) -> int:
        """It keeps what was fetched, and does not count it again."""
        return len(self.records) - self._told

    @staticmethod
    def observed(spo2: int, pulse: int) -> tuple[str, dict[str, float]]:
        return "150456", {"150456": spo2}

    def services(self) -> list[Service]:
        self._questions: asyncio.Queue[bytes] = asyncio.Queue()
        command = self.characteristic(0xFF01, write=lambda value: self._questions.put_nowait(value))
        self._answers = self.indicated(0xFF02, lambda _: None, notify=True)
        return [Service("FF12", [command, self._answers])]

    async def _say(self, connection: Connection, packet: bytes) -> None:
        for at in range(0, len(packet), 20):
            await self.device.gatt_server.notify_subscriber(connection, self._answers, packet[at:at + 20], force=True)

    async def serve(self, connection: Connection) -> None:
        # What is measured while it tells, after the group was made up, was not fetched.
        self._questions, first, given = asyncio.Queue(), 0, 0
        while True:
            question = await self._questions.get()
            assert question[-1] == sum(question[:-1]) & 0x7F or question[0] == 0x82, question.hex()
            now = datetime.now() + self.clock_error
            if question[0] == 0x89:
                fields = (now.year - 2000, now.month, now.day, now.hour, now.minute, now.second)
                await self._say(connection, checked(0xF9, *fields, 0, 0))
            elif question[0] == 0x90:
                count = len(self.records)
                await self._say(connection, checked(0xE0, 5, count & 0x7F, count >> 7, count & 0x7F, count >> 7))
            elif question[:2] == b"\x99\x7e":
                self._told = given
            elif question[0] == 0x99:
                first = {0: 0, 1: first + 10, 2: first}[question[1]]
                group, count = self.records[first:first + 10], len(self.records)
                given = first + len(group)
                for number, record in enumerate(group):
                    last = first + number + 1 == count
                    await self._say(connection, checked(0xE9, number | (0x40 if last else 0), *record))
            elif question[0] == 0x83:
                self.clock_error = datetime(2000 + question[1], *question[2:7]) - datetime.now()
                await self._say(connection, checked(0xF3, 0))
                await asyncio.sleep(1)
                return await connection.disconnect()
