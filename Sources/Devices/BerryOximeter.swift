import Core

extension Driver {
    /// Berry BM1000 and BM2000, and the many fingertip oximeters that speak Berry's form of the BCI protocol: a hundred
    /// frames a second through Microchip's transparent UART.
    ///
    /// Sources: zh2x/BCI_Protocol (the maker's PDF); bgould/berrymed-pulseox-reader.
    package static let berryBM1000 = Driver(
        id: "berry-bm1000", manufacturer: "Berry", model: "BM1000", kind: .pulseOximeter, evidence: .specification,
        claims: [.advertised(name: "BerryMed", service: nil), .advertised(name: "BM1000", service: nil)],
        endpoints: [Endpoint(.frames(.bci), BerryOximeter.sample)],
        visit: .gatt { peer, report async throws(Fault) in
            try await peer.introduce(to: report)
            let line = try await GATTLine(peer, to: BerryOximeter.toDevice, from: BerryOximeter.fromDevice)
            try await LiveOximeter(framing: .bci, framesPerSecond: 100, decode: BerryOximeter.sample)
                .watch(line, report)
        }, tellsOnce: true)
}

extension Framing {
    /// Only the first of the five bytes has bit 7.
    package static let bci = Framing("bci", longest: 5) { bytes in .synchronised(bytes, size: 5, saturation: 4) }
}

package enum BerryOximeter {
    static let toDevice = BluetoothUUID(full: 0x49535343_8841_43F4_A8D4_ECBE34729BB3)
    static let fromDevice = BluetoothUUID(full: 0x49535343_1E4D_4BD9_BA61_23C647249616)

    /// A hundredth of a second.
    ///
    ///          7  6     5          4          3 … 0
    ///     0    1  beep  probe off  no signal  signal strength, 0 to 7
    ///     1    0  pulse waveform
    ///     2    0  PR7   searching  no finger  bar graph
    ///     3    0  PR6 … PR0
    ///     4    0  SpO2
    ///
    /// Saturation 127 and pulse 255 mean that there is none.
    package static func sample(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        let sample = try FiveByteSample(bytes)
        var remarks = Remarks()
        if sample.more & 0x10 != 0 { remarks.insert(.sensorUnconnectedToUser) }
        if sample.more & 0x20 != 0 { remarks.insert(.signalAnalysisOngoing) }
        if sample.status & 0x20 != 0 { remarks.insert(.sensorDisconnected) }
        if sample.status & 0x10 != 0 || sample.status & 0x0F > 7 { remarks.insert(.inadequateSignal) }
        return Reading(
            [
                Value(.oxygenSaturation, nonin(saturation: sample.saturation), .percent),
                Value(
                    .pulseOximeterRate,
                    sample.pulse == 255 ? .absent(.unknown) : .amount(Amount(Int32(sample.pulse))), .perMinute),
            ], taken: .now, remarks: remarks)
    }
}
