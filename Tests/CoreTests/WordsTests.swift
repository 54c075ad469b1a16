import Core
import Testing

@Suite struct JSONWriterTests {
    @Test func decimalsKeepTheirDigitsAndTextIsEscaped() {
        var json = JSONWriter()
        json.object {
            $0.member("amount", Amount(360, exponent: -1))
            $0.member("text", "a\"b\\c\nd\re\tf\u{1}g\u{1F}hé漢\u{1F600}/\u{7F}")
            $0.object("empty") { _ in }
            $0.array("list") {
                $0.string("x")
                $0.object { $0.member("n", -1) }
                $0.array { _ in }
            }
            $0.member("yes", true)
            $0.null("nothing")
        }
        #expect(
            json.text
                == #"{"amount":36.0,"text":"a\"b\\c\nd\re\tf\u0001g\u001fhé漢😀/"#
                + "\u{7F}" + #"","empty":{},"list":["x",{"n":-1},[]],"yes":true,"nothing":null}"#)
    }
}

@Suite struct UUIDTests {
    @Test(arguments: [
        ("2A35", "2A35"), ("0x2a35", "2A35"), ("00002a35-0000-1000-8000-00805f9b34fb", "2A35"),
        ("46a970e0-0d5f-11e2-8b5e-0002a5d5c51b", "46A970E0-0D5F-11E2-8B5E-0002A5D5C51B"),
        ("00012A35-0000-1000-8000-00805F9B34FB", "00012A35-0000-1000-8000-00805F9B34FB"),
    ])
    func textForms(text: String, written: String) { #expect(BluetoothUUID(text)?.description == written) }

    @Test(arguments: ["", "2A3", "2A355", "xyz1", "46A970E0-0D5F-11E2-8B5E-0002A5D5C51", "0x", "+A35", "2A-35-1"])
    func noUUID(text: String) { #expect(BluetoothUUID(text) == nil) }

    @Test func shortAndFullAreOne() {
        #expect(BluetoothUUID(full: 0x0000_2A35_0000_1000_8000_0080_5F9B_34FB) == 0x2A35)
        #expect(BluetoothUUID(0x2A35).short == 0x2A35)
        #expect(BluetoothUUID("46A970E0-0D5F-11E2-8B5E-0002A5D5C51B")?.short == nil)
    }

    @Test func addresses() {
        #expect(BluetoothAddress("00:09:1f:80:00:22")?.description == "00:09:1F:80:00:22")
        #expect(BluetoothAddress("00-09-1F-80-00-22") == BluetoothAddress(0x0009_1F80_0022))
        for text in ["", "00:09:1F:80:00", "00:09:1F:80:00:2G", "+00091F80022"] {
            #expect(BluetoothAddress(text) == nil, "\(text)")
        }
    }
}

@Suite struct ByteReaderTests {
    /// Skips two bytes, then reads a field of `size` bytes; what is wrong with that, or nil.
    private func why(_ bytes: [UInt8], field size: Int) -> Malformed? {
        var reader = ByteReader(bytes.span)
        do throws(Malformed) {
            try reader.skip(2)
            switch size {
            case 1: _ = try reader.u8()
            case 2: _ = try reader.u16()
            case 3: _ = try reader.u24()
            default: _ = try reader.u32()
            }
            return nil
        } catch {
            return error
        }
    }

    @Test func everyFieldSaysWhereItIsCutOff() {
        #expect(why([1, 2, 3], field: 1) == nil)
        for size in 2...4 {
            #expect(why([1, 2, 3], field: size) == .truncated(at: 2, need: size, have: 1))
            #expect(why([1, 2], field: size) == .truncated(at: 2, need: size, have: 0))
            #expect(why([1], field: size) == .truncated(at: 0, need: 2, have: 1))
        }
    }

    @Test func ordersOfBytes() throws {
        let bytes: [UInt8] = [0x12, 0x34, 0x56, 0x78]
        var little = ByteReader(bytes.span), big = ByteReader(bytes.span), mixed = ByteReader(bytes.span)
        let numbers = [try little.u32(), try big.u32BE(), try mixed.u24()]
        #expect(numbers == [0x7856_3412, 0x1234_5678, 0x0056_3412])
        var decimal = ByteReader(bytes.span)
        let first = try decimal.u16BE(), digits = [try decimal.bcd(), try decimal.bcd()], isAtEnd = decimal.isAtEnd
        #expect(first == 0x1234 && digits == [56, 78] && isAtEnd)
    }

    @Test func digitsThatAreNone() {
        for byte in [0x5A, 0xA5, 0xFF] as [UInt8] {
            let bytes = [byte]
            #expect(throws: Malformed.invalid(at: 0, expected: .decimalDigits)) {
                var reader = ByteReader(bytes.span)
                _ = try reader.bcd()
            }
        }
    }
}
