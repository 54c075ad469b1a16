import Bluetooth
import Core
import Host
import TestLoop
import Testing

@testable import Journal
@testable import vitalsd

@Suite struct CallTests {
    /// An oximeter takes for received what it sends, as soon as the link is there: while the first spot check waits to be kept, it
    /// calls with the next one.
    @Test func aDeviceThatCallsAgainIsHeardWhileItsFirstReadingWaits() async throws {
        let place = TemporaryDirectory(), folder = place.path
        let thread = Worker("journal")
        let readings = try await onLoop { () -> [Kept] in
            var configuration = Configuration()
            configuration.stateDirectory = folder
            configuration.radio = .none
            let journal = try Journal(
                path: configuration.journalPath, bound: configuration.bound, destinations: ["clinic"], executor: thread)
            let device = BluetoothAddress(0x001C_0500_0001)
            try await journal.bind(
                Journal.Binding(device: "bluetooth:\(device)", user: nil, subject: .reference("Patient/1")),
                withMemory: true)
            var known = Journal.Wireless(device: "bluetooth:\(device)")
            known.sighting = Advertisement(
                address: device, kind: .classic, name: "Nonin_Medical_Inc._000001", services: [])
            try await journal.remember(known)
            let gateway = try await Gateway(configuration, journal: journal, destinations: [])
            keepAlive(gateway)
            let (first, firstEnd) = try RFCOMMSocket.pair(to: device)
            let (second, secondEnd) = try RFCOMMSocket.pair(to: device)
            await withDiscardingTaskGroup { group in
                for (ours, theirs, saturation) in [(first, firstEnd, UInt8(96)), (second, secondEnd, 91)] {
                    group.addTask { await gateway.answer(ours) }
                    try? await theirs.write(spotCheck(saturation))
                    // It does not say what its clock shows, for which two seconds are waited; then it would be kept.
                    await loop.sleep(for: .seconds(3))
                }
                firstEnd.hangUp()
                secondEnd.hangUp()
                _ = Task(executorPreference: loop) { await gateway.intake.run() }
            }
            return try await journal.pending(for: "clinic", limit: 9)
        }
        thread.join()
        #expect(readings.compactMap { $0.reading.values.first?.amount?.mantissa }.sorted() == [91, 96])
    }

    /// What cannot call is not silent: nobody can say whether it is there. Who is heard is none the worse for it.
    @Test func whereNobodyCanCallNobodySaysThatADeviceDidNot() async throws {
        let place = TemporaryDirectory(), folder = place.path
        try await onLoop {
            let caller = Advertisement(
                address: BluetoothAddress(0x001C_0500_0001), kind: .classic, name: "Nonin_Medical_Inc._000001",
                services: [])
            let cuff = "bluetooth:00:09:1F:80:00:22", radio = HeldAir()
            let (gateway, device) = try await gateway(in: folder, of: caller, and: [cuff], over: radio)
            let contacts = gateway.contacts
            @Hub func hears(_ device: String) -> Bool { contacts.listening(to: device, at: contacts.now()) != nil }
            #expect(hears(device) && hears(cuff) && Account(of: gateway).callTrouble == nil)
            radio.callFault = .hub(.radioShared("Bluetooth service discovery is held by another program"))
            #expect(!hears(device) && hears(cuff))
            #expect(Account(of: gateway).callTrouble == radio.callFault.map(Trouble.init))
            radio.callFault = nil
            contacts.listens(false)
            #expect(!hears(device) && !hears(cuff))
            contacts.listens(true)
            #expect(hears(device) && hears(cuff))
        }
    }

    /// Nobody can hear it: whether it has something new to say only the next call can tell.
    @Test func aDeviceThatIsCalledIsCalledAgainAfterAFruitfulVisit() async throws {
        let place = TemporaryDirectory(), folder = place.path
        try await onLoop {
            let spirometer = Advertisement(
                address: BluetoothAddress(0x1000_E80B_2212), kind: .classic, name: "ASMA_4711", services: [])
            let radio = HeldAir(), (gateway, _) = try await gateway(in: folder, of: spirometer, over: radio)
            _ = Task(executorPreference: loop) { await gateway.intake.run() }
            _ = Task(executorPreference: loop) { await gateway.acceptList.run(radio, sparing: []) }
            let (ours, theirs) = try RFCOMMSocket.pair(to: spirometer.address)
            radio.line = ours
            async let meeting: Void = gateway.meet(spirometer, over: radio)
            try await theirs.write(said("CTDASM0004711301415"))
            #expect(try await theirs.read(within: .seconds(60)) == .bytes([0x06]))
            try await theirs.write(said("CPD"))
            await meeting
            #expect(try await gateway.journal.pending(for: "clinic", limit: 9).count == 1)
            // The radio is told of the rest, and reports the device again when that is over.
            let due = ContinuousClock.now + .seconds(5)
            while radio.resting.isEmpty, .now < due { await loop.sleep(for: .milliseconds(1)) }
            #expect(radio.resting == [spirometer.device])
            theirs.hangUp()
        }
    }
}

/// A gateway to whose person a device that calls is bound, and others; and the caller's identity.
@Hub private func gateway(
    in folder: String, of caller: Advertisement, and others: [String] = [], over radio: HeldAir
) async throws -> (Gateway, String) {
    var configuration = Configuration()
    configuration.stateDirectory = folder
    let journal = try Journal(
        path: configuration.journalPath, bound: configuration.bound, destinations: ["clinic"], executor: loop)
    let identity = "bluetooth:\(caller.address)"
    for device in [identity] + others {
        try await journal.bind(
            Journal.Binding(device: device, user: nil, subject: .reference("Patient/1")), withMemory: true)
    }
    try await journal.remember(Journal.Wireless(device: identity, sighting: caller))
    let gateway = try await Gateway(configuration, journal: journal, destinations: [], radio: radio)
    keepAlive(gateway)
    return (gateway, identity)
}

/// What Vitalograph's 4000 family says: between STX and ETX, and the exclusive or of it all.
private func said(_ text: String) -> [UInt8] {
    let frame = [0x02] + Array(text.utf8) + [0x03]
    return frame + [frame.reduce(0, ^)]
}

/// Nonin's serial data format 13.
private func spotCheck(_ saturation: UInt8) -> [UInt8] {
    let data: [UInt8] = [0x20, 0x26, 0x11, 0x20, 0x08, 0, 0, 0, 0x02, 0, 0, 70, 0, saturation]
    return [0, 2, 0, 0x0D, 0, 14] + data + [data.reduce(0, &+), 3]
}
