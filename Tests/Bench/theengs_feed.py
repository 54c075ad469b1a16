"""TheengsGateway without a radio: run by the Python that has it installed, fed where the radio's library would feed it.

    theengs_feed.py HOST PORT READINGS

The product's own `Gateway` object with its default configuration (Home Assistant discovery included) gets READINGS
advertisements through `detection_callback`, which bleak calls for each packet that the radio hears. It decodes and
publishes to the broker as it does by default: QoS 0, not retained, nothing kept on disk. The advertisement is one of a
Xiaomi Mi Body Composition Scale, as recorded in public; the weight differs from one to the next.

Prints the monotonic time of the first call in seconds, and its own peak of resident memory in KiB.
"""

import asyncio
import struct
import sys
import threading
import time
from types import SimpleNamespace

from TheengsGateway.config import DEFAULT_CONFIG
from TheengsGateway.discovery import DiscoveryGateway

SERVICE = "0000181b-0000-1000-8000-00805f9b34fb"
#                            unit, status, year, month, day, h, m, s, impedance; the weight stands behind
RECORDED = bytes.fromhex("0224b2070113100c08fdff")


def advertisement(number: int) -> SimpleNamespace:
    return SimpleNamespace(
        local_name="MIBFS", rssi=-67, manufacturer_data={0x0157: bytes.fromhex("381ec781c63c")},
        service_data={SERVICE: RECORDED + struct.pack("<H", 8000 + number % 8000)})


def main() -> None:
    host, port, readings = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    configuration = {**DEFAULT_CONFIG, "host": host, "port": port, "gateway_id": "00:00:00:00:00:00"}
    gateway = DiscoveryGateway(configuration)
    gateway.connect_mqtt()
    threading.Thread(target=gateway.client.loop_forever, daemon=True).start()
    while not gateway.client.is_connected():
        time.sleep(0.01)
    device = SimpleNamespace(address="38:1E:C7:81:C6:3C")

    async def hear() -> float:
        start = time.monotonic()
        for number in range(readings):
            gateway.detection_callback(device, advertisement(number))
        return start

    start = asyncio.run(hear())
    while gateway.client.want_write() or gateway.client._out_packet:  # noqa: SLF001 — until the last is on the wire
        time.sleep(0.01)
    time.sleep(0.2)
    peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(start, peak, flush=True)
    gateway.client.disconnect()


main()
