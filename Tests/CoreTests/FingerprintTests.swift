import Core
import Testing

@Suite struct FingerprintTests {
    private let arrival = HubTime(
        boot: "5e1f", uptime: .milliseconds(90_500), wall: Instant(milliseconds: 1), synchronised: true)

    private func sha256(_ bytes: [UInt8], pieces: Int = 1) -> String {
        var hash = SHA256()
        for start in stride(from: 0, to: max(1, bytes.count), by: max(1, pieces)) {
            hash.update(Array(bytes.dropFirst(start).prefix(max(1, pieces))))
        }
        return hex(hash.digest())
    }

    /// FIPS 180-4's examples, from NIST's "SHA-256 Example Values" and FIPS 180-2, appendix B.
    @Test func nistVectors() {
        #expect(sha256([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(sha256(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            sha256(Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8), pieces: 7)
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(
            sha256([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000), pieces: 4096)
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    /// Lengths around the padding's limits: bytes 0, 1, 2, …; digests by Python's hashlib.
    @Test(arguments: [
        (55, "463eb28e72f82e0a96c0a4cc53690c571281131f672aa229e0d45ae59b598b59"),
        (56, "da2ae4d6b36748f2a318f23e7ab1dfdf45acdc9d049bd80e59de82a60895f562"),
        (57, "2fe741af801cc238602ac0ec6a7b0c3a8a87c7fc7d7f02a3fe03d1c12eac4d8f"),
        (63, "29af2686fd53374a36b0846694cc342177e428d1647515f078784d69cdb9e488"),
        (64, "fdeab9acf3710362bd2658cdc9a29e8f9c757fcf9811603a8c447cd1d9151108"),
        (65, "4bfd2c8b6f1eec7a2afeb48b934ee4b2694182027e6d0fc075074f2fabb31781"),
        (119, "da18797ed7c3a777f0847f429724a2d8cd5138e6ed2895c3fa1a6d39d18f7ec6"),
        (120, "f52b23db1fbb6ded89ef42a23ce0c8922c45f25c50b568a93bf1c075420bbb7c"),
        (128, "471fb943aa23c511f6f72f8d1652d9c880cfa392ad80503120547703e56a2be5"),
    ])
    func paddingLimits(length: Int, digest: String) {
        #expect(sha256((0..<length).map { UInt8($0) }) == digest)
    }

    /// The digests are Python's, over the text that the documentation of `Fingerprint` describes: these may never change,
    /// or every reading that a clinic has would come a second time.
    @Test func aFingerprintNeverChanges() throws {
        let time = try #require(LocalTime(2026, 3, 2, 10, 11, 12))
        let raw = try #require(bytes(hex: "1e800052006100ea0703020a0b0c4700010000"))
        let reading = Reading([], taken: .clock(time), user: 1, bytes: raw)
        let print = Fingerprint(device: "bluetooth:00:09:1F:80:00:22", reading: reading, arrival: arrival)
        #expect(hex(print.bytes) == "3da1f1ee7de1100afe5e1667337b59781250ac03086e28af29cfb06f3dc882d8")
        #expect(print.uuid() == "a97d2e64-6463-86b1-83e8-706f0e3bf8f1")
        #expect(print.uuid("panel") == "3e8ca88a-169e-8097-b571-36042b87ef7c")
    }

    @Test func whereTheDeviceStampsNothingTheArrivalTellsTwoApart() throws {
        let reading = try #require(Reading(notation: "spo2 97 % spot pulse-oximeter-rate 72 /min spot now"))
        let print = Fingerprint(device: "line:/dev/ttyUSB0", reading: reading, arrival: arrival)
        #expect(hex(print.bytes) == "19fe0d16e6c3531e06fc6c0eb5f5db0c5834befada8b94c0eb5159a3d1a18590")
        var later = arrival
        later.uptime += .nanoseconds(1)
        #expect(print != Fingerprint(device: "line:/dev/ttyUSB0", reading: reading, arrival: later))
        // With a number of its own it is the same whenever it comes.
        var numbered = reading
        (numbered.sequence, numbered.bytes) = (7, [1])
        let first = Fingerprint(device: "line:/dev/ttyUSB0", reading: numbered, arrival: arrival)
        #expect(hex(first.bytes) == "90e99de0a62ff14da6d9f92811066b3cae280370f55b5b4221af0c3371b386a8")
        #expect(first == Fingerprint(device: "line:/dev/ttyUSB0", reading: numbered, arrival: later))
    }

    /// A memory that nobody can read is told anew at each visit, and there is no stamp to know it by.
    @Test func ofWhatNobodyCanReadTheBytesAreAllThereIs() {
        var later = arrival
        later.uptime += .seconds(86_400)
        func print(_ bytes: [UInt8], of device: String = "a", heard: HubTime) -> Fingerprint {
            Fingerprint(device: device, reading: .undecoded(bytes), arrival: heard)
        }
        let first = print([1, 2], heard: arrival)
        #expect(first == print([1, 2], heard: later))
        #expect(first != print([1, 3], heard: arrival) && first != print([1, 2], of: "b", heard: arrival))
    }

    /// A record that says how old it is says so differently each time: its number and its content tell it.
    @Test func anAgeIsNoPartOfWhatARecordIs() {
        func record(_ age: UInt64, _ sequence: Int?, _ percent: Int32, heard: HubTime? = nil) -> Fingerprint {
            let reading = Reading(
                [Value(.oxygenSaturation, Amount(percent), .percent)], taken: .age(age, resolution: .seconds(60)),
                sequence: sequence, bytes: [UInt8(age), UInt8(percent)])
            return Fingerprint(device: "a", reading: reading, arrival: heard ?? arrival)
        }
        var later = arrival
        later.uptime += .seconds(60)
        #expect(record(12, 3, 97) == record(13, 3, 97, heard: later))
        #expect(Set([record(12, 3, 97), record(12, 4, 97), record(12, 3, 96)]).count == 3)
        // Two equal measurements of a device that does not number them are two.
        #expect(record(12, nil, 97) != record(12, nil, 97, heard: later))
    }

    @Test func everyPartCounts() throws {
        let time = try #require(LocalTime(2026, 3, 2, 10, 11, 12)),
            other = try #require(LocalTime(2026, 3, 2, 10, 11, 13))
        let base = Reading([], taken: .clock(time), sequence: 1, user: 1, bytes: [1, 2])
        var changed = (0..<4).map { _ in base }
        changed[0].taken = .clock(other)
        changed[1].sequence = 2
        changed[2].user = nil
        changed[3].bytes = [1, 3]
        let prints = ([base] + changed).map { Fingerprint(device: "a", reading: $0, arrival: arrival) }
        let device = Fingerprint(device: "b", reading: base, arrival: arrival)
        #expect(Set(prints + [device]).count == 6)
    }
}
