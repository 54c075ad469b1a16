"""Xiaomi Mi Smart Scale 2, which says each weighing in its advertisements, and takes a connection though it needs none."""

import struct
from datetime import datetime

from bumble.core import AdvertisingData

from ..peripheral import Peripheral
from .recorder import date_time


class Broadcaster(Peripheral):
    name = "MI SCALE2"
    default_address = "00:09:1F:00:05:01"
    _weighing = b""

    def advertisement(self) -> bytes:
        """Service data of 181D: flags (settled, in kilograms), weight in steps of 5 g, time."""
        return bytes(AdvertisingData([
            (AdvertisingData.SERVICE_DATA_16_BIT_UUID, b"\x1d\x18" + self._weighing),
            (AdvertisingData.COMPLETE_LOCAL_NAME, self.name.encode())]))

    def weigh(self, kilograms: float) -> None:
        """A person steps on it; it tells so until the next one does."""
        self._weighing = struct.pack("<BH", 0x22, round(kilograms * 200)) + date_time(datetime.now())
        self.silence()
        self.advertise()
