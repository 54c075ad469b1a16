import Bluetooth
import Core
import Devices
import Testing

@Suite struct ReplayTests {
    @Test(arguments: CaptureFile.all)
    func theDriverDoesAsTheCaptureSays(_ file: CaptureFile) async throws {
        let driver = try #require(drivers.first { $0.id == file.driver })
        let mistakes = await Replay.mistakes(of: driver, over: file.capture)
        #expect(mistakes.isEmpty, "\(mistakes)")
    }

    /// A PO60's record is the same reading when another has come behind it, and when the oldest has gone.
    @Test func aStoredRecordIsTheSameWhereverItStands() throws {
        let record = try #require(bytes(hex: "0f0b060d14250f0b060d143a0000166060606f6e6e"))
        let arrival = HubTime(boot: "b", uptime: .seconds(1), wall: Instant(milliseconds: 0), synchronised: true)
        let prints = [0x40, 0x00, 0x03].map { (number: UInt8) in
            let frame = [0xE9, number] + record
            let reading = ContecRecords.stored(frame + [frame.reduce(0, &+) & 0x7F])
            return Fingerprint(device: "x", reading: reading, arrival: arrival)
        }
        #expect(Set(prints).count == 1)
    }

    /// Drivers of what is told but once. Of these an equal undated reading is another one, and its arrival tells them apart.
    private static let toldOnce = [
        "and-ua651ble": "forgets what is confirmed", "beurer-bf600": "forgets what is confirmed",
        "sig-wsp": "forgets what is confirmed", "nonin-9560": "forgets its spot check when it has told it",
        "vitalograph-asma-1": "forgets its blow when it is acknowledged",
        "vitalograph-copd-6": "forgets its blow when it is acknowledged",
    ]

    /// A memory that is told whole at each visit is the same readings each time, whatever its clock says; and as many of them.
    @Test(arguments: CaptureFile.all)
    func whatIsToldAgainIsTheSame(_ file: CaptureFile) async throws {
        let driver = try #require(drivers.first { $0.id == file.driver })
        guard Self.toldOnce[file.driver] == nil else { return }
        var visits: [[Fingerprint]] = []
        for day in 1...2 {
            let stored = await Replay.played(by: driver, file.capture).readings.filter { $0.taken != .now }
            visits.append(
                stored.enumerated().map { index, reading in
                    let arrival = HubTime(
                        boot: "b", uptime: .seconds(day * 86_400 + index), wall: Instant(milliseconds: 0),
                        synchronised: true)
                    return Fingerprint(device: "x", reading: reading, arrival: arrival)
                })
        }
        #expect(visits[0] == visits[1])
        #expect(Set(visits[0]).count == visits[0].count)
    }

    /// A PBT that calls again has sent its measurement later, and perhaps with less of its battery.
    @Test func aMeasurementThatIsCalledForAgainIsTheSame() throws {
        let arrival = HubTime(boot: "b", uptime: .seconds(1), wall: Instant(milliseconds: 0), synchronised: true)
        let prints = try ["ea070302070900 f0", "ea070302070941 39", "ea070302080000 f0"].map { text in
            let words = text.split(separator: " ")
            let frame = try #require(
                bytes(
                    hex: "02000a000000ff0200ea070302070428\(words[0])2200801f090055412d37363735313131313234303038000050"
                        + "425400000000000000\(words[1])002338303144344334313532"))
            return Fingerprint(device: "x", reading: AndPBT.told(frame), arrival: arrival)
        }
        #expect(Set(prints).count == 1)
        #expect(!AndPBT.told([2, 0]).bytes.isEmpty)
    }

    /// Proof that the replay sees the one mistake that loses readings: confirming before the report has returned.
    @Test func confirmingBeforeReportingIsSeen() async throws {
        let file = try #require(
            CaptureFile.all.first { $0.driver == "and-ua651ble" && $0.name == "one-stored.capture" })
        let honest = try #require(drivers.first { $0.id == file.driver })
        func visit(_ isSwapped: Bool) -> Visit {
            .gatt { peer, report async throws(Fault) in
                try await peer.discover()
                for text in [0x2A29, 0x2A24, 0x2A25, 0x2A26, 0x2A23] as [UInt16] {
                    _ = try await peer.read(BluetoothUUID(text))
                }
                _ = try await peer.read(0x2A08)
                try await peer.write([0xEA, 0x07, 3, 2, 10, 12, 30], to: 0x2A08)
                try await peer.subscribe(0x2A35)
                while let update = try await peer.next(within: .seconds(10)) {
                    if isSwapped { try await peer.confirm() }
                    try await report(decoded(update.value, by: BloodPressure.measurement))
                    if !isSwapped { try await peer.confirm() }
                }
            }
        }
        var capture = file.capture
        capture.lines.removeAll {
            switch $0 {
            case .clock, .clockSet, .information: true
            default: false
            }
        }
        var driver = honest
        driver.visit = visit(false)
        #expect(await Replay.mistakes(of: driver, over: capture) == [])
        driver.visit = visit(true)
        let mistakes = await Replay.mistakes(of: driver, over: capture)
        #expect(mistakes.first?.hasPrefix("sent([30]) instead of reported(") == true, "\(mistakes)")
    }

    @Test func everyOtherSlipIsSeen() async throws {
        for file in CaptureFile.all {
            let driver = try #require(drivers.first { $0.id == file.driver })
            // The ends of a long conversation are enough: between them it repeats itself.
            let all = Array(file.capture.lines.indices)
            let places = all.count <= 200 ? all : Array(all.prefix(30)) + Array(all.suffix(30))
            for at in places where file.capture.lines[at] != .silence {
                // The device says less, or the hub expects less: neither may pass unseen, unless it said nothing.
                guard file.name != "no-finger.capture" else { continue }
                if case .heard(let bytes) = file.capture.lines[at], bytes.count != 5 * 60, bytes.count != 5 * 75,
                    bytes.count != 4,
                    !(file.isStream && bytes.first == 0x1B)
                {
                    var capture = file.capture
                    capture.lines.remove(at: at)
                    #expect(await !Replay.mistakes(of: driver, over: capture).isEmpty, "\(file.testDescription) \(at)")
                }
                if case .reported = file.capture.lines[at] {
                    var capture = file.capture
                    capture.lines.remove(at: at)
                    #expect(await !Replay.mistakes(of: driver, over: capture).isEmpty, "\(file.testDescription) \(at)")
                }
            }
        }
    }

    /// What a person saw is what was reported last: `128/82, pulse 71, SpO2 97, 78.8 kg, 10:11`, `Err`, or `--` for
    /// nothing. A display may round what it sends.
    @Test(arguments: CaptureFile.all)
    func theDisplayAgrees(_ file: CaptureFile) throws {
        let display = try #require(file.capture.headers["display"])
        let units: [String: Unit] = [
            "kg": .kilogram, "°C": .celsius, "mg/dL": .milligramPerDecilitre, "L": .litre, "lb": .pound,
            "L/min": .litrePerMinute, "L/s": .litrePerSecond,
        ]
        for item in display.split(separator: ",").map({ String($0.drop { $0 == " " }) }) {
            if item == "--" {
                #expect(file.readings.isEmpty)
                continue
            }
            let reading = try #require(file.readings.last, "\(item) was seen, and nothing reported")
            func shows(_ quantity: Quantity, _ text: some StringProtocol) -> Bool {
                reading.values.contains { $0.quantity == quantity && $0.amount?.description == String(text) }
            }
            let words = item.split(separator: " "), pressures = item.split(separator: "/")
            switch words[0] {
            case "Err": #expect(reading.values.allSatisfy { $0.amount == nil } && !reading.values.isEmpty)
            case "pulse": #expect(shows(.pulseRate, words[1]) || shows(.pulseOximeterRate, words[1]))
            case _ where words.count == 2 && units[String(words[1])] != nil:
                let shown = try #require(Amount(words[0])), unit = try #require(units[String(words[1])])
                let sent = reading.values.filter { $0.unit == unit }.compactMap(\.amount)
                #expect(sent.contains { abs($0.approximate - shown.approximate) <= 0.0501 }, "\(item)")
            case "SpO2": #expect(shows(.oxygenSaturation, words[1]))
            case _ where pressures.count == 2:
                #expect(shows(.systolic, pressures[0]) && shows(.diastolic, pressures[1]))
            default: #expect(reading.taken.description.contains("T\(item):"), "\(item)")
            }
        }
    }

    @Test func everyDriverHasACaptureAndEveryCaptureADriver() {
        #expect(Set(drivers.map(\.id)) == Set(CaptureFile.all.map(\.driver)))
        #expect(drivers.count == Set((drivers + profiles).map(\.id)).count - profiles.count)
    }

    @Test func evidenceIsCapturedOnlyWhereTheBytesAre() {
        for driver in drivers {
            let sources = CaptureFile.all.filter { $0.driver == driver.id }.compactMap { $0.capture.headers["source"] }
            #expect((driver.evidence == .captured) == sources.contains { $0 != "specification" }, "\(driver.id)")
        }
    }

    /// Where bytes come from can be looked up: `<what> in <owner>/<repository>`, or `<what> in public file <number>`.
    @Test(arguments: CaptureFile.all)
    func aSourceIsNamedSoThatItCanBeFound(_ file: CaptureFile) throws {
        let source = try #require(file.capture.headers["source"])
        guard source != "specification" else { return }
        let isNamed =
            source.wholeMatch(of: #/[^ ].* in [A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9._-]+/#) != nil
            || source.wholeMatch(of: #/[^ ].* in public file [0-9]+/#) != nil
        #expect(isNamed, "\(source)")
    }
}
