import CCurl
import Core
import FHIR
import Glibc

extension Clinic {
    /// A certificate on the way to the clinic that ends soon, or has ended.
    package struct Expiry: Equatable, Sendable {
        package enum Owner: Sendable { case hub, authority, clinic }

        /// Whose it is: the hub's own, the authority's that the settings name, or what the clinic shows.
        package let owner: Owner
        package let end: Instant
    }

    /// What ends within `Certificate.notice`, the first of each owner. What the clinic shows is known once it was asked.
    package func expiries(at now: Instant) throws(Fault) -> [Expiry] {
        var known: [(Expiry.Owner, [Certificate])] = [(.clinic, shown)]
        if let file = settings.certificate { known.append((.hub, try Self.certificates(in: file))) }
        if let file = settings.authority { known.append((.authority, try Self.certificates(in: file))) }
        return known.compactMap { owner, certificates in
            // Of several authorities the last one is enough.
            let ends = certificates.map(\.end), end = owner == .authority ? ends.max() : ends.min()
            guard let end, end - now <= Certificate.notice else { return nil }
            return Expiry(owner: owner, end: end)
        }
    }

    /// Throws `hub(.certificateUnreadable)` for a file that holds none.
    private static func certificates(in file: String) throws(Fault) -> [Certificate] {
        guard let stream = fopen(file, "re") else { throw .hub(.certificateUnreadable(file)) }
        defer { fclose(stream) }
        var text: [UInt8] = [], part = [UInt8](repeating: 0, count: 16_384)
        // A bundle of all authorities of the world is a quarter of a megabyte.
        while text.count < 4 << 20 {
            let count = fread(&part, 1, part.count, stream)
            if count == 0 { break }
            text += part[..<count]
        }
        guard let found = try? Certificate.all(of: String(decoding: text, as: UTF8.self)), !found.isEmpty else {
            throw .hub(.certificateUnreadable(file))
        }
        return found
    }
}

extension Curl {
    /// What the clinic has shown in the last request's handshake, its own certificate first; none where the connection stood
    /// already.
    var certificates: [Certificate] {
        var info: UnsafeMutablePointer<curl_certinfo>?
        guard vitalsd_get_certificates(handle, &info) == CURLE_OK, let info, let lists = info.pointee.certinfo else {
            return []
        }
        return (0..<Int(info.pointee.num_of_certs)).flatMap { index -> [Certificate] in
            var line = lists[index]
            while let entry = line?.pointee {
                let text = entry.data.map { String(cString: $0) } ?? ""
                // One that cannot be read is OpenSSL's to complain about.
                if text.hasPrefix("Cert:") { return (try? Certificate.all(of: String(text.dropFirst(5)))) ?? [] }
                line = entry.next
            }
            return []
        }
    }
}
