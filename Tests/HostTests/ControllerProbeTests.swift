import Bluetooth
import Core
import Glibc
import TestLoop
import Testing

@testable import Host

/// A controller's raw channel, at which somebody answers or not.
@Hub private func withProbe(
    patience: Duration = .seconds(60), answers: [String],
    _ body: @Hub (ControllerProbe, borrowing Descriptor) async throws -> Void
) async throws {
    var ends: [CInt] = [-1, -1]
    let type = CInt(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    try #require(socketpair(AF_UNIX, type, 0, &ends) == 0)
    let near = ends[0], far = Descriptor(ends[1])
    for answer in answers {
        let packet = try #require(bytes(hex: answer))
        #expect(write(far.raw, packet, packet.count) == packet.count)
    }
    var probe = ControllerProbe()
    probe.patience = patience
    probe.open = { _ in Descriptor(near) }
    try await body(probe, far)
}

@Suite struct ControllerProbeTests {
    /// Answers to others, and what is none, are passed over.
    @Test(arguments: ["04 0e 0c 01 0110 00 09 0000 09 0f00 0000", "04 0f 04 01 01 0110"])
    func anAnswerIsASignOfLife(answer: String) async throws {
        try await onLoop {
            try await withProbe(answers: ["04 0e 04 01 0c20 00", "04", "04 0e", "02 0e 0c 01 0110 00", answer]) {
                probe, far in
                #expect(await probe.answers(Management.Index(rawValue: 0)))
                var question = [UInt8](repeating: 0, count: 16)
                #expect(read(far.raw, &question, question.count) == 4)
                #expect(question.prefix(4) == [0x01, 0x01, 0x10, 0x00])
            }
        }
    }

    @Test func silenceIsNone() async throws {
        try await onLoop {
            let others = ["04 0e 04 01 0c20 00", "04 0f 04 01 01 0c20"]
            try await withProbe(patience: .milliseconds(5), answers: others) { probe, _ in
                #expect(await !probe.answers(Management.Index(rawValue: 0)))
            }
        }
    }

    @Test func whatCannotBeAskedHasNotFailedToAnswer() async throws {
        try await onLoop {
            var probe = ControllerProbe()
            probe.open = { _ throws(Fault) in throw .hub(.noRadio) }
            #expect(await probe.answers(Management.Index(rawValue: 0)))
            try await withProbe(answers: []) { probe, far in
                shutdown(far.raw, CInt(SHUT_RDWR))
                #expect(await probe.answers(Management.Index(rawValue: 0)))
            }
        }
    }
}
