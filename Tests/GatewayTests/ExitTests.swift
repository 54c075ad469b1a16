import Core
import Testing

@testable import vitalsd

@Suite struct ExitTests {
    /// The codes as sysexits.h has them.
    @Test(arguments: [
        (Fault.hub(.badConfiguration("")), 78), (.hub(.certificateUnreadable("")), 78), (.hub(.noPermission("")), 77),
        (.hub(.diskFull), 74), (.hub(.readingsLost(1)), 74), (.hub(.diskFailing("")), 74),
        (.hub(.diskReadOnly("")), 74),
        (.hub(.journalDamaged("")), 65),
        (.hub(.journalNewer(found: 2, known: 1)), 65), (.hub(.journalInUse), 75), (.hub(.daemonSlow), 75),
        (.hub(.portBusy("")), 75),
        (.hub(.system("", 1)), 71), (.network(.refused), 69), (.clinic(.tooLarge), 69), (.device(.silent), 69),
    ])
    func tellsTheShellWhoMustAct(_ fault: Fault, _ code: Int) { #expect(Exit(fault).rawValue == Int32(code)) }
}

@Suite struct PatienceTests {
    @Test func doublesToAMinute() {
        var patience = Patience()
        let waits = (0..<9).map { _ in patience.next() }
        #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60, 60].map { .seconds($0) })
    }
}

@Suite struct NearestTests {
    @Test(arguments: [
        ("stauts", "status"), ("STATUS", "status"), ("ueue", "queue"), ("decod", "decode"), ("hlep", "help"),
    ])
    func findsWhatWasMeant(_ typed: String, _ meant: String) {
        #expect(nearest(typed, commands.map(\.verb)) == meant)
    }
}
