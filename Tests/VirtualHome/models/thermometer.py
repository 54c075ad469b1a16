"""A&D UT-201BLE, a thermometer."""

import struct
from datetime import datetime

from .recorder import Recorder, date_time


class Thermometer(Recorder):
    """Health Thermometer Service 1.0."""

    model = "and-ut201ble"
    name = "A&D_UT201BLE_000001"
    default_address = "00:09:1F:00:02:01"
    advertised = (0x1809,)
    information = {0x2A29: "A&D Medical", 0x2A24: "UT-201BLE", 0x2A25: "5200100001"}
    service, measurement = 0x1809, 0x2A1C

    def record(self, when: datetime, celsius: float) -> bytes:
        """Temperature Measurement, 2A1C: flags, FLOAT with one decimal, time, type 2 (body)."""
        tenths = round(celsius * 10) & 0xFFFFFF
        return struct.pack("<BI", 0x06, 0xFF << 24 | tenths) + date_time(when) + b"\x02"

    @staticmethod
    def observed(celsius: float) -> tuple[str, dict[str, float]]:
        return "150364", {"150364": celsius}
