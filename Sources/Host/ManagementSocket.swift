import Bluetooth
import CLinux
import Core
import Glibc

/// The control channel to the kernel's Bluetooth: one reader, who brings every answer to its command and queues the rest.
///
/// An answer names its command and the adapter, no more. So of two commands alike the second waits for the first; and
/// once a command has stayed without an answer the channel is closed, for a late one could not be told from the next.
@Hub package final class ManagementSocket {
    /// How long the kernel may take for a command that does nothing on the air. Its own patience with an adapter that has
    /// died is 2 s for each of the few things that it asks of it.
    package static let patience: Duration = .seconds(20)

    private let socket: Descriptor
    private let news: Bell
    private var exchanges: [Exchange] = []
    private var events: [News] = []
    /// Why the channel takes no more commands.
    package private(set) var failure: Fault?
    /// Packets that could not be read, of which nothing else is known.
    package private(set) var malformed = 0

    package struct News: Equatable, Sendable {
        package var index: Management.Index
        package var event: Management.Event
    }

    /// A command that waits for its turn, and then for its answer.
    private final class Exchange {
        let opcode: Management.Opcode, index: Management.Index
        /// Rung for the turn, then for the answer, or for the end of the channel.
        let bell: Bell
        var answer: (status: Management.Status, parameters: [UInt8])?

        init(_ opcode: Management.Opcode, _ index: Management.Index) throws(Fault) {
            self.opcode = opcode
            self.index = index
            bell = try Bell()
        }

        func isLike(_ other: Exchange) -> Bool { opcode == other.opcode && index == other.index }
    }

    /// The kernel's. Throws `noRadio` where it knows no Bluetooth, and `noPermission`.
    package convenience init() throws(Fault) {
        let socket = try BluetoothSocket.open(.raw, .hci)
        guard BluetoothSocket.bind(socket.raw, to: BluetoothSocket.control) else {
            throw .failed("bind", errno, at: "Bluetooth management")
        }
        // What does not fit the kernel drops without a word, and a crowd's advertisements are many.
        BluetoothSocket.widen(socket.raw)
        try self.init(socket)
    }

    /// Takes over a socket that keeps packets apart and does not block.
    package init(_ socket: consuming Descriptor) throws(Fault) {
        news = try Bell()
        self.socket = socket
    }

    /// The one reader: runs until the channel has ended or is closed.
    package func read() async {
        var buffer = [UInt8](repeating: 0, count: Management.longestPacket)
        while failure == nil {
            let count = recv(socket.raw, &buffer, buffer.count, 0)
            if count > 0 {
                take(Array(buffer[..<count]))
                continue
            }
            switch count == 0 ? ECONNRESET : errno {
            case EINTR: continue
            case EAGAIN: _ = await loop.ready(socket.raw)
            case let number: fail(.hub(.system("recv", number)))
            }
        }
    }

    /// The next news; nil once the channel has ended.
    package func next() async -> News? {
        while events.isEmpty {
            if failure != nil { return nil }
            _ = await news.rung()
        }
        return events.removeFirst()
    }

    /// Whether all news were fetched that came before this moment.
    package var isDrained: Bool { events.isEmpty }

    /// Sends a command, and returns what it returns. Throws what its status means, or why there was no answer.
    @discardableResult
    package func ask(
        _ command: Management.Command, of index: Management.Index = .none, within time: Duration = patience
    ) async throws(Fault) -> [UInt8] {
        if let failure { throw failure }
        let exchange = try Exchange(command.opcode, index)
        let isFirst = !exchanges.contains { $0.isLike(exchange) }
        exchanges.append(exchange)
        defer { leave(exchange) }
        if !isFirst { _ = await exchange.bell.rung() }
        if let failure { throw failure }
        try await send(command.packet(for: index))
        guard await exchange.bell.rung(before: .now + time) else {
            fail(.hub(.radioFailing("no answer to \(command.opcode)")))
            throw .hub(.radioFailing("no answer to \(command.opcode)"))
        }
        guard let answer = exchange.answer else { throw failure ?? .hub(.radioFailing("\(command.opcode) unanswered")) }
        guard answer.status == .success else { throw Fault(answer.status, from: command.opcode) }
        return answer.parameters
    }

    /// Ends it: the reader, whoever waits for news, and every command.
    package func close() { fail(.hub(.radioOff)) }

    private func fail(_ fault: Fault) {
        guard failure == nil else { return }
        failure = fault
        for exchange in exchanges { exchange.bell.ring() }
        news.ring()
        loop.forget(socket.raw)
    }

    private func leave(_ exchange: Exchange) {
        exchanges.removeAll { $0 === exchange }
        exchanges.first { $0.isLike(exchange) }?.bell.ring()
    }

    private func send(_ packet: [UInt8]) async throws(Fault) {
        while Glibc.send(socket.raw, packet, packet.count, CInt(MSG_NOSIGNAL)) < 0 {
            switch errno {
            case EINTR: continue
            case EAGAIN:
                guard await loop.ready(socket.raw, write: true, before: .now + Self.patience) else {
                    throw .hub(.radioFailing("the control channel takes no command"))
                }
            case let number: throw .failed("send", number, at: "Bluetooth management")
            }
        }
    }

    private func take(_ bytes: [UInt8]) {
        guard let packet = try? Management.Packet(bytes) else {
            malformed += 1
            return
        }
        switch packet.message {
        case .reply(let opcode, let status, let parameters):
            // An answer to nobody has no meaning left.
            let asked = exchanges.first { $0.opcode.rawValue == opcode && $0.index == packet.index }
            guard let asked, asked.answer == nil else { return }
            asked.answer = (status, parameters)
            asked.bell.ring()
        case .news(let event):
            // Advertisers can be many; of everything else there is little, and none of it is dropped.
            if case .found = event, events.count >= 1024 { return }
            events.append(News(index: packet.index, event: event))
            news.ring()
        }
    }
}
