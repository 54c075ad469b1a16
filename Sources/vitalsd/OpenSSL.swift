import Core
import Host

/// OpenSSL's own program: what makes keys and takes certificates apart, so that nothing here does. No secret is among its
/// arguments; keys are in files that it makes for their owner alone.
@Hub struct OpenSSL {
    private let program: String

    /// Throws where it is not installed.
    init() throws(Fault) {
        guard let found = ["/usr/bin/openssl", "/usr/local/bin/openssl", "/bin/openssl"].first(where: Files.exists)
        else {
            throw .hub(.lacksProgram("openssl"))
        }
        program = found
    }

    /// Runs it to its end: whether it succeeded. What it prints goes to the file `output`.
    func run(_ words: String..., output: String = "/dev/null") async throws(Fault) -> Bool {
        if output != "/dev/null" { try Files.write([], to: output) }
        let out = try Files.appending(output), quiet = try Files.appending("/dev/null")
        let child = try Child(program, words, descriptors: [(out.raw, 1), (quiet.raw, 2)])
        return try await child.ended() == .exited(0)
    }

    /// A new private key for signatures (ECDSA, P-256), readable for its owner alone.
    func makeKey(at path: String) async throws(Fault) {
        // Made before, it has its mode before it has its content.
        try Files.write([], to: path)
        guard
            try await run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)
        else { throw .hub(.certificateUnreadable(path)) }
    }

    /// A request for a certificate (PKCS #10), in base64.
    func request(for key: String, name: String, in folder: String) async throws(Fault) -> String {
        let file = folder + "/request.pem"
        guard try await run("req", "-new", "-key", key, "-subj", "/CN=\(name)", "-out", file) else {
            throw .hub(.certificateUnreadable(key))
        }
        return try text(file).split(separator: "\n").filter { !$0.hasPrefix("-----") }.joined(separator: "\n")
    }

    /// The certificates (PEM) of a PKCS #7 that came in base64; none where it is no such thing.
    func certificates(of body: [UInt8], in folder: String) async throws(Fault) -> [String] {
        let base64 = body.filter { !($0 == 0x20 || 0x09...0x0D ~= $0) }
        var lines = ["-----BEGIN PKCS7-----"], rest = base64[...]
        while !rest.isEmpty {
            lines.append(String(decoding: rest.prefix(64), as: UTF8.self))
            rest = rest.dropFirst(64)
        }
        lines.append("-----END PKCS7-----\n")
        let answer = folder + "/answer.p7", file = folder + "/answer.pem"
        try Files.write(Array(lines.joined(separator: "\n").utf8), to: answer)
        guard try await run("pkcs7", "-in", answer, "-print_certs", "-out", file) else { return [] }
        let begin = "-----BEGIN CERTIFICATE-----", end = "-----END CERTIFICATE-----"
        return try text(file).split(separator: begin).dropFirst().compactMap { part in
            part.split(separator: end, omittingEmptySubsequences: false).first.map { "\(begin)\($0)\(end)\n" }
        }
    }

    /// The first of the certificates that is about the key.
    func certificate(of key: String, among certificates: [String], in folder: String) async throws(Fault) -> String? {
        let own = folder + "/own.pub", other = folder + "/other.pub", file = folder + "/candidate.pem"
        guard try await run("pkey", "-in", key, "-pubout", output: own) else {
            throw .hub(.certificateUnreadable(key))
        }
        for certificate in certificates {
            try Files.write(Array(certificate.utf8), to: file)
            if try await run("x509", "-in", file, "-noout", "-pubkey", output: other), try text(own) == text(other) {
                return certificate
            }
        }
        return nil
    }

    /// Whether the certificate leads to one of the authorities, and all on the way are valid now.
    func verifies(_ certificate: String, by authorities: String) async throws(Fault) -> Bool {
        try await run("verify", "-purpose", "sslclient", "-CAfile", authorities, "-untrusted", certificate, certificate)
    }

    /// From when to when a certificate is valid; nil for what is none.
    func validity(of certificate: String, in folder: String) async throws(Fault) -> Range<Instant>? {
        let file = folder + "/dates"
        guard
            try await run(
                "x509", "-in", certificate, "-noout", "-startdate", "-enddate", "-dateopt", "iso_8601", output: file)
        else { return nil }
        // `notBefore=2026-11-28 18:00:00Z`
        let dates = try text(file).split(separator: "\n").compactMap { line -> Instant? in
            let date = line.drop { $0 != "=" }.dropFirst().prefix(19)
            let time = LocalTime(String(date.map { $0 == " " ? "T" : $0 }))
            return time.map { Instant(milliseconds: Int64($0.seconds) * 1000) }
        }
        return dates.count == 2 && dates[0] < dates[1] ? dates[0]..<dates[1] : nil
    }

    private func text(_ path: String) throws(Fault) -> String { String(decoding: try Files.read(path), as: UTF8.self) }
}
