"""A&D UA-651BLE, an upper-arm blood-pressure monitor."""

import struct
from datetime import datetime

from .recorder import Recorder, date_time

__all__ = ["Cuff", "date_time"]


class Cuff(Recorder):
    """Blood Pressure Service 1.1.1, with a clock inside it."""

    model = "and-ua651ble"
    name = "A&D_UA-651BLE_000001"
    default_address = "00:09:1F:00:00:01"
    advertised = (0x1810,)
    information = {0x2A29: "A&D Medical", 0x2A24: "UA-651BLE", 0x2A25: "5180100001", 0x2A26: "BLP001_d016"}
    service, measurement, features = 0x1810, 0x2A35, {0x2A49: bytes(2)}

    def record(self, when: datetime, systolic: int, diastolic: int, pulse: int = 60) -> bytes:
        """Blood Pressure Measurement, 2A35: flags, three SFLOATs in mmHg, time, pulse, status; the mean as it computes it."""
        mean = diastolic + (systolic - diastolic) // 3
        return struct.pack("<BHHH", 0x16, systolic, diastolic, mean) + date_time(when) + struct.pack("<HH", pulse, 0)

    @staticmethod
    def observed(systolic: int, diastolic: int, pulse: int = 60) -> tuple[str, dict[str, float]]:
        return "150020", {"150021": systolic, "150022": diastolic}

    def measure(self, systolic: int, diastolic: int, pulse: int = 60) -> None:
        super().measure(systolic=systolic, diastolic=diastolic, pulse=pulse)
