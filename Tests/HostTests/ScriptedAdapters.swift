import Bluetooth
import Core
import Glibc
import Testing

@testable import Host

/// The device that these tests are about.
let cuff = Management.Address(BluetoothAddress(0x0009_1F80_0022), .lePublic)

/// A bond with it, or with another, of which every byte of each key is the same.
func bond(_ byte: UInt8 = 0xAA, of device: String = "2200801f0900") throws -> Bond {
    let zeros = String(repeating: "00", count: 8), key = String(repeating: hex(byte), count: 16)
    return try Bond(
        try #require(
            bytes(
                hex: "01 \(device) 01 01 \(device) 01 02 00 10 0000 \(zeros) \(key) 02 \(device) 01 \(key)")))
}

/// A kernel with adapters that do what they are told. Everything that it is told is kept, without the headers' lengths:
/// `0005 0 01` is Set Powered for hci0 with the parameter 01.
@Hub final class ScriptedAdapters {
    let script: ScriptedKernel
    /// By adapter: what Read Controller Information says, but for the settings.
    var controllers: [UInt16: (supported: UInt32, version: UInt8)] = [0: (0x0A01, 9)]
    var settings: [UInt16: UInt32] = [:]
    /// Their own, where it is not 11:22:33:44:55:66.
    var addresses: [UInt16: BluetoothAddress] = [:]
    /// Who is connected.
    var links: [Management.Address] = []
    var told: [String] = []
    /// The status that a command gets instead of its answer.
    var refusals: [UInt16: UInt8] = [:]
    /// The same of one command, as it is told.
    var refused: [String: UInt8] = [:]
    /// What happens before the answer to a command.
    var before: [UInt16: @Hub () throws -> Void] = [:]
    /// Commands that get no answer now.
    var unanswered: Set<UInt16> = []

    init() throws { script = try ScriptedKernel() }

    func run() async throws {
        while let packet = await script.command() {
            guard let opcode = packet.u16(at: 0), let index = packet.u16(at: 2) else { continue }
            let parameters = Array(packet[6...])
            let command = "\(number(opcode)) \(index == 0xFFFF ? "-" : "\(index)") \(hex(parameters))"
            told.append(command)
            try before[opcode]?()
            if unanswered.contains(opcode) { continue }
            if let status = refusals[opcode] ?? refused[command] {
                try reply(opcode, index, status, [])
            } else if index != 0xFFFF, controllers[index] == nil {
                try reply(opcode, index, 0x11, [])
            } else {
                try reply(opcode, index, 0, answer(opcode, index, parameters))
            }
        }
    }

    func reply(_ opcode: UInt16, _ index: UInt16, _ status: UInt8, _ parameters: [UInt8]) throws {
        let length = UInt16(parameters.count + 3)
        try script.say(
            "0100" + hex(index.attBytes + length.attBytes + opcode.attBytes) + hex(status) + hex(parameters))
    }

    private func answer(_ opcode: UInt16, _ index: UInt16, _ parameters: [UInt8]) -> [UInt8] {
        let bits: [UInt16: UInt32] = [
            0x05: 0x01, 0x07: 0x02, 0x09: 0x10, 0x2A: 0x80, 0x0B: 0x40, 0x0D: 0x200, 0x2B: 0x8000, 0x2D: 0x800,
        ]
        switch opcode {
        case 0x0003: return UInt16(controllers.count).attBytes + controllers.keys.sorted().flatMap(\.attBytes)
        case 0x0004:
            let controller = controllers[index] ?? (0, 0)
            let address = addresses[index] ?? BluetoothAddress(0x1122_3344_5566)
            return address.managementBytes + [controller.version, 0x3F, 0] + long(controller.supported)
                + long(settings[index] ?? 0) + [UInt8](repeating: 0, count: 263)
        case _ where bits[opcode] != nil:
            let bit = bits[opcode] ?? 0, isOn = opcode == 0x2B || parameters.first == 1
            settings[index] = isOn ? (settings[index] ?? 0) | bit : (settings[index] ?? 0) & ~bit
            return long(settings[index] ?? 0)
        case 0x0019, 0x001A, 0x001B, 0x001C, 0x001D, 0x001E, 0x001F, 0x0033, 0x0034: return Array(parameters.prefix(7))
        case 0x0023, 0x0024: return parameters
        case 0x0015: return UInt16(links.count).attBytes + links.flatMap(\.bytes)
        default: return []
        }
    }

    private func long(_ number: UInt32) -> [UInt8] {
        UInt16(truncatingIfNeeded: number).attBytes + UInt16(truncatingIfNeeded: number >> 16).attBytes
    }
    private func number(_ opcode: UInt16) -> String {
        String(repeating: "0", count: 4 - hex(opcode).count) + hex(opcode)
    }

    /// Waits until it was told something.
    func wait(for command: String) async throws {
        let due = ContinuousClock.now + .seconds(60)
        while !told.contains(command) {
            try #require(ContinuousClock.now < due, "\(command) not in \(told)")
            await loop.sleep(for: .milliseconds(1))
        }
    }
}

/// Runs `body` beside a radio on a scripted kernel.
@Hub func withRadio(
    adapter: UInt16? = nil, bonds: [Bond] = [], sysfs: String = "/nowhere", probe: ControllerProbe = ControllerProbe(),
    prepare: @Hub (ScriptedAdapters) -> Void = { _ in },
    _ body: @Hub (ScriptedAdapters, Radio) async throws -> Void
) async throws {
    let kernel = try ScriptedAdapters()
    // What a test has happen mostly holds the kernel.
    defer { kernel.before = [:] }
    prepare(kernel)
    let masters = OtherMaster(cgroups: "\(sysfs)/cgroup", processes: "\(sysfs)/proc")
    let radio = try Radio(adapter: adapter, bonds: bonds, rfkill: RFKill(sysfs: sysfs), masters: masters, probe: probe)
    {
        () throws(Fault) in kernel.script.channel
    }
    async let running: Void = radio.run()
    async let serving: Void = kernel.run()
    do {
        try await body(kernel, radio)
    } catch {
        radio.stop()
        kernel.script.end()
        await running
        throw error
    }
    radio.stop()
    await running
    kernel.script.end()
    try await serving
}

@Hub func isOn(_ radio: Radio) async throws {
    let due = ContinuousClock.now + .seconds(60)
    while !radio.isOn {
        try #require(ContinuousClock.now < due)
        await loop.sleep(for: .milliseconds(1))
    }
}
