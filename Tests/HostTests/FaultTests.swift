import Core
import Glibc
import Host
import Testing

@Suite struct FaultTests {
    @Test(arguments: [
        (EACCES, Fault.hub(.noPermission("/x"))), (EPERM, .hub(.noPermission("/x"))), (EBUSY, .hub(.portBusy("/x"))),
        (ENOSPC, .hub(.diskFull)), (EDQUOT, .hub(.diskFull)), (EROFS, .hub(.diskReadOnly("/x"))),
        (EMFILE, .hub(.system("open /x", 24))), (ENOENT, .hub(.system("open /x", 2))),
    ])
    func anErrnoBecomesWhatSomebodyCanActOn(number: CInt, fault: Fault) {
        #expect(Fault.failed("open", number, at: "/x") == fault)
    }

    @Test(arguments: [
        (ENOENT, Fault.hub(.portGone)), (ENODEV, .hub(.portGone)), (ENXIO, .hub(.portGone)), (EIO, .hub(.portGone)),
        (EBUSY, .hub(.portBusy("/x"))), (EWOULDBLOCK, .hub(.portBusy("/x"))), (EACCES, .hub(.noPermission("/x"))),
    ])
    func onALineAMissingFileIsAMissingCable(number: CInt, fault: Fault) {
        #expect(Fault.line("open", number, at: "/x") == fault)
    }
}
