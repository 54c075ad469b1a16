import Core

/// A conversation with an Omron whose EEPROM is read.
///
///     length  type    address  size  data…  00  XOR of all before
///     u8      u16 BE  u16 BE   u8
///
///     0000 begin   0100 read   0F00 end        8000, 8100, 8F00 answer them
///
/// A frame of up to 64 bytes goes through four characteristics of 16 bytes each, and comes back through four others.
/// Before that the cuff wants to hear the 16 bytes that it was given when it was paired. They are no secret (the bond
/// is); they say which program it belongs to. One that waits to be paired is given them.
///
/// Nothing is ever written to the EEPROM: neither what counts as unread there, nor its clock.
struct OmronSession {
    private static let unlocking = BluetoothUUID(full: 0xB305B680_AEE7_11E1_A730_0002A5D5C51B)
    private static let outputs = [
        BluetoothUUID(full: 0xDB5B55E0_AEE7_11E1_965E_0002A5D5C51B),
        BluetoothUUID(full: 0xE0B8A060_AEE7_11E1_92F4_0002A5D5C51B),
        BluetoothUUID(full: 0x0AE12B00_AEE8_11E1_A192_0002A5D5C51B),
        BluetoothUUID(full: 0x10E1BA60_AEE8_11E1_89E5_0002A5D5C51B),
    ]
    private static let inputs = [
        BluetoothUUID(full: 0x49123040_AEE8_11E1_A74D_0002A5D5C51B),
        BluetoothUUID(full: 0x4D0BF320_AEE8_11E1_A0D9_0002A5D5C51B),
        BluetoothUUID(full: 0x5128CE60_AEE8_11E1_B84B_0002A5D5C51B),
        BluetoothUUID(full: 0x560F1420_AEE8_11E1_8184_0002A5D5C51B),
    ]
    /// "vitalsd", and zeros.
    private static let key: [UInt8] = Array("vitalsd".utf8) + [UInt8](repeating: 0, count: 9)

    private let peer: any Peer

    init(_ peer: any Peer) { self.peer = peer }

    /// Says the key; to a cuff that does not know it but waits to be paired, gives it.
    mutating func unlock() async throws(Fault) {
        try await peer.subscribe(Self.inputs[0])
        try await peer.subscribe(Self.unlocking)
        if try await says(0x01, Self.key) { return }
        guard try await says(0x02, [UInt8](repeating: 0, count: 16)) else { throw .pairing(.notInPairingMode) }
        guard try await says(0x00, Self.key) else { throw .pairing(.rejected) }
    }

    /// Whether the cuff agrees.
    private func says(_ operation: UInt8, _ bytes: [UInt8]) async throws(Fault) -> Bool {
        try await peer.write([operation] + bytes, to: Self.unlocking)
        guard let answer = try await peer.next(from: Self.unlocking, within: .seconds(5)) else {
            throw .device(.silent)
        }
        if answer.isIndication { try await peer.confirm() }
        return answer.value.starts(with: [operation | 0x80, 0x00])
    }

    mutating func begin() async throws(Fault) {
        for input in Self.inputs.dropFirst() { try await peer.subscribe(input) }
        _ = try await ask(0x0000, at: 0, size: 0x10)
    }

    mutating func end() async throws(Fault) { _ = try await ask(0x0F00, at: 0, size: 0) }

    /// Reports what the cuff's clock shows; nil where that is no date.
    mutating func tellClock(
        _ memory: OmronEEPROM.Memory, to report: any Report
    ) async throws(Fault) -> LocalTime? {
        let asked = ContinuousClock.now
        let clock = try await ask(0x0100, at: memory.clock, size: UInt8(memory.clockSize))
        let error = (ContinuousClock.now - asked) / 2
        guard clock.count == memory.clockSize else { return nil }
        let fields = memory.fields.map { Int(clock[$0]) }
        let time = LocalTime(2000 + fields[0], fields[1], fields[2], fields[3], fields[4], fields[5])
        if let time { try await report.clock(.clock(time), error: error) }
        return time
    }

    /// Reports a user's hundred places, as far as they hold records, the oldest first. Of a full memory that is known only behind
    /// the last place, or where the link breaks.
    mutating func fetch(
        _ memory: OmronEEPROM.Memory, from start: UInt16, user: Int, clock: LocalTime?, _ report: any Report
    ) async throws(Fault) {
        var ring: [Reading] = [], isFull = true
        for first in stride(from: 0, to: 100, by: memory.perBlock) {
            let count = min(memory.perBlock, 100 - first) * memory.size, block: [UInt8]
            do throws(Fault) {
                block = try await ask(0x0100, at: start + UInt16(first * memory.size), size: UInt8(count))
            } catch {
                for reading in OmronEEPROM.oldestFirst(ring, clock: clock) { try await report(reading) }
                throw error
            }
            for start in stride(from: 0, to: block.count - memory.size + 1, by: memory.size) {
                let record = block[start..<start + memory.size], isEmpty = OmronEEPROM.isEmpty(record)
                if !isEmpty {
                    var reading = decoded(Array(record), by: memory.decode)
                    reading.user = user
                    // Without a stamp its place tells it from an equal one, of which the memory may hold only one by now.
                    if reading.taken == .unknown, !reading.remarks.contains(.undecoded) {
                        reading.sequence = first + start / memory.size
                    }
                    ring.append(reading)
                }
                isFull = isFull && !isEmpty
                guard !isFull else { continue }
                // With a place to spare they are in order as they lie.
                for reading in ring { try await report(reading) }
                ring = []
            }
        }
        for reading in OmronEEPROM.oldestFirst(ring, clock: clock) { try await report(reading) }
    }

    /// Sends a frame and gives the data of its answer. Three times, because a frame that was damaged on its way is not
    /// answered.
    private func ask(_ type: UInt16, at address: UInt16, size: UInt8) async throws(Fault) -> [UInt8] {
        let request = Self.frame(type, at: address, size: size)
        for _ in 0..<3 {
            try await peer.send(request, to: Self.outputs[0])
            guard let answer = try await receive() else { continue }
            guard answer[1] == UInt8(type >> 8) | 0x80, answer[3] == UInt8(address >> 8) || type != 0x0100,
                answer[4] == UInt8(truncatingIfNeeded: address) || type != 0x0100
            else { continue }
            let data = answer.dropFirst(6).dropLast(2)
            // A block that lies beyond what the cuff has comes without its data.
            guard type == 0x0100 else { return [] }
            return data.count >= Int(size) ? Array(data.prefix(Int(size))) : [UInt8](repeating: 0xFF, count: Int(size))
        }
        throw .device(.silent)
    }

    static func frame(_ type: UInt16, at address: UInt16, size: UInt8) -> [UInt8] {
        let bytes: [UInt8] = [
            8, UInt8(type >> 8), UInt8(truncatingIfNeeded: type), UInt8(address >> 8),
            UInt8(truncatingIfNeeded: address), size, 0,
        ]
        return bytes + [CheckSum.xor(bytes)]
    }

    /// A whole frame, put together from its pieces in whatever order; nil where one is missing or damaged.
    ///
    /// The pieces are confirmed before what they hold is kept, and must be, or the next would not come. Nothing is
    /// forgotten with it: they are a copy of the EEPROM, which the cuff changes only by measuring.
    private func receive() async throws(Fault) -> [UInt8]? {
        var pieces: [Int: [UInt8]] = [:]
        for _ in 0..<16 {
            guard let update = try await peer.next(within: .seconds(2)) else { return nil }
            if update.isIndication { try await peer.confirm() }
            guard let channel = Self.inputs.firstIndex(of: update.characteristic) else { continue }
            pieces[channel] = update.value
            guard let length = pieces[0]?.first else { continue }
            guard 8...64 ~= length else { return nil }
            let needed = (0..<(Int(length) + 15) / 16).map { pieces[$0] }
            guard needed.allSatisfy({ $0 != nil }) else { continue }
            let frame = needed.flatMap { $0 ?? [] }.prefix(Int(length))
            return frame.count == Int(length) && CheckSum.xor(frame) == 0 ? Array(frame) : nil
        }
        return nil
    }
}
