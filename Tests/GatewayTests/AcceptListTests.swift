import Bluetooth
import Core
import Host
import Journal
import TestLoop
import Testing

@testable import vitalsd

@Suite struct AcceptListTests {
    @Test func aDeviceThatFailsRestsLongerEachTimeButIsHeardAgain() {
        func pauses(_ fault: Fault) -> [Int64] {
            [1, 2, 3, 5, 8, 20, 4000].map { AcceptList.pause(after: fault, $0).components.seconds }
        }
        // Out of range: a cuff is on the air for 30 s, and must be met within them.
        #expect(pauses(.device(.hungUp)) == [1, 2, 4, 15, 15, 15, 15])
        #expect(pauses(.device(.silent)).allSatisfy { $0 <= 15 })
        #expect(pauses(.device(.refused(1))) == [1, 2, 4, 16, 128, 600, 600])
        // Somebody must pair it; until then its battery is spared.
        #expect(pauses(.pairing(.keyForgotten)) == [30, 60, 120, 480, 600, 600, 600])
        // The disk is not the device's fault.
        #expect(pauses(.hub(.diskFull)) == [1, 1, 1, 1, 1, 1, 1])
    }

    @Test func aPairingOrderIsReadAsItWasWritten() throws {
        let orders: [Gateway.PairingOrder] = [
            .init(
                address: BluetoothAddress(0x0009_1F80_0022), user: nil, subject: .reference("Patient/1"), consent: nil,
                capability: .noInputNoOutput),
            .init(
                address: BluetoothAddress(0xC009_1F80_0022), user: 2,
                subject: .identifier(system: "urn:oid:2.999", value: "a b"), consent: Consent(user: 2, code: 42),
                capability: .keyboardOnly, withMemory: true),
        ]
        for order in orders {
            let words = order.notation.split(separator: "\t", omittingEmptySubsequences: false).map { String($0) }
            let read = try #require(Gateway.PairingOrder(words))
            #expect(read.notation == order.notation)
            #expect(read.address == order.address && read.user == order.user && read.subject == order.subject)
            #expect(read.consent == order.consent && read.capability == order.capability)
            #expect(read.withMemory == order.withMemory)
        }
        #expect(Gateway.PairingOrder(["pair", "x", "", "", "3", "", "", "Patient/1"]) == nil)
        #expect(Gateway.PairingOrder(["pair", "00:09:1F:80:00:22", "one", "", "3", "", "", "Patient/1"]) == nil)
        #expect(Gateway.PairingOrder(["pair", "00:09:1F:80:00:22", "1", "", "3", "", "Patient/1"]) == nil)
        #expect(Gateway.PairingOrder(["pair", "00:09:1F:80:00:22", "1", "", "3", "", "memory", "Patient/1"]) == nil)
        #expect(Gateway.PairingOrder(["pair"]) == nil)
    }

    /// The kernel waits for no private address; and whoever uses a device's address as one of another kind is not it, as far
    /// as anybody can tell without a bond.
    @Test(arguments: [
        // As it was known, as it is seen, and as it is known then.
        ("", "40:09:1F:80:00:22 random", nil),
        ("", "C0:09:1F:80:00:22 random", AddressKind.leRandom),
        ("", "40:09:1F:80:00:22", .lePublic),
        ("40:09:1F:80:00:22", "40:09:1F:80:00:22 random", .lePublic),
        ("C0:09:1F:80:00:22", "C0:09:1F:80:00:22 random", .lePublic),
        ("C0:09:1F:80:00:22 random", "C0:09:1F:80:00:22", .leRandom),
    ])
    func withoutABondNobodyChangesTheKindOfAnAddress(known: String, seen: String, kind: AddressKind?) async throws {
        let place = TemporaryDirectory()
        try await onLoop {
            func advertisement(_ words: String, _ name: String) throws -> Advertisement {
                let notation = "\(words.prefix(17)) name \"\(name)\" services 181D\(words.dropFirst(17))"
                return try #require(Advertisement(notation: notation))
            }
            let journal = try Journal(
                path: place.path + "/journal", bound: .init(bytes: 1 << 24, age: .seconds(1 << 30)),
                destinations: ["clinic"], executor: loop)
            let heard = try advertisement(seen, "MI SCALE2"), device = "bluetooth:\(heard.address)"
            try await journal.bind(.init(device: device, user: nil, subject: .reference("Patient/1")), withMemory: true)
            if !known.isEmpty {
                try await journal.remember(.init(device: device, sighting: try advertisement(known, "")))
            }
            let list = try await AcceptList(journal)
            try await list.listen(to: heard)
            #expect(list[device].sighting?.kind == kind)
            try await list.remember(heard, nil)
            #expect(list[device].sighting?.kind == kind)
            #expect(try await journal.wireless().first?.sighting?.kind == kind)
            // A bond says whose it is.
            try await list.remember(device) { $0.bond = Bond(heard.device).bytes }
            try await list.remember(heard, nil)
            #expect(list[device].sighting?.kind == heard.kind)
        }
    }
}
