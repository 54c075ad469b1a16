import Core
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
}
