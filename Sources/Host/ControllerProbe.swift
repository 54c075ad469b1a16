import Bluetooth
import CBluetooth
import CLinux
import Core
import Glibc

/// Asks a controller what it must answer. Of the control channel's commands none does: while nothing is to be scanned or
/// connected, the kernel answers them all by itself.
///
/// The question is HCI Read Local Version Information (Bluetooth Core, Vol 4, Part E, 7.4.1). It does nothing on the air, and
/// is one of those that Linux passes on for everybody (net/bluetooth/hci_sock.c, hci_sec_filter): no capability is needed.
struct ControllerProbe {
    /// The kernel itself gives a controller 2 s for a command, and others may be in line before this one.
    var patience = Duration.seconds(10)
    /// OGF 4, informational parameters; OCF 1.
    static let opcode: UInt16 = 0x1001

    /// The raw channel of one adapter. Throws what it is not to be had for.
    var open: @Hub (Management.Index) throws(Fault) -> Descriptor = { (index) throws(Fault) in
        let socket = try BluetoothSocket.open(.raw, .hci)
        guard BluetoothSocket.bind(socket.raw, to: BluetoothSocket.raw(index)) else {
            throw .failed("bind", errno, at: "Bluetooth HCI")
        }
        var filter = hci_filter(
            type_mask: 1 << UInt32(HCI_EVENT_PKT), event_mask: (1 << EVT_CMD_COMPLETE | 1 << EVT_CMD_STATUS, 0),
            opcode: opcode.littleEndian)
        guard setsockopt(socket.raw, SOL_HCI, HCI_FILTER, &filter, socklen_t(MemoryLayout.size(ofValue: filter))) == 0
        else { throw .failed("setsockopt", errno, at: "Bluetooth HCI") }
        return socket
    }

    /// Whether the controller answers within `patience`. One that cannot be asked, because it is off or was pulled out, has not
    /// failed to answer: evidence alone counts.
    @Hub func answers(_ index: Management.Index) async -> Bool {
        guard let socket = try? open(index) else { return true }
        let due = ContinuousClock.now + patience
        let question = [UInt8(HCI_COMMAND_PKT)] + Self.opcode.attBytes + [0]
        guard send(socket.raw, question, question.count, CInt(MSG_NOSIGNAL)) == question.count else { return true }
        var packet = [UInt8](repeating: 0, count: 260)
        while true {
            let count = recv(socket.raw, &packet, packet.count, 0)
            if count > 0, Self.isAnswer(packet[..<count]) { return true }
            if count > 0 || count < 0 && errno == EINTR { continue }
            guard count < 0, errno == EAGAIN else { return true }
            guard await loop.ready(socket.raw, before: due) else { return false }
        }
    }

    /// Packet type, event, length; then Command Complete has a count and the opcode, Command Status a status before both.
    static func isAnswer(_ packet: ArraySlice<UInt8>) -> Bool {
        let bytes = Array(packet)
        guard bytes.count >= 6, bytes[0] == HCI_EVENT_PKT else { return false }
        return switch CInt(bytes[1]) {
        case EVT_CMD_COMPLETE: bytes.u16(at: 4) == opcode
        case EVT_CMD_STATUS: bytes.u16(at: 5) == opcode
        default: false
        }
    }
}
