import Core
import Dice
import Devices
import Testing

@Suite struct ClaimTests {
    /// Whether somewhere in what was heard so many frames follow each other with nothing between.
    private func talks(_ framing: Framing, frames: Int, in stream: [UInt8]) -> Bool {
        var at = 0, row = 0
        while at < stream.count {
            switch framing.cut(stream.span.extracting(at..<stream.count)) {
            case .frame(let count):
                row += 1
                at += count
                if row == frames { return true }
            case .noise(let count):
                row = 0
                at += max(1, count)
            case .filler, .more: return false
            }
        }
        return false
    }

    private func claimants(_ file: CaptureFile) -> [String] {
        let capture = file.capture, stream = file.heard.flatMap { $0 }
        guard case .line(let line) = capture.sighting.way else {
            return drivers.claimants(of: capture.sighting).map(\.id)
        }
        // Whoever the technician names has to be somebody, and of those who are named.
        if line.driver != nil {
            let assigned = drivers.claimants(of: capture.sighting).filter { $0.assignment != nil }
            return assigned.map(\.id) + talkers(stream)
        }
        return talkers(stream) + drivers.claimants(of: capture.sighting).map(\.id)
    }

    private func talkers(_ stream: [UInt8]) -> [String] {
        drivers.filter { driver in
            driver.claims.contains { claim in
                guard case .talks(let framing, let frames) = claim else { return false }
                return talks(framing, frames: frames, in: stream)
            }
        }.map(\.id)
    }

    @Test(arguments: CaptureFile.all)
    func exactlyItsDriverClaims(_ file: CaptureFile) {
        #expect(claimants(file) == [file.driver])
    }

    /// As the hub listens: all that a setting of the line can be, in pieces of any size.
    @Test(arguments: CaptureFile.all.filter(\.isOfLine))
    func theHubHearsWhoItIs(_ file: CaptureFile) {
        for size in [1, 3, 7, 64, 4096] {
            let stream = file.heard.flatMap { $0 }
            var claimants: Set<String> = []
            for (settings, _) in lineSettings(of: drivers) {
                var listening = Listening(for: drivers, settings: settings)
                for start in stride(from: 0, to: stream.count, by: size) {
                    claimants.formUnion(listening.hear(Array(stream.dropFirst(start).prefix(size))).map(\.id))
                }
                #expect(listening.heard == stream)
            }
            // A line that has to be said to be somebody's is nobody's by what is heard there.
            #expect(claimants == (file.isAssigned ? [] : [file.driver]))
        }
    }

    private func claimants(_ advertisement: String) throws -> [String] {
        let seen = try #require(Advertisement(notation: "00:09:1F:80:00:22 " + advertisement))
        return drivers.claimants(of: Sighting(.advertisement(seen))).map(\.id)
    }

    @Test(arguments: [
        // Who knows the model comes before who knows the service.
        ("name \"A&D_UA-651BLE_1\" services 1810", ["and-ua651ble"]),
        ("name \"UA-1200BLE_1\" services 1810", ["sig-blp"]),
        ("name \"\" services 1808", ["sig-glp"]), ("name \"\" services 1822 180F", ["sig-plx"]),
        ("name \"\" services 181D", ["sig-wsp"]), ("name \"\" services 181D 181B", ["sig-wsp"]),
        ("name \"\" services 181B", ["sig-wsp"]), ("name \"\" services 1809", ["sig-htp"]),
        ("name \"UA-1200BLE_1\" services 180A 180F", []), ("name \"\" services", []),
    ])
    func theServiceIsTheLastResort(advertisement: String, ids: [String]) throws {
        #expect(try claimants(advertisement) == ids)
    }

    /// Two that know a service each: nobody's, because nobody can say which is right.
    @Test func twoServicesOfTwoDriversAreNobodys() throws {
        #expect(try claimants("name \"\" services 1810 1809").count == 2)
        let claims = drivers.flatMap(\.claims).filter { if case .service = $0 { true } else { false } }
        for claim in claims { #expect(claims.filter { $0 == claim }.count == 1) }
    }

    @Test func aGenericDriverKnowsNoModel() {
        #expect(
            drivers.filter(\.isGeneric).map(\.id) == ["sig-blp", "sig-ghs", "sig-glp", "sig-htp", "sig-plx", "sig-wsp"])
    }

    /// Every stream of one oximeter is cut by the other's framing in the middle of frames; whatever their bytes, the one
    /// must never take the other for its own.
    @Test func fourAndFiveByteFramesExcludeEachOther() {
        var random = Chance(7)
        func frame(_ size: Int, saturation: Int) -> [UInt8] {
            var bytes = (0..<size).map { _ in UInt8.random(in: 0...127, using: &random) }
            bytes[0] |= 0x80
            bytes[saturation] = UInt8.random(in: 0...100, using: &random)
            return bytes
        }
        for _ in 0..<50 {
            let nonin = (0..<60).flatMap { _ in frame(4, saturation: 2) }
            let contec = (0..<60).flatMap { _ in frame(5, saturation: 4) }
            for start in 0..<5 {
                let a = Array(nonin.dropFirst(start)), b = Array(contec.dropFirst(start))
                #expect(talks(.noninFormat8, frames: 4, in: a) && !talks(.contecCMS50DPlus, frames: 1, in: a))
                #expect(talks(.contecCMS50DPlus, frames: 30, in: b) && !talks(.noninFormat8, frames: 2, in: b))
            }
        }
    }

    @Test func theClaimsAreWhatTheyMustBe() {
        #expect(Driver.andUA651BLE.claims == [.advertised(name: "A&D_UA-651BLE", service: nil)])
        #expect(Framing.noninFormat8.settings?.description == "9600 8N1")
        #expect(Framing.noninFormat13.settings?.description == "9600 8N1")
        #expect(Framing.contecCMS50DPlus.settings?.description == "19200 8O1")
        #expect(profiles.allSatisfy { $0.claims.isEmpty })
    }
}
