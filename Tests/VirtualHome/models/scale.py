"""A&D UC-352BLE, a scale."""

import struct
from datetime import datetime

from .recorder import Recorder, date_time


class Scale(Recorder):
    """Weight Scale Service 1.0."""

    model = "and-uc352ble"
    name = "A&D_UC-352BLE_000001"
    default_address = "00:09:1F:00:03:01"
    advertised = (0x181D,)
    information = {0x2A29: "A&D Medical", 0x2A24: "UC-352BLE", 0x2A25: "5350100001"}
    service, measurement, features = 0x181D, 0x2A9D, {0x2A9E: bytes(4)}

    def record(self, when: datetime, kilograms: float) -> bytes:
        """Weight Measurement, 2A9D: flags, weight in steps of 5 g, time."""
        return struct.pack("<BH", 0x02, round(kilograms * 200)) + date_time(when)

    @staticmethod
    def observed(kilograms: float) -> tuple[str, dict[str, float]]:
        return "188736", {"188736": kilograms}
