import FHIR
import Glibc
import Testing

/// Writes a bundle of every kind into the directory that VITALSD_BUNDLES names, for the checker that is not ours: the
/// pytest beside the receiver.
@Suite struct WriteBundles {
    @Test(.enabled(if: getenv("VITALSD_BUNDLES") != nil), arguments: kinds.map(\.name))
    func write(name: String) throws {
        let kind = try #require(kinds.first { $0.name == name })
        let directory = try #require(getenv("VITALSD_BUNDLES").map { String(cString: $0) })
        let bundle = try bundle(kind.readings, to: kind.destination)
        let file = try #require(fopen("\(directory)/\(name).json", "w"))
        defer { fclose(file) }
        #expect(fputs(bundle.text, file) >= 0)
    }

    @Test func namesAreUnique() {
        #expect(Set(kinds.map(\.name)).count == kinds.count)
    }
}
