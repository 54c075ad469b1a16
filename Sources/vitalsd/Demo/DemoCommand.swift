import Clinic
import Core
import Devices
import Glibc
import Host

extension Command {
    static let demo = Command(
        verb: "demo", arguments: "[--captures FOLDER] [--server URL [--patient Patient/ID] [--configuration FILE]]",
        summary: "the main job, visibly, without hardware",
        explanation: """
            Starts the real daemon with simulated devices and a small clinic on the loopback. Devices measure, one with a
            clock that is years off; the clinic goes away; the daemon is killed in the middle of a download and started
            again. At the end every reading is listed with the device's time, the true time and its state. Touches
            nothing outside a temporary folder. Ends with status 0 only if everything that was taken was kept and
            delivered once.

            With --server a test home is sent to a real server instead, marked HTEST and about a person of ours, or about
            the one named; and it is told whether the server did what a hub relies on. With --configuration the server is
            shown what the configuration says, otherwise nothing.
            """
    ) { arguments throws(Exit) in
        let named = try arguments.option("captures"), server = try arguments.option("server")
        let patient = try arguments.option("patient"), file = try arguments.option("configuration")
        try arguments.end()
        if server == nil, patient != nil || file != nil {
            throw arguments.complain("--patient and --configuration go with --server")
        }
        if let server, !Configuration.Key.Kind.url.accepts(server) {
            throw arguments.complain("--server wants \(Configuration.Key.Kind.url.rawValue)")
        }
        if let patient, !Configuration.Key.Kind.reference.accepts(patient) {
            throw arguments.complain("--patient wants \(Configuration.Key.Kind.reference.rawValue)")
        }
        guard let captures = named ?? findCaptures() else {
            printError("vitalsd demo: no captures found beside the program; name their folder with --captures")
            throw .noInput
        }
        if let server {
            var settings = Clinic.Settings(url: server, userAgent: "vitalsd/\(version)")
            if let file, let clinic = try configuration(at: file)[Recipient.clinic] { settings = clinic.settings }
            settings.url = server
            var isWell = false
            do throws(Fault) {
                isWell = try await Trial(of: settings, captures: captures, patient: patient.map(Subject.reference))
                    .run()
            } catch {
                throw complain(error)
            }
            if !isWell { throw .unavailable }
            return
        }
        do throws(Fault) {
            let folder = try Files.makeTemporaryDirectory("vitalsd-demo")
            try await Story(in: folder, captures: captures).tell()
        } catch {
            throw complain(error)
        }
    }
}

/// Where an installation keeps the captures, or where the sources do, in any folder above the program.
private func findCaptures() -> String? {
    var folder = Files.directory(of: Files.program)
    while !folder.isEmpty {
        for place in ["share/vitalsd/captures", "Tests/DeviceTests/Captures"] {
            if Files.exists("\(folder)/\(place)") { return "\(folder)/\(place)" }
        }
        folder = Files.directory(of: folder)
        if folder == "/" { return nil }
    }
    return nil
}

extension Capture {
    /// What the visit reports, in order.
    var readings: [Reading] {
        lines.compactMap { if case .reported(let reading) = $0 { reading } else { nil } }
    }
}

extension FarEnd {
    /// What people call the device.
    var kind: String {
        drivers.claimants(of: capture.sighting).first?.kind.word ?? "device"
    }

    /// What the device's own clock says, as far as the capture shows it.
    var clock: String {
        for case .clock(let raw) in capture.lines { return raw.words }
        return "nothing"
    }
}

extension Driver.Kind {
    /// One word, short enough for a table.
    var word: String {
        switch self {
        case .pulseOximeter: "oximeter"
        case .bloodPressure: "cuff"
        case .glucose: "glucometer"
        case .spirometer, .scale, .thermometer, .healthSensor: rawValue
        }
    }
}

extension Kept {
    /// As a display would show it. For the demonstration only: nothing else prints a value.
    var words: String {
        func shown(_ quantity: Quantity) -> String? {
            reading.values.first { $0.quantity == quantity }?.amount?.description
        }
        if let systolic = shown(.systolic), let diastolic = shown(.diastolic) { return "\(systolic)/\(diastolic)" }
        if let saturation = shown(.oxygenSaturation) {
            return "\(saturation) %, \(shown(.pulseOximeterRate) ?? "?")/min"
        }
        return reading.values.first.map { "\($0.amount?.description ?? "?") \($0.unit.ucum)" } ?? ""
    }
}

extension RawTime {
    var words: String {
        switch self {
        case .clock(let time): String("\(time)".prefix(16))
        case .now: "none, live"
        case .ticks(let count, _): "\(count) ticks"
        case .age: age.map { "\($0.components.seconds) s ago" } ?? "unknown"
        case .unknown: "unknown"
        }
    }
}

extension Dated {
    var words: String {
        guard let at, let time = HubClock.localTime(at: at) else { return "before it arrived" }
        return "\("\(time)".prefix(16)) ±\(error.components.seconds) s"
    }
}
