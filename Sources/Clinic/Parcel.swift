import CCurl
import Core
import FHIR
import Glibc

/// A bundle as it goes over the wire: made once, compressed once, and the same whenever it is sent again.
package struct Parcel: Equatable, Sendable {
    /// The body in JSON, and the same in gzip's form (RFC 1952), which the journal keeps and a willing clinic gets.
    package let body: [UInt8], compressed: [UInt8]
    /// Whose each entry is.
    package let entries: [Bundle.Owner]

    init(body: [UInt8], compressed: [UInt8], entries: [Bundle.Owner]) {
        self.body = body
        self.compressed = compressed
        self.entries = entries
    }

    /// Throws `hub(.system)` where there is no memory for it.
    package init(_ bundle: Bundle, _ effort: Effort = .quick) throws(Fault) {
        body = bundle.body
        compressed = try gzip(body, effort)
        entries = bundle.entries
    }

    /// As it was kept. Throws `hub(.journalDamaged)` where it no longer reads.
    package init(compressed: [UInt8], entries: String) throws(Fault) {
        guard let owners = [Bundle.Owner](notation: entries), !owners.isEmpty else {
            throw .hub(.journalDamaged("what was sent last no longer reads"))
        }
        body = try gunzip(compressed)
        self.compressed = compressed
        self.entries = owners
    }
}

extension Parcel {
    /// A condition that no resource in the world meets: a server that finds something by it does not search.
    package static let nobodysCondition = "identifier=urn:ietf:rfc:3986|urn:uuid:7f0c1f9e-58a4-4c6e-9d52-3b6a2e1d8c47"

    /// What each entry would create, and the condition that says whether it is there.
    package func resources() throws(Refusal) -> [(type: String, condition: String)] {
        do throws(Fault) {
            let rows = try JSONDocument(body, by: JSONReader()).rows(
                """
                SELECT json_extract(value, '$.resource.resourceType'),
                       ifnull(json_extract(value, '$.request.ifNoneExist'),
                              substr(json_extract(value, '$.request.url'), instr(json_extract(value, '$.request.url'), '?') + 1))
                FROM json_each(?1, '$.entry')
                """)
            return rows.map { ($0[0] ?? "", $0[1] ?? "") }
        } catch {
            throw Refusal(.resend, error)
        }
    }
}

/// At most so many bytes are made of what is kept: a bundle is far smaller.
private let longest = 16 << 20

/// How hard to look for what repeats, by zlib's numbers: what stays on the hub need not be as small as it can be.
package enum Effort: Int32 { case quick = 3, thorough = 6 }

/// The same bytes make the same bytes: no time and no name is in them.
package func gzip(_ bytes: [UInt8], _ effort: Effort = .thorough) throws(Fault) -> [UInt8] {
    var stream = z_stream()
    guard vitalsd_deflate_begin(&stream, effort.rawValue) == Z_OK else { throw .hub(.system("deflateInit2", ENOMEM)) }
    defer { deflateEnd(&stream) }
    var result = Z_OK
    // The room is for what cannot be compressed: most of it is never touched.
    let output = [UInt8](unsafeUninitializedCapacity: Int(deflateBound(&stream, UInt(bytes.count)))) { output, count in
        result = run(&stream, bytes, output) { deflate($0, Z_FINISH) }
        count = Int(stream.total_out)
    }
    guard result == Z_STREAM_END else { throw .hub(.system("deflate", result)) }
    // Another array, so that the room is given back.
    return output.withUnsafeBufferPointer { Array($0) }
}

/// What was kept, as it was. Throws `hub(.journalDamaged)` for anything that is not gzip's, is cut short, or is too long.
package func gunzip(_ bytes: [UInt8]) throws(Fault) -> [UInt8] {
    // The last four bytes are the length of what was compressed.
    let tail = bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    guard bytes.count >= 18, tail <= longest else { throw .hub(.journalDamaged("what was kept no longer unpacks")) }
    var stream = z_stream()
    guard vitalsd_inflate_begin(&stream) == Z_OK else { throw .hub(.system("inflateInit2", ENOMEM)) }
    defer { inflateEnd(&stream) }
    var result = Z_OK
    let output = [UInt8](unsafeUninitializedCapacity: tail + 1) { output, count in
        result = run(&stream, bytes, output) { inflate($0, Z_FINISH) }
        count = Int(stream.total_out)
    }
    guard result == Z_STREAM_END, output.count == tail else {
        throw .hub(.journalDamaged("what was kept no longer unpacks"))
    }
    return output
}

/// One step over all of the bytes, into all of the room.
private func run(
    _ stream: inout z_stream, _ input: [UInt8], _ output: UnsafeMutableBufferPointer<UInt8>,
    _ step: (UnsafeMutablePointer<z_stream>) -> Int32
) -> Int32 {
    input.withUnsafeBufferPointer { input in
        // zlib reads it only.
        stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        return withUnsafeMutablePointer(to: &stream, step)
    }
}
