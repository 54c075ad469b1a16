"""A pulse oximeter with nothing but the standard service: it tells a spot check when it is taken."""

import struct
from datetime import datetime

from .recorder import Recorder, date_time


class Oximeter(Recorder):
    """Pulse Oximeter Service 1.0.1, spot checks only."""

    model = "sig-plx"
    name = "Oximeter"
    default_address = "00:1C:05:00:00:01"
    advertised = (0x1822,)
    information = {0x2A29: "Example", 0x2A24: "PLX-1", 0x2A25: "1"}
    service, measurement, features = 0x1822, 0x2A5E, {0x2A60: bytes(2)}

    def record(self, when: datetime, spo2: int, pulse: int) -> bytes:
        """PLX Spot-check Measurement, 2A5E: flags, SpO2 in percent and pulse as SFLOATs, time."""
        return struct.pack("<BHH", 0x01, spo2, pulse) + date_time(when)

    @staticmethod
    def observed(spo2: int, pulse: int) -> tuple[str, dict[str, float]]:
        return "150456", {"150456": spo2}
