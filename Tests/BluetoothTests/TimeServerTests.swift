import Bluetooth
import Core
import Testing

/// A device that asks the hub for the time. Bytes by hand: Vol 3, Part F, 3.4, and the Current Time Service 1.1.
@Suite struct TimeServerTests {
    private static let quarterPastTen: [UInt8] = [0xEA, 0x07, 3, 2, 10, 15, 0, 1, 0, 0]

    private func play(_ script: String, tells: Bool = true, time: (() -> [UInt8]?)?) async throws -> [String] {
        let bearer = ScriptedBearer(script)
        let client = GATTClient(
            bearer, table: AttributeTable(AttributeTableTests.cuff), isBonded: true, time: time)
        _ = try await client.read(0x2A08)
        if tells { try await client.tellTime() }
        while try await client.next(within: .seconds(1)) != nil {}
        return bearer.mistakes + (bearer.isDone ? [] : ["not all was said"])
    }

    @Test func aDeviceFindsTheServiceAndReadsTheTimeAfterItsOwnClockWasRead() async throws {
        let mistakes = try await play(
            """
            >0a 0700
            <06 0100 ffff 0028 0518        ; where is the Current Time Service?
            >07 0700 0a00
            <08 0700 0a00 0328
            >09 07 0800 12 0900 2b2a
            <0a 0900                       ; asked before its clock is known: the answer waits
            <0b e907 01 01 00 00 00
            >0b ea07 03 02 0a 0f 00 01 00 00
            <0a 0900                       ; from now on at once
            >0b ea07 03 02 0a 0f 00 01 00 00
            <08 0100 ffff 2b2a
            >09 0c 0900 ea07 03 02 0a 0f 00 01 00 00
            <12 0a00 0100
            >13
            """, time: { Self.quarterPastTen })
        #expect(mistakes.isEmpty, "\(mistakes)")
    }

    @Test func whereTheDriverHasNotReadTheClockTheTimeIsRefused() async throws {
        let mistakes = try await play(
            """
            >0a 0700
            <0a 0900
            <0b e907 01 01 00 00 00
            >01 0a 0900 0e
            """, tells: false, time: { Self.quarterPastTen })
        #expect(mistakes.isEmpty, "\(mistakes)")
    }

    @Test func aHubThatIsNotSureTellsNoTime() async throws {
        let mistakes = try await play(
            """
            >0a 0700
            <0b e907 01 01 00 00 00
            <0a 0900
            >01 0a 0900 0e
            """, time: { nil })
        #expect(mistakes.isEmpty, "\(mistakes)")
    }

    @Test func whereThereIsNoTimeThereIsNoServiceEither() async throws {
        let mistakes = try await play(
            """
            >0a 0700
            <0b e907 01 01 00 00 00
            <10 0100 ffff 0028
            >01 10 0100 0a
            <0a 0900
            >01 0a 0900 01
            """, time: nil)
        #expect(mistakes.isEmpty, "\(mistakes)")
    }
}
