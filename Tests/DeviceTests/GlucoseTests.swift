import Core
import Devices
import Testing

/// Glucose Measurement and its context beyond the published vectors, field by field.
@Suite struct GlucoseTests {
    private func read(_ decode: Decode, _ hex: String) throws -> String {
        let value = try #require(bytes(hex: hex))
        return try decode(value.span).description
    }

    private func why(_ decode: Decode, _ hex: String) -> Malformed? {
        do throws(Malformed) {
            let value = bytes(hex: hex) ?? []
            _ = try decode(value.span)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        arguments: [
            (1, "glucose-capillary-blood"), (2, "glucose-capillary-plasma"), (3, "glucose-venous-blood"),
            (4, "glucose-venous-plasma"), (5, "glucose-arterial-blood"), (6, "glucose-arterial-plasma"),
            (7, "glucose-blood"), (8, "glucose-plasma"), (9, "glucose-interstitial"),
        ] as [(UInt8, String)])
    func samples(type: UInt8, name: String) throws {
        // 5.5 mmol/L as 55 · 10⁻⁴ mol/L
        #expect(
            try read(Glucose.measurement, "06 0100 ea07 03 02 0a 0b 0c 37c0 \(hex(0xF0 | type))")
                == "\(name) 5.5 mmol/L at 2026-03-02T10:11:12 sequence 1")
    }

    @Test(arguments: [
        ("fa", "#control-solution"), ("41", "#control-solution"), ("1a", "#control-solution #finger-sample"),
    ])
    func controlSolutionIsNobodysGlucose(sample: String, remarks: String) throws {
        #expect(
            try read(Glucose.measurement, "06 0100 ea07 03 02 0a 0b 0c 37c0 \(sample)")
                == "glucose-control 5.5 mmol/L at 2026-03-02T10:11:12 sequence 1 \(remarks)")
    }

    @Test func glucoseThatIsNone() throws {
        let stamp = "0100 ea07 03 02 0a 0b 0c"
        #expect(try read(Glucose.measurement, "00 \(stamp)") == "at 2026-03-02T10:11:12 sequence 1")
        #expect(
            try read(Glucose.measurement, "02 \(stamp) fe07 f8")
                == "glucose-plasma ?positive-infinity mg/dL at 2026-03-02T10:11:12 sequence 1")
        #expect(try read(Glucose.measurement, "02 \(stamp) 5ab0 f0").hasPrefix("glucose 90 mg/dL"))
        #expect(try read(Glucose.measurement, "02 \(stamp) 5ab0 f0").hasSuffix("#partly-decoded"))
        #expect(why(Glucose.measurement, "20 \(stamp)") == .reserved(at: 0, bits: 0x20))
        #expect(why(Glucose.measurement, "02 \(stamp) 5ab0") == .truncated(at: 12, need: 1, have: 0))
    }

    @Test(arguments: [
        ("e7ff", "at 2026-03-02T09:46:12"), ("a005", "at 2026-03-03T10:11:12"), ("ff7f", "undated"),
        ("0080", "undated"),
    ])
    func theOffsetIsAdded(offset: String, taken: String) throws {
        let text = try read(Glucose.measurement, "01 0100 ea07 03 02 0a 0b 0c \(offset)")
        #expect(text == taken + " sequence 1" + (taken == "undated" ? " #invalid-time" : ""))
    }

    @Test func everyMeterStatusHasItsRemark() throws {
        let names = [
            "low-battery", "meter-malfunctioning", "sample-too-small", "strip-insertion-error", "strip-type-incorrect",
            "result-too-high", "result-too-low", "meter-too-warm", "meter-too-cold", "strip-pulled-too-soon",
            "meter-fault", "meter-time-fault", "partly-decoded",
        ]
        for (bit, name) in names.enumerated() {
            let bits = UInt16(1) << UInt16(bit)
            let text = try read(
                Glucose.measurement, "08 0100 ea07 03 02 0a 0b 0c \(hex([UInt8(bits & 0xFF), UInt8(bits >> 8)]))")
            #expect(text == (bit == 11 ? "undated" : "at 2026-03-02T10:11:12") + " sequence 1 #\(name)")
        }
    }

    @Test func contextsInLitresAndWithReservedNumbers() throws {
        // 12 · 10⁻⁵ l
        #expect(
            try read(Glucose.context, "30 0100 04 0cb0") == "medication 0.12 mL undated sequence 1 #long-acting")
        #expect(
            try read(Glucose.context, "01 0100 08 3cd0") == "carbohydrate 60 g undated sequence 1 #partly-decoded")
        #expect(try read(Glucose.context, "06 0100 05 ff") == "undated sequence 1 #bedtime")
        #expect(
            try read(Glucose.context, "88 0100 00 ffff 32")
                == "exercise 50 % undated sequence 1 #partly-decoded")
        #expect(why(Glucose.context, "40 0100 47") == .truncated(at: 3, need: 2, have: 1))
    }
}
