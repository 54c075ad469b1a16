"""The radio: the hub's Bluetooth controller, and the air between it and the peripherals.

Bumble's controllers, made to behave as hardware does where a hub would notice the difference.
"""

import asyncio
import pathlib
import threading
from collections.abc import Coroutine
from typing import Any

from bumble import core, hci, link, ll
from bumble.controller import Connection, Controller
from bumble.transport.common import StreamPacketSink, StreamPacketSource

HUB = "11:22:33:44:55:66"

OK = hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)


class Air(link.LocalLink):
    """Carries what controllers send to each other."""

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
        filtered = self.le_scanning_filter_policy & 1 and address not in self.accepted
        repeated = self.filter_duplicates and (address, pdu.data) in self.heard
        if self.le_scan_enable and sender and not filtered and not repeated:
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


class Radio:
    """A thread in which controllers and peripherals live; the hub's controller exists while a machine is connected."""

    def __init__(self, path: pathlib.Path):
        self.air: Air | None = None
        #: The peripherals that are in the home.
        self.peripherals: list = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="radio")
        self._thread.start()
        self.do(self._listen(path))

    def do(self, work: Coroutine, within: float = 30) -> Any:
        """Runs a coroutine in the radio's thread and returns its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(within)

    async def _listen(self, path: pathlib.Path) -> None:
        self.air = Air()
        await self._loop.create_unix_server(lambda: HubPort(self.air), str(path))

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

    def __init__(self, air: Air):
        super().__init__()
        self._air = air

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._chip = HubChip("hub", self, StreamPacketSink(transport), self._air, HUB)

    def connection_lost(self, error: Exception | None) -> None:
        self._chip.lose_all()
        self._air.remove_controller(self._chip)
