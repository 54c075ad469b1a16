import Bluetooth
import Core
import Host
import Journal

/// What of the radio outlives the daemon.
extension Gateway {
    /// What was tried to keep the radio alive is told to a technician, also after a restart.
    func keepCounters(of central: any Central) async {
        do throws(Fault) {
            try await journal.set("radio", to: central.counters.notation)
        } catch {
            log(error)
        }
    }

    /// Keys that are new or have changed go to disk: the next start gives them to the kernel again.
    func keepBonds(of central: any Central) async {
        while let bond = await central.nextBond() {
            let device = "bluetooth:\(bond.device.address)"
            // Nothing comes back of one that was wiped. Who is being paired is written down by who pairs it.
            guard acceptList.isBound(device) || !acceptList[device].bond.isEmpty else { continue }
            do throws(Fault) {
                try await acceptList.remember(device) { $0.bond = bond.bytes }
            } catch {
                log(error, about: device)
            }
        }
    }
}
