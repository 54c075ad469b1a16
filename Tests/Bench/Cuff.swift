import Bluetooth
import Core

/// A simulated blood-pressure cuff with a memory: it indicates its records one by one, each forgotten once confirmed.
struct Cuff {
    let address: BluetoothAddress
    /// Numbers of the records that are still to be confirmed.
    private(set) var memory: Range<Int>
    private var server = AttributeServer(Self.attributes)
    private var inFlight = false

    /// - Parameter index: makes the address, 00:09:1F:00:hh:ll.
    init(_ index: Int, memory: Range<Int>) {
        address = BluetoothAddress(0x0009_1F00_0000 | UInt64(index))
        self.memory = memory
    }

    var advertisement: [UInt8] { Array("\(address) name \"A&D_UA-651BLE_BENCH\" services 1810".utf8) }

    /// A new link: what was not confirmed is said again.
    mutating func connected() {
        server = AttributeServer(Self.attributes)
        inFlight = false
    }

    /// What the cuff sends when it hears `pdu`, and whether it hangs up then.
    mutating func hear(_ pdu: [UInt8]) -> (answers: [[UInt8]], hangsUp: Bool) {
        var answers: [[UInt8]] = []
        var isArmed = false
        if pdu.first == ATT.Opcode.confirmation.rawValue {
            if inFlight { memory = memory.dropFirst() }
            inFlight = false
            isArmed = true
        } else {
            let answer = server.answer(pdu)
            if let response = answer.response { answers.append(response) }
            isArmed = answer.written?.handle == Self.switchHandle
        }
        guard isArmed, !inFlight else { return (answers, false) }
        guard let record = memory.first else { return (answers, true) }
        inFlight = true
        return (answers + [[ATT.Opcode.indication.rawValue, Self.recordHandle, 0] + cuffRecord(record)], false)
    }

    private static let recordHandle: UInt8 = 3, switchHandle: UInt16 = 4

    private static let attributes = [
        Attribute(handle: 1, type: 0x2800, value: [0x10, 0x18]),
        Attribute(handle: 2, type: 0x2803, value: [0x20, recordHandle, 0, 0x35, 0x2A]),
        Attribute(handle: 3, type: 0x2A35),
        Attribute(handle: 4, type: 0x2902, value: [0, 0]),
        Attribute(handle: 5, type: 0x2803, value: [0x0A, 6, 0, 0x08, 0x2A]),
        // Noon on 11 January 2026: days after every record, as in a cuff that was not visited for a while.
        Attribute(handle: 6, type: 0x2A08, value: [0xEA, 0x07, 1, 11, 12, 0, 0]),
    ]
}

/// Blood Pressure Measurement (0x2A35): flags, three SFLOATs, time, pulse, status. Record n was taken n minutes into 2026.
func cuffRecord(_ number: Int) -> [UInt8] {
    let systolic = UInt8(100 + number % 80), diastolic = UInt8(50 + number % 40)
    let days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    var day = number / 1440, month = 0
    while month < 11, day >= days[month] {
        day -= days[month]
        month += 1
    }
    return [
        0x16, systolic, 0, diastolic, 0, diastolic + 15, 0, 0xEA, 0x07, UInt8(month + 1), UInt8(day + 1),
        UInt8(number / 60 % 24), UInt8(number % 60), 0, UInt8(50 + number % 60), 0, 0, 0,
    ]
}
