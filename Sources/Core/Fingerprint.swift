/// The identity of a reading, computed from what the device said, so that a second download of the same memory changes
/// nothing: SHA-256 over device, raw time, record number, user slot and raw bytes.
package struct Fingerprint: Hashable, Sendable {
    package let bytes: [UInt8]

    /// `arrival` goes in only where the device gives nothing to tell two equal measurements apart.
    ///
    /// An age grows with every download, in the raw bytes too. A record that has one is known again by its number and its
    /// content; without a number it cannot be, and then a driver has to erase it once it is kept. A driver gives no number
    /// that begins anew: an equal measurement under it would be taken for the first.
    ///
    /// Of bytes that nobody can read the stamp is somewhere among them: a memory that is told anew at each visit has them
    /// once. Two of which nothing was understood, and that are equal, are worth no more than one.
    package init(device: String, reading: Reading, arrival: HubTime) {
        var reading = reading
        if case .age = reading.taken, reading.sequence != nil { (reading.taken, reading.bytes) = (.unknown, []) }
        var text = "\(device)\n\(reading.taken)\n\(reading.sequence.map(String.init) ?? "")\n"
        text += "\(reading.user.map(String.init) ?? "")\n"
        switch reading.taken {
        case .clock, .ticks: break
        case .now, .unknown, .age:
            if reading.sequence == nil, !reading.remarks.contains(.undecoded) {
                let (seconds, attoseconds) = arrival.uptime.components
                text += "\(arrival.boot) \(seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)"
            }
        }
        var hash = SHA256()
        hash.update(Array(text.utf8) + [0])
        // What was never on a wire (a summary of wear) is told apart by its content.
        hash.update(reading.bytes.isEmpty ? Array(reading.description.utf8) : reading.bytes)
        bytes = hash.digest()
    }

    package init(bytes: [UInt8]) { self.bytes = bytes }

    /// A UUID (version 8 of RFC 9562) that follows from the fingerprint: the same reading has the same id at every
    /// clinic, after every restart, and even after the journal was lost. `part` tells the resources of a reading apart.
    package func uuid(_ part: String = "") -> String {
        var hash = SHA256()
        hash.update(bytes + Array(part.utf8))
        return vitalsdUUID(hash.digest())
    }
}

/// A UUID of version 8 from the first 16 bytes of a digest.
package func vitalsdUUID(_ digest: [UInt8]) -> String {
    var bytes = Array(digest.prefix(16))
    bytes[6] = bytes[6] & 0x0F | 0x80
    bytes[8] = bytes[8] & 0x3F | 0x80
    let digits = Array(hex(bytes).utf8)
    var text: [UInt8] = []
    text.reserveCapacity(36)
    for index in digits.indices {
        if index == 8 || index == 12 || index == 16 || index == 20 { text.append(UInt8(ascii: "-")) }
        text.append(digits[index])
    }
    return String(decoding: text, as: UTF8.self)
}

/// SHA-256 (FIPS 180-4). Here because no library below the line may be a C library; checked against NIST's vectors.
package struct SHA256: Sendable {
    private var state: [8 of UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]
    private var block: [64 of UInt8] = .init(repeating: 0)
    private var length: UInt64 = 0

    package init() {}

    package mutating func update(_ bytes: [UInt8]) { for byte in bytes { update(byte) } }

    private mutating func update(_ byte: UInt8) {
        block[Int(length & 63)] = byte
        length &+= 1
        if length & 63 == 0 { compress() }
    }

    package consuming func digest() -> [UInt8] {
        let bits = length &* 8
        update(0x80)
        while length & 63 != 56 { update(0) }
        for shift in stride(from: UInt64(56), through: 0, by: -8) { update(UInt8(truncatingIfNeeded: bits >> shift)) }
        var digest: [UInt8] = []
        digest.reserveCapacity(32)
        for at in 0..<32 { digest.append(UInt8(truncatingIfNeeded: state[at / 4] >> (24 - 8 * UInt32(at % 4)))) }
        return digest
    }

    private mutating func compress() {
        var w: [64 of UInt32] = .init(repeating: 0)
        for i in 0..<16 {
            let high = UInt32(block[4 * i]) << 24 | UInt32(block[4 * i + 1]) << 16
            w[i] = high | UInt32(block[4 * i + 2]) << 8 | UInt32(block[4 * i + 3])
        }
        for i in 16..<64 {
            let a = w[i - 15], b = w[i - 2]
            let s0 = turn(a, 7) ^ turn(a, 18) ^ a >> 3, s1 = turn(b, 17) ^ turn(b, 19) ^ b >> 10
            w[i] = w[i - 16] &+ s0 &+ w[i - 7] &+ s1
        }
        var v = state
        for i in 0..<64 {
            let s1 = turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25), choice = v[4] & v[5] ^ ~v[4] & v[6]
            let first = v[7] &+ s1 &+ choice &+ Self.constants[i] &+ w[i]
            let s0 = turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22)
            let majority = v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2]
            v = [first &+ s0 &+ majority, v[0], v[1], v[2], v[3] &+ first, v[4], v[5], v[6]]
        }
        for i in 0..<8 { state[i] = state[i] &+ v[i] }
    }

    private func turn(_ word: UInt32, _ by: UInt32) -> UInt32 { word >> by | word << (32 - by) }

    private static let constants: [64 of UInt32] = [
        0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
        0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
        0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
        0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
        0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
        0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
        0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
        0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
    ]
}
