"""Simulated devices of classic Bluetooth, each on an adapter of BlueZ's emulator in the machine: Bumble's own controller
is not enough of one for the kernel."""

import asyncio
import contextlib
import re
import struct
import sys
from datetime import datetime
from pathlib import Path

from bumble import rfcomm
from bumble.core import BT_SERIAL_PORT_SERVICE, ConnectionError, PhysicalTransport
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.keys import MemoryKeyStore
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport import open_transport
from bumble.transport.common import TransportLostError

from EndToEnd.far_ends import nonin_format_13

from .bluez import btmgmt
from .home import Home, eventually
from .models.vitalograph import framed

BRIDGE = Path(__file__).parent / "guest" / "bridge.py"


class Emulator:
    """The adapters hci1, which is the hub's, and hci2 in the machine, for as long as it runs."""

    def __init__(self, home: Home):
        self._home = home
        home.run("modprobe -a hci_vhci rfcomm algif_hash algif_skcipher cmac ecb")
        # On a slow machine the kernel may give an adapter up before the emulator has answered.
        for _ in range(5):
            emulator = home.spawn("exec btvirt -l2")
            home.run("until [ -e /sys/class/bluetooth/hci2 ]; do sleep 0.2; done; sleep 2")
            known = btmgmt(home, "info")
            if "hci1:" in known and "hci2:" in known:
                #: The hub's address.
                self.hub = re.search(r"hci1:.*?addr (\S+)", known, re.DOTALL)[1]
                return
            emulator.kill()
        raise RuntimeError("the emulator's adapters do not answer")

    def hand_out(self, index: int) -> int:
        """The host's port that leads to hciN."""
        bridge = self._home.spawn(f"exec {sys.executable} -S {BRIDGE} {index} {4000 + index}")
        eventually(lambda: "ready" in bridge.output)
        return self._home.forward(4000 + index)


class ClassicDevice:
    """A device with a serial port that pairs by Just Works, or with the PIN of its manual. Below the line are the methods for
    tests."""

    name = "Device"
    #: As before Bluetooth 2.1, where there is one.
    pin: str | None = None
    asked_for_pin = 0

    def __init__(self, home: Home, port: int):
        self._radio = home.radio
        self._radio.do(self._create(port))
        #: As the machine's emulator gave it.
        self.address = str(self.device.public_address).removesuffix("/P")
        self._radio.peripherals.append(self)

    async def _create(self, port: int) -> None:
        self._transport = await open_transport(f"tcp-client:127.0.0.1:{port}")
        configuration = DeviceConfiguration(
            name=self.name, le_enabled=False, classic_enabled=True, classic_sc_enabled=False, classic_smp_enabled=False,
            classic_ssp_enabled=self.pin is None, class_of_device=0x2C0914)
        self.device = Device.from_config_with_hci(configuration, self._transport.source, self._transport.sink)
        self.device.keystore = MemoryKeyStore()
        self.device.pairing_config_factory = lambda _: PairingConfig(mitm=False, delegate=Manual(self))
        self.prepare()
        await self.device.power_on()
        await self.device.set_discoverable(True)
        await self.device.set_connectable(True)

    def prepare(self) -> None:
        """Registers services, before the power is on."""

    async def talk(self, dlc: rfcomm.DLC) -> None:
        """One conversation, until the device has nothing more to say."""

    async def _page(self, hub: str) -> Connection:
        """Three times, as devices do: the hub's last link may still be ending."""
        for _ in range(2):
            with contextlib.suppress(ConnectionError):
                return await self.device.connect(hub, transport=PhysicalTransport.BR_EDR)
            await asyncio.sleep(3)
        return await self.device.connect(hub, transport=PhysicalTransport.BR_EDR)

    async def _call(self, hub: str) -> None:
        connection = await self._page(hub)
        try:
            await connection.authenticate()
            await connection.encrypt()
            channel = await rfcomm.find_rfcomm_channel_with_uuid(connection, BT_SERIAL_PORT_SERVICE)
            multiplexer = await rfcomm.Client(connection).start()
            await self.talk(await multiplexer.open_dlc(channel))
        finally:
            # It may have ended already, and the machine with it.
            with contextlib.suppress(TransportLostError, TimeoutError):
                await asyncio.wait_for(connection.disconnect(), 5)

    # ── for tests ──

    def call(self, hub: str) -> None:
        """Calls the hub, as it does after a measurement, and returns when it has hung up."""
        self._radio.do(self._call(hub))

    def remove(self) -> None:
        """Takes it out of the home."""
        self._radio.peripherals.remove(self)
        self._radio.do(self._transport.close())


class Manual(PairingDelegate):
    """Knows the device's PIN, if it has one."""

    def __init__(self, device: ClassicDevice):
        super().__init__(PairingDelegate.KEYBOARD_INPUT_ONLY if device.pin else PairingDelegate.NO_OUTPUT_NO_INPUT)
        self._device = device

    async def get_string(self, _longest: int) -> str | None:
        self._device.asked_for_pin += 1
        return self._device.pin


class Reader:
    """What arrives on a channel, to be awaited."""

    def __init__(self, dlc: rfcomm.DLC):
        self._bytes: asyncio.Queue[int] = asyncio.Queue()
        dlc.sink = lambda data: [self._bytes.put_nowait(byte) for byte in data]

    async def read(self, count: int) -> bytes:
        return bytes([await asyncio.wait_for(self._bytes.get(), 60) for _ in range(count)])


class Onyx(ClassicDevice):
    """Nonin Onyx II 9560 in data format 13: what has been sent it has forgotten."""

    name = "Nonin_Medical_Inc._569799"

    def __init__(self, home: Home, port: int):
        #: Saturation, pulse and time of what it holds, oldest first.
        self.memory: list[tuple[int, int, datetime]] = []
        super().__init__(home, port)

    async def talk(self, dlc: rfcomm.DLC) -> None:
        assert await Reader(dlc).read(4) == b"\x02\x72\x00\x03"
        now = datetime.now()
        fields = (now.year - 2000, now.month, now.day, now.hour, now.minute, now.second)
        dlc.write(b"\x02\xf2\x06" + bytes(fields) + b"\x03")
        while self.memory:
            dlc.write(nonin_format_13(*self.memory.pop(0)))
        await asyncio.sleep(3)


class LungMonitorClassic(ClassicDevice):
    """Vitalograph Lung Monitor: waits to be called, tells each blow until it is taken (06), and more than once if need be."""

    name = "LUNG_29406"

    def __init__(self, home: Home, port: int):
        #: Hundredths of a litre in one second, and when it was blown; nobody has taken them yet.
        self.memory: list[tuple[int, datetime]] = []
        super().__init__(home, port)

    @staticmethod
    def packet(fev1: int, when: datetime) -> bytes:
        """`FTD`, with what opentele-client-android reads in it: FEV1, FEV6, ratio, FEF25-75, then what somebody has set."""
        text = f"FTD0000129406{fev1:03}{fev1 * 11 // 10:03}{91:03}{404:03}" + "000000095090000"
        return framed(text + when.strftime("%y%m%d%H%M%S") + "0" + "923")

    def prepare(self) -> None:
        self._server = rfcomm.Server(self.device)
        channel = self._server.listen(lambda dlc: asyncio.get_running_loop().create_task(self.talk(dlc)), 1)
        records = rfcomm.make_service_sdp_records(0x00010001, channel, BT_SERIAL_PORT_SERVICE)
        self.device.sdp_service_records = {0x00010001: records}

    async def talk(self, dlc: rfcomm.DLC) -> None:
        reader = Reader(dlc)
        while self.memory:
            dlc.write(self.packet(*self.memory[0]))
            if await reader.read(1) == b"\x06":
                self.memory.pop(0)
        dlc.write(framed("FPD"))


class CuffPBT(ClassicDevice):
    """A&D UA-767PBT: calls until `PWA1` has accepted what it holds."""

    name = "AND BP5111124008"

    def __init__(self, home: Home, port: int):
        #: Systolic, diastolic, pulse and time.
        self.memory: list[tuple[int, int, int, datetime]] = []
        #: Called at the moment in which a measurement was sent, and in which it is accepted.
        self.on_sent = self.on_accepted = lambda: None
        super().__init__(home, port)

    def packet(self) -> bytes:
        systolic, diastolic, pulse, when = self.memory[0]
        mean = diastolic + (systolic - diastolic) // 3
        text = bytes([0x80, systolic - diastolic, diastolic, pulse, mean]).hex().upper().encode()
        def stamp(time: datetime) -> bytes:
            return struct.pack("<HBBBBB", time.year, time.month, time.day, time.hour, time.minute, time.second)
        header = struct.pack("<HIHB", 2, len(text), 767, 0) + stamp(when) + stamp(datetime.now())
        header += bytes.fromhex(self.address.replace(":", ""))[::-1] + b"UA-767" + b"5111124008\0\0" + b"PBT".ljust(10, b"\0")
        return header + b"\xf0\0\x23" + text

    async def talk(self, dlc: rfcomm.DLC) -> None:
        reader = Reader(dlc)
        while self.memory:
            dlc.write(b"PWCAPI" + self.packet())
            self.on_sent()
            if await reader.read(4) == b"PWA1":
                self.memory.pop(0)
                self.on_accepted()
