"""The radio: the hub's Bluetooth controller, and the air between it and the peripherals.

Bumble's controllers, made to behave as hardware does where a hub would notice the difference.
"""

import asyncio
import pathlib
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from bumble import core, hci, link, ll
from bumble.controller import Connection, Controller
from bumble.snoop import BtSnooper, Snooper
from bumble.transport.common import StreamPacketSink, StreamPacketSource

HUB = "11:22:33:44:55:66"

OK = hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)


class Passage(NamedTuple):
    """An ATT PDU that passes the hub's controller, by the host's monotonic clock."""

    at: float
    to_hub: bool
    #: The address under which the peripheral is connected.
    peer: str
    pdu: bytes

    @property
    def is_indication(self) -> bool:
        return self.to_hub and self.pdu[:1] == b"\x1d"

    @property
    def is_confirmation(self) -> bool:
        return not self.to_hub and self.pdu == b"\x1e"


class Air(link.LocalLink):
    """Carries what controllers send to each other."""

    def send_advertising_pdu(self, sender_controller, packet):
        """Only a hub listens, and whom a connection is for: a crowd would cost the square of its number.

        A connection begins at both ends at once: a device that fell silent in between would leave the hub with a link to
        nobody, which no supervision ends here.
        """
        for controller in list(self.controllers):
            if controller is sender_controller:
                continue
            if isinstance(packet, ll.ConnectInd):
                controller.on_ll_advertising_pdu(packet)
            elif isinstance(controller, HubChip):
                asyncio.get_running_loop().call_soon(controller.on_ll_advertising_pdu, packet)

    def send_acl_data(self, sender_controller, destination_address, transport, data):
        """Bumble takes the sender's random address as the source; here it is the one that the connection was made with."""
        if transport != core.PhysicalTransport.LE:
            return super().send_acl_data(sender_controller, destination_address, transport, data)
        connection = sender_controller.le_connections.get(destination_address)
        receiver = self.find_le_controller(destination_address)
        if connection and receiver:
            asyncio.get_running_loop().call_soon(receiver.on_link_acl_data, connection.self_address, transport, data)


class Chip(Controller):
    """A controller of Bluetooth 4.2: LE only, no extended advertising, no privacy.

    A controller that claims privacy owes the kernel the enhanced form of LE Connection Complete, which Bumble does not send:
    every connection would then keep the kernel's command queue waiting for seconds.
    """

    le_features = Controller.le_features & ~(
        hci.LeFeatureMask.LE_EXTENDED_ADVERTISING | hci.LeFeatureMask.LE_PERIODIC_ADVERTISING | hci.LeFeatureMask.LL_PRIVACY)
    rssi = -50

    def lose(self, connection: Connection) -> None:
        """Ends a connection as when the other side is gone: both hear of a supervision timeout."""
        other = self.link.find_le_controller(connection.peer_address)
        if other and (mirror := other.le_connections.get(connection.self_address)):
            other.on_le_disconnected(mirror, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
        self.on_le_disconnected(connection, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)

    def lose_all(self) -> None:
        for connection in list(self.le_connections.values()):
            self.lose(connection)


class HubChip(Chip):
    """The hub's controller. It forgets with a reset, filters what it hears as asked, and can give up connecting."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.accepted: set[hci.Address] = set()
        self.heard: set[tuple[hci.Address, bytes]] = set()

    def on_hci_reset_command(self, _command):
        self.lose_all()
        self.le_scan_enable, self.pending_le_connection = False, None
        self.accepted.clear()
        return OK

    def on_hci_le_set_scan_enable_command(self, command):
        self.heard.clear()
        return super().on_hci_le_set_scan_enable_command(command)

    def on_hci_le_clear_filter_accept_list_command(self, _command):
        self.accepted.clear()
        return OK

    def on_hci_le_add_device_to_filter_accept_list_command(self, command):
        self.accepted.add(hci.Address(bytes(command.address), hci.AddressType(command.address_type)))
        return OK

    def on_hci_le_remove_device_from_filter_accept_list_command(self, command):
        self.accepted.discard(hci.Address(bytes(command.address), hci.AddressType(command.address_type)))
        return OK

    def on_hci_le_create_connection_cancel_command(self, _command):
        """Answers, and then completes the connection that was wanted as one that never came to be."""
        if not (wanted := self.pending_le_connection):
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        self.pending_le_connection = None
        asyncio.get_running_loop().call_soon(self.send_hci_packet, hci.HCI_LE_Connection_Complete_Event(
            status=hci.HCI_ErrorCode.UNKNOWN_CONNECTION_IDENTIFIER_ERROR, connection_handle=0, role=hci.Role.CENTRAL,
            peer_address_type=wanted.peer_address_type, peer_address=wanted.peer_address, connection_interval=0,
            peripheral_latency=0, supervision_timeout=0, central_clock_accuracy=0))
        return OK

    def on_advertising_pdu(self, pdu: ll.AdvInd) -> None:
        address, wanted = pdu.advertiser_address, self.pending_le_connection
        sender = self.link.find_le_controller(address)
        if not sender or not sender.le_legacy_advertiser.enabled:
            return
        filtered = self.le_scanning_filter_policy & 1 and address not in self.accepted
        repeated = self.filter_duplicates and (address, pdu.data) in self.heard
        if self.le_scan_enable and not filtered and not repeated:
            self.heard.add((address, pdu.data))
            kinds = hci.HCI_LE_Advertising_Report_Event.EventType
            self.tell(kinds.ADV_IND, address, pdu.data, sender.rssi)
            if self.le_scan_type:
                self.tell(kinds.SCAN_RSP, address, sender.le_legacy_advertiser.scan_response_data, sender.rssi)
        if wanted and wanted.peer_address == address:
            self.create_le_connection(address)

    def tell(self, kind: int, address: hci.Address, data: bytes, rssi: int) -> None:
        """An advertising report to the hub."""
        self.send_hci_packet(hci.HCI_LE_Advertising_Report_Event([hci.HCI_LE_Advertising_Report_Event.Report(
            event_type=kind, address_type=address.address_type, address=address, data=data, rssi=rssi)]))


class Tap:
    """Hears every packet between a machine and its controller, in one direction, before it goes on to `sink`."""

    def __init__(self, radio: "Radio", chip: HubChip, sink, to_hub: bool):
        self._radio, self._chip, self._sink, self._to_hub = radio, chip, sink, to_hub

    def on_packet(self, packet: bytes) -> None:
        if self._radio.is_dead:
            return
        direction = Snooper.Direction.CONTROLLER_TO_HOST if self._to_hub else Snooper.Direction.HOST_TO_CONTROLLER
        self._radio.log.snoop(packet, direction)
        # H4 2 is ACL data; handle, length; then L2CAP: length, channel 4 for ATT.
        if packet[0] == 2 and packet[7:9] == b"\4\0":
            connection = self._chip.find_connection_by_handle(int.from_bytes(packet[1:3], "little") & 0xFFF)
            peer = connection.peer_address.to_string(False) if connection else ""
            passage = Passage(time.monotonic(), self._to_hub, peer, packet[9:])
            for watcher in list(self._radio.watchers):
                watcher(passage)
        self._sink.on_packet(packet)


class Radio:
    """A thread in which controllers and peripherals live; the hub's controller exists while a machine is connected."""

    def __init__(self, path: pathlib.Path):
        self.air: Air | None = None
        #: The peripherals that are in the home.
        self.peripherals: list = []
        self._strangers: list[Chip] = []
        #: Called in the radio's thread with each ATT PDU, before it goes on.
        self.watchers: list[Callable[[Passage], None]] = []
        #: Whether the hub's controller has stopped answering.
        self.is_dead = False
        #: Every packet between machine and controller, with its time; Wireshark reads it.
        self.log = BtSnooper(path.with_name("btsnoop.log").open("wb", buffering=0))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="radio")
        self._thread.start()
        self.do(self._listen(path))

    def do(self, work: Coroutine, within: float = 180) -> Any:
        """Runs a coroutine in the radio's thread and returns its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(within)

    async def _listen(self, path: pathlib.Path) -> None:
        self.air = Air()
        await self._loop.create_unix_server(lambda: HubPort(self), str(path))

    async def crowd(self, count: int) -> None:
        """So many strangers in the air, and no others: phones, watches and lamps, each with a name and an advertisement of its
        own once in a second."""
        while self._strangers:
            stranger = self._strangers.pop()
            stranger.le_legacy_advertiser.stop()
            self.air.remove_controller(stranger)
        for number in range(count):
            stranger = Chip(f"stranger {number}", link=self.air)
            stranger.random_address = hci.Address(f"{0xC0 | number & 0x3F:02X}:5A:00:00:00:{number:02X}")
            stranger.rssi = -60 - number % 35
            advertiser = stranger.le_legacy_advertiser
            advertiser.own_address_type = hci.OwnAddressType.RANDOM
            advertiser.advertising_interval_min = 1000
            advertiser.advertising_data = bytes([2, 1, 6, 7, 0xFF, 0x4C, 0, number, 0, 0, 0])
            name = f"Lamp {number}".encode()
            advertiser.scan_response_data = bytes([1 + len(name), 9]) + name
            advertiser.start()
            self._strangers.append(stranger)
            await asyncio.sleep(1 / (count + 1))

    def close(self) -> None:
        """Ends the thread and everything that still runs in it."""
        async def end() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        self.do(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


class HubPort(StreamPacketSource):
    """The serial line between a machine and its controller: H4 over a stream. The controller lives as long as the line."""

    def __init__(self, radio: Radio):
        super().__init__()
        self._radio = radio

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._chip = HubChip("hub", None, None, self._radio.air, HUB)
        self._chip.host = Tap(self._radio, self._chip, StreamPacketSink(transport), to_hub=True)
        self.set_packet_sink(Tap(self._radio, self._chip, self._chip, to_hub=False))

    def connection_lost(self, error: Exception | None) -> None:
        self._chip.lose_all()
        self._radio.air.remove_controller(self._chip)
