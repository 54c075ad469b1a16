import Bluetooth
import Core
import Glibc
import Host

/// The radio without the daemon, for the virtual home: runs the steps of its command line and prints one line for each.
///
///     RadioProbe FOLDER STEP …
///     hear ADDRESS     asks everybody for their names until this device is heard
///     pair ADDRESS     pairs, Just Works, and keeps the bond in FOLDER; a public address, unless it was heard as another
///     follow ADDRESS   waits until the kernel has connected to the device by itself
///     read ADDRESS     connects and reads the device's clock, 2A08, which wants an encrypted link
///     encrypt ADDRESS  the same, but asks for encryption on the open link only when the device does
///     listen ADDRESS   connects, says nothing, and waits for the end
///     restart          switches the adapter off and on
///     fault            waits for what stands in the way of the radio
@Hub private struct Probe {
    let folder: String
    let radio: Radio
    var heard: [BluetoothAddress: Advertisement] = [:]

    init(_ folder: String) throws(Fault) {
        self.folder = folder
        var bonds: [Bond] = []
        for name in try Files.names(in: folder) where name.hasPrefix("bond-") {
            if let bond = try? Bond(try Files.read("\(folder)/\(name)")) { bonds.append(bond) }
        }
        Console.print("bonds \(bonds.count)")
        radio = try Radio(bonds: bonds)
    }

    mutating func perform(_ verb: String, _ address: BluetoothAddress) async throws(Fault) {
        let device = Management.Address(address, .lePublic)
        let known = heard[address] ?? Advertisement(device, [])
        switch verb {
        case "hear":
            heard[address] = nil
            radio.discover(for: .seconds(60))
            while heard[address]?.name.isEmpty != false { try await hear() }
            radio.discover(for: .zero)
        case "pair":
            let bond = try await radio.pair(known.device) { question in
                Console.print("asked \(question.kind)")
                return .yes
            }
            try Files.write(bond.bytes, to: "\(folder)/bond-\(hex(address.value))")
            Console.print(
                "paired \(bond.device) keys \(bond.longTermKeys.map(\.type)) identity \(bond.identityKey != nil)")
        case "follow":
            radio.follow([known])
            heard[address] = nil
            while heard[address] == nil { try await hear() }
        case "read": try await read(try await radio.connect(known), isOpen: false)
        case "encrypt":
            let adapter = Management.Address(BluetoothAddress(0x1122_3344_5566), .lePublic)
            let bearer = try await SocketBearer.connect(
                to: device, from: adapter, encrypted: false, within: .seconds(25))
            try await read(bearer, isOpen: true)
        case "listen":
            let bearer = try await radio.connect(known)
            Console.print("connected")
            var hasEnded = true
            do throws(Fault) {
                hasEnded = try await bearer.receive(within: .seconds(60)) == nil
            } catch {
                // A link that is lost is told apart from one that the device ends.
                guard error == .device(.hungUp) else { throw error }
            }
            Console.print("ended \(hasEnded)")
        case "restart":
            radio.restart()
            while !radio.isOn { await loop.sleep(for: .milliseconds(50)) }
        case "fault":
            while true {
                do throws(Fault) {
                    try await hear()
                } catch {
                    Console.print("told \(error)")
                    return
                }
            }
        default: Console.print("no such step: \(verb)")
        }
    }

    private mutating func hear() async throws(Fault) {
        guard let advertisement = try await radio.next() else { return }
        heard[advertisement.address] = advertisement
        Console.print("heard \(advertisement.notation) \(advertisement.signal.map(String.init) ?? "connected")")
    }

    private func read(_ bearer: SocketBearer, isOpen: Bool) async throws(Fault) {
        defer { bearer.hangUp() }
        let client = GATTClient(bearer)
        try await client.discover()
        Console.print("discovered")
        if isOpen {
            do throws(Fault) {
                Console.print("read \(hex(try await client.read(0x2A08)))")
            } catch {
                Console.print("refused \(error)")
                try await bearer.encrypt()
            }
        }
        Console.print("read \(hex(try await client.read(0x2A08)))")
    }
}

Task(executorPreference: loop) { @Hub in
    do throws(Fault) {
        var words = CommandLine.arguments.dropFirst()[...]
        var probe = try Probe(words.popFirst() ?? ".")
        let radio = probe.radio
        await withDiscardingTaskGroup { group in
            group.addTask { await radio.run() }
            // The adapter is on when it can be paired with and connected from.
            while !radio.isOn { await loop.sleep(for: .milliseconds(50)) }
            do throws(Fault) {
                while let verb = words.popFirst() {
                    let address = ["restart", "fault"].contains(verb) ? nil : words.popFirst()
                    try await probe.perform(verb, address.flatMap { BluetoothAddress($0) } ?? BluetoothAddress(0))
                    Console.print("done \(verb)")
                }
            } catch {
                Console.print("fault \(error)")
            }
            radio.stop()
        }
        exit(0)
    } catch {
        Console.print("fault \(error)")
        exit(1)
    }
}
loop.run()
