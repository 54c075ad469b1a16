import Core
import FHIR
import Testing

/// Made with `openssl req -new -x509 -days 30`, and 9000; the moments are what `openssl x509 -dates` says of them.
private let short = """
    -----BEGIN CERTIFICATE-----
    MIIBbTCCAROgAwIBAgIUVLE7yWP64xFZuxr6LRgejJ12784wCgYIKoZIzj0EAwIw
    DDEKMAgGA1UEAwwBeDAeFw0yNjExMjgyMjM3MDFaFw0yNjEyMjgyMjM3MDFaMAwx
    CjAIBgNVBAMMAXgwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASyQ+OG7QwrxOUK
    9NXEnfAoC9LFAXGrNm7TaeLa6cXPdR2w8W0fjbt4H+MOxmxw99rKI4EtENsrpZ7s
    bGWDzpeTo1MwUTAdBgNVHQ4EFgQUy6xw40FGNOSfQASI1JKLBndtPpQwHwYDVR0j
    BBgwFoAUy6xw40FGNOSfQASI1JKLBndtPpQwDwYDVR0TAQH/BAUwAwEB/zAKBggq
    hkjOPQQDAgNIADBFAiEArtM/y5gRpnRsx5Q/uSYNdOnqvvGKZs6/SlyjMvmq988C
    ICsKOkpISGMpZgxPWW2bWwQ762tGdd1Blg3ZrsEEzbhH
    -----END CERTIFICATE-----
    """
private let long = """
    -----BEGIN CERTIFICATE-----
    MIIBbzCCARWgAwIBAgIUPIGS0KGLlw8fCuPjT2MIcHLZZmswCgYIKoZIzj0EAwIw
    DDEKMAgGA1UEAwwBeDAgFw0yNjExMjgyMjM3MDFaGA8yMDUxMDcyMDIyMzcwMVow
    DDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLJD44btDCvE
    5Qr01cSd8CgL0sUBcas2btNp4trpxc91HbDxbR+Nu3gf4w7GbHD32sojgS0Q2yul
    nuxsZYPOl5OjUzBRMB0GA1UdDgQWBBTLrHDjQUY05J9ABIjUkosGd20+lDAfBgNV
    HSMEGDAWgBTLrHDjQUY05J9ABIjUkosGd20+lDAPBgNVHRMBAf8EBTADAQH/MAoG
    CCqGSM49BAMCA0gAMEUCIBssi/p6qKD6N1ovU61N6EslYMb4/LNzgxg7v2HHeOKl
    AiEAu33UalTZHNXAQIMKrDut4pfepvcfElAJTdfY22Zu0+8=
    -----END CERTIFICATE-----
    """

private func instant(_ text: String) throws -> Instant {
    Instant(milliseconds: Int64(try #require(LocalTime(text)).seconds) * 1000)
}

struct CertificateTests {
    @Test func bothFormsOfTime() throws {
        let both = try Certificate.all(of: "# comment\n" + short + "\n" + long)
        #expect(
            try both.map(\.begin) == [instant("2026-11-28T22:37:01"), instant("2026-11-28T22:37:01")])
        #expect(
            try both.map(\.end) == [instant("2026-12-28T22:37:01"), instant("2051-07-20T22:37:01")])
    }

    @Test func aFileWithoutOneHasNone() throws {
        #expect(try Certificate.all(of: "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n").isEmpty)
        #expect(throws: Malformed.self) {
            try Certificate.all(of: "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")
        }
    }

    @Test func whatIsCutOrChangedNeverTraps() throws {
        let lines = short.split(separator: "\n").dropFirst().dropLast(), text = lines.joined()
        for length in stride(from: 0, to: 160, by: 4) {
            let cut = "-----BEGIN CERTIFICATE-----\n\(text.prefix(length))\n-----END CERTIFICATE-----"
            if length < 124 { #expect(throws: Malformed.self) { try Certificate.all(of: cut) } }
        }
        for index in 0..<128 {
            for letter in "A/+9z" {
                var changed = Array(text)
                changed[index] = letter
                _ = try? Certificate.all(
                    of: "-----BEGIN CERTIFICATE-----\n\(String(changed))\n-----END CERTIFICATE-----")
            }
        }
    }
}
