"""A simulated Bluetooth LE device: subclass `Peripheral` for each model."""

import asyncio
import difflib
import time
from dataclasses import dataclass

from bumble import hci
from bumble.att import ATT_CID, Attribute
from bumble.core import AdvertisingData
from bumble.device import Connection, Device, DeviceConfiguration
from bumble.gatt import (
    GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR,
    Characteristic,
    CharacteristicValue,
    Descriptor,
    Service,
)
from bumble.host import Host
from bumble.keys import MemoryKeyStore, PairingKeys
from bumble.pairing import PairingConfig, PairingDelegate

from .radio import Chip, Radio

Properties = Characteristic.Properties
Permissions = Attribute.Permissions


@dataclass(frozen=True)
class Confirmed:
    """An indication that the hub confirmed, and the host's monotonic clock at that moment."""

    value: bytes
    at: float


class Peripheral:
    """A device that advertises, serves GATT, pairs and bonds.

    A subclass gives `name`, `advertised` (16-bit service UUIDs), `information`, `services()` and `serve()`. Those, and what
    the characteristics call, run in the radio's thread; the methods for tests, below the line, are called from any other.
    Its memory and its bonds are its own: they survive the hub's power cut.
    """

    #: What a scenario calls it; empty for what is no model.
    model = ""
    name = "Peripheral"
    default_address = "00:09:1F:00:00:01"
    advertised: tuple[int, ...] = ()
    #: Device Information: characteristic to value.
    information: dict[int, str] = {}
    #: What can be chosen when it is made, in a scenario too, and what that means. Each is an attribute.
    options = {
        "name": "what it calls itself",
        "private": "whether it advertises under a private address that changes (false)",
        "passkey": "the six digits that it shows for pairing; without, it has no display",
        "legacy": "whether it pairs as before Bluetooth 4.2 (false)",
        "every": "seconds between its advertisements (0.2)",
    }
    #: Whether nobody can read its clock, so that of its stamps nothing is claimed.
    clock_is_unread = False
    private, passkey, legacy, every, on_air = False, None, False, 0.2, float("inf")

    def __init__(self, radio: Radio, address: str | None = None, **options):
        for option, value in options.items():
            if option not in self.options:
                near = difflib.get_close_matches(option, self.options, 1, 0)[0]
                raise ValueError(f"{self.model} has no option {option}; the nearest is {near}: {self.options[near]}")
            setattr(self, option, value)
        #: Its public address, which names it even where it advertises under a private one.
        self.address = address or self.default_address
        self.radio = radio
        #: When it goes off the air, by the host's monotonic clock; None where a test decides.
        self.on_air_until: float | None = None
        #: Whether it agrees to be paired with, as when a person holds its button.
        self.pairs = True
        #: Every indication that was confirmed, in order.
        self.confirmed: list[Confirmed] = []
        #: How often a hub connected.
        self.connections = 0
        #: Seconds between advertisements, or None while it is silent.
        self._every: float | None = None
        self._serving: asyncio.Task | None = None
        self._switching = asyncio.Lock()
        radio.do(self._create())
        radio.peripherals.append(self)

    def services(self) -> list[Service]:
        """What it serves beside Device Information of `information`."""
        return []

    async def serve(self, connection: Connection) -> None:
        """Runs from connection to disconnection; it is cancelled there."""

    def transmit(self, pdu: bytes) -> list[bytes]:
        """The ATT PDUs that go on the air in the place of this one."""
        return [pdu]

    def say(self, connection: Connection, pdu: bytes) -> None:
        """Sends an ATT PDU as it is."""
        self.device.send_l2cap_pdu(connection.handle, ATT_CID, pdu)

    def scan_response(self) -> bytes:
        return bytes(AdvertisingData([(AdvertisingData.COMPLETE_LOCAL_NAME, self.name.encode())]))

    def advertisement(self) -> bytes:
        flags = (AdvertisingData.FLAGS, b"\x06")
        services = b"".join(uuid.to_bytes(2, "little") for uuid in self.advertised)
        return bytes(AdvertisingData([flags, (AdvertisingData.INCOMPLETE_LIST_OF_16_BIT_SERVICE_CLASS_UUIDS, services)]))

    async def indicate(self, connection: Connection, characteristic: Characteristic, value: bytes) -> None:
        """Sends an indication and returns when the hub has confirmed it.

        By force, for Bumble returns at once, as if confirmed, where it believes that nobody has subscribed.
        """
        await self.device.gatt_server.indicate_subscriber(connection, characteristic, value, force=True)
        self.confirmed.append(Confirmed(value, time.monotonic()))

    @staticmethod
    def is_reading(value: bytes) -> bool:
        """Whether what it indicates holds a reading, which must be kept before it is confirmed; not so an answer."""
        return True

    def characteristic(self, uuid: int | str, read=None, write=None, encrypted: bool = False) -> Characteristic:
        """A characteristic whose value is what `read()` gives and `write(bytes)` takes."""
        properties, permissions = Properties(0), Permissions(0)
        if read:
            properties |= Properties.READ
            permissions |= Permissions.READABLE | (Permissions.READ_REQUIRES_ENCRYPTION if encrypted else 0)
        if write:
            properties |= Properties.WRITE
            permissions |= Permissions.WRITEABLE | (Permissions.WRITE_REQUIRES_ENCRYPTION if encrypted else 0)
        value = CharacteristicValue(read and (lambda _: read()), write and (lambda _, value: write(value)))
        return Characteristic(uuid16(uuid), properties, permissions, value)

    def indicated(self, uuid: int | str, on_subscribe, encrypted: bool = False, notify: bool = False) -> Characteristic:
        """A characteristic that indicates (or notifies); `on_subscribe(connection)` when the hub asks for it."""
        properties = Properties.NOTIFY if notify else Properties.INDICATE
        characteristic = Characteristic(uuid16(uuid), properties, Permissions(0), b"")
        permissions = Permissions.READABLE | Permissions.WRITEABLE
        if encrypted:
            permissions |= Permissions.WRITE_REQUIRES_ENCRYPTION
        characteristic.descriptors = [Descriptor(
            GATT_CLIENT_CHARACTERISTIC_CONFIGURATION_DESCRIPTOR, permissions,
            self.device.gatt_server.make_descriptor_value(characteristic))]
        characteristic.on(
            characteristic.EVENT_SUBSCRIPTION,
            lambda connection, notifies, indicates: on_subscribe(connection) if notifies or indicates else None)
        return characteristic

    async def _create(self) -> None:
        self.chip = Chip(self.name, link=self.radio.air, public_address=self.address)
        key = bytes.fromhex(self.address.replace(":", "")).ljust(16, b"\1")
        configuration = DeviceConfiguration(
            name=self.name, irk=key, gatt_service_enabled=False, le_privacy_enabled=self.private)
        host = Host()
        host.controller = self.chip
        self.chip.host = host
        self.device = Device(config=configuration, host=host)
        self.device.keystore = KeyRing()
        self.device.pairing_config_factory = lambda _: PairingConfig(
            sc=not self.legacy, mitm=self.passkey is not None, delegate=Button(self), identity_address_type=PairingConfig.AddressType.PUBLIC)
        server = self.device.gatt_server
        server.send_gatt_pdu = lambda bearer, pdu: [self.say(bearer, each) for each in self.transmit(pdu)]
        facts = [Characteristic(uuid16(uuid), Properties.READ, Permissions.READABLE, text.encode())
                 for uuid, text in self.information.items()]
        self.device.add_services([*self.services(), Service(uuid16(0x180A), facts)])
        self.device.on("connection", self._connected)
        await self.device.power_on()

    def _connected(self, connection: Connection) -> None:
        self.connections += 1
        self._serving = asyncio.get_running_loop().create_task(self.serve(connection))
        connection.on(connection.EVENT_DISCONNECTION, self._disconnected)

    def _disconnected(self, _reason: int) -> None:
        self._serving.cancel()
        # A device that tells what it remembers is silent when it has told everything.
        if self.on_air_until is not None and (not self.holds or time.monotonic() >= self.on_air_until):
            self._every = self.on_air_until = None
        asyncio.get_running_loop().create_task(self._advertise())

    async def _advertise(self) -> None:
        """Advertises, or does not, as it should. One after the other: between two of Bumble's steps another may not begin."""
        async with self._switching:
            await self._switch_advertising()

    async def _switch_advertising(self) -> None:
        if self._every is None:
            await self.device.stop_advertising()
            return
        if self.private:
            await self.device.stop_advertising()
            await self.device.update_rpa()
            # Bumble pairs with the address that it believes in, and that is not always the one that it gave its chip.
            self.device.random_address = self.chip.random_address
        await self.device.start_advertising(
            own_address_type=hci.OwnAddressType.RANDOM if self.private else hci.OwnAddressType.PUBLIC, advertising_data=self.advertisement(),
            scan_response_data=self.scan_response(), advertising_interval_min=self._every * 1000,
            advertising_interval_max=self._every * 1000)

    # ── for tests ──

    def advertise(self, every: float = 0.2) -> None:
        """Begins to advertise, every so many seconds; goes on after each connection until `silence`."""
        self._every = every
        self.radio.do(self._advertise())

    @property
    def holds(self) -> int:
        """How many records it has to tell."""
        return 0

    def go_on_air(self) -> None:
        """Advertises as after a measurement: for `on_air` seconds, or until it has told everything."""
        self.on_air_until = time.monotonic() + self.on_air
        self._every = self.every

        async def go() -> None:
            if not self.device.connections:
                await self._advertise()
            if self.on_air != float("inf"):
                asyncio.get_running_loop().call_later(self.on_air, self._go_off_air)
        self.radio.do(go())

    def _go_off_air(self) -> None:
        if self.on_air_until is not None and time.monotonic() >= self.on_air_until - 0.1:
            self._every = self.on_air_until = None
            asyncio.get_running_loop().create_task(self._advertise())

    @property
    def air_address(self) -> str:
        """The address that it advertises under at present."""
        return (self.chip.random_address if self.private else self.chip.public_address).to_string(False)

    def silence(self) -> None:
        """Stops advertising; a connection that there is goes on."""
        self._every = None
        self.radio.do(self._advertise())

    def vanish(self) -> None:
        """Goes out of range: no advertising, and every connection times out."""
        self.silence()
        async def go() -> None:
            self.chip.lose_all()
        self.radio.do(go())

    def hang_up(self) -> None:
        """Ends its connections in good order."""
        async def end() -> None:
            for connection in list(self.device.connections.values()):
                await connection.disconnect()
        self.radio.do(end())

    def forget_bonds(self) -> None:
        """As after its battery was changed, in a bad model."""
        self.radio.do(self.device.keystore.delete_all())

    def bonds(self) -> list[str]:
        """Whom it is bonded with."""
        return [name for name, _ in self.radio.do(self.device.keystore.get_all())]

    def remove(self) -> None:
        """Takes it out of the home."""
        self.vanish()
        async def leave() -> None:
            self.radio.air.remove_controller(self.chip)
        self.radio.do(leave())
        self.radio.peripherals.remove(self)


class KeyRing(MemoryKeyStore):
    """Bumble looks the key of legacy pairing that it has given away up in the place of the one that it was given."""

    async def update(self, name: str, keys: PairingKeys) -> None:
        keys.ltk_central, keys.ltk_peripheral = keys.ltk_peripheral, keys.ltk_central
        await super().update(name, keys)


class Button(PairingDelegate):
    """Just Works, or with the passkey on its display, when the peripheral is willing."""

    def __init__(self, peripheral: Peripheral):
        super().__init__()
        self._peripheral = peripheral
        if peripheral.passkey is not None:
            self.io_capability = PairingDelegate.IoCapability.DISPLAY_OUTPUT_ONLY

    async def accept(self) -> bool:
        return self._peripheral.pairs

    async def generate_passkey(self) -> int:
        return self._peripheral.passkey


def uuid16(number: int | str) -> str:
    """A UUID that the Bluetooth SIG assigned, as Bumble reads it; a maker's own, in full, is that already."""
    return number if isinstance(number, str) else f"{number:04X}"
