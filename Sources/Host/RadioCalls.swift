import Bluetooth
import Core

/// Our serial port on the air (Serial Port Profile 1.2, device B): the RFCOMM channel at which followed devices call, and
/// the record that tells them which it is.
///
/// The kernel lets nobody in who is not followed, and the channel nobody whose link it cannot encrypt with the bond's key;
/// what a device sends is the reading of a person, and could be anybody's without.
@Hub final class Entrance {
    /// The adapter's address.
    let adapter: BluetoothAddress
    let port: RFCOMMListener
    let record: SDPListener

    /// Throws `portBusy` where another program answers the hub's searches.
    init(at adapter: BluetoothAddress) throws(Fault) {
        self.adapter = adapter
        port = try RFCOMMListener(at: adapter, encrypted: true)
        // A&D's devices look for this very name; others for a serial port of whatever name.
        let server = SDPServer([ServiceRecord(serialPort: "PWAccessP", channel: port.channel)])
        record = try SDPListener(at: adapter, serving: server)
    }

    func close() {
        port.close()
        record.close()
    }
}

/// Classic devices, which call us or are called.
extension Radio {
    @Hub package func nextCall() async -> RFCOMMSocket? {
        while isOpen {
            do throws(Fault) {
                if let entrance, let call = try await entrance.port.accept() {
                    let own = Management.Address(entrance.adapter, .lePublic)
                    recognised(own, by: Management.Address(call.device, .classic))
                    return call
                }
            } catch {
                Systemd.log(.warning, error.description)
            }
            if isOpen { _ = await called.rung(before: entrance == nil ? nil : .now + .seconds(1)) }
        }
        return nil
    }

    @Hub package func call(_ device: BluetoothAddress) async throws(Fault) -> RFCOMMSocket {
        if let fault { throw fault }
        guard isOn, let adapter else { throw .hub(.radioOff) }
        guard has(.classic) else { throw .hub(.radioFailing("it has no classic Bluetooth")) }
        let own = adapter.identity.address, peer = Management.Address(device, .classic)
        let isBonded = bonds[peer]?.hasKey == true
        let services = try await SocketBearer.connect(toServicesOf: device, from: own, within: .seconds(10))
        let channel = try await SDP.channel(over: services)
        let line = try await RFCOMMSocket.connect(
            to: device, channel: channel, from: own, encrypted: isBonded, within: .seconds(10))
        if isBonded { recognised(adapter.identity, by: peer) }
        return line
    }

    /// Opens the entrance while a classic device is followed, and closes it when none is.
    func settleCalls() {
        let isWanted = followed.keys.contains { $0.kind == .classic }
        let own = isWanted && has(.classic) ? adapter?.identity.address : nil
        var fault: Fault? = isWanted && own == nil ? .hub(.radioFailing("it has no classic Bluetooth")) : nil
        if entrance?.adapter != own {
            entrance?.close()
            entrance = nil
            if let own {
                do throws(Fault) {
                    entrance = try Entrance(at: own)
                } catch .hub(.portBusy(let what)) {
                    // Mostly bluetoothd, beside an adapter that we are told to use.
                    fault = .hub(.radioShared("\(what) is held by another program"))
                } catch {
                    fault = error
                }
            }
            called.ring()
            searched.ring()
        }
        // No reason to leave the other devices alone.
        if let fault, fault != callFault { Systemd.log(.warning, fault.description) }
        callFault = fault
    }

    /// Tells whoever calls where our serial port is.
    func answerSearches() async {
        await withDiscardingTaskGroup { group in
            while isOpen {
                do throws(Fault) {
                    if let entrance, let searcher = try await entrance.record.accept() {
                        group.addTask { try? await entrance.record.serve(searcher) }
                        continue
                    }
                } catch {
                    Systemd.log(.warning, error.description)
                }
                if isOpen { _ = await searched.rung(before: entrance == nil ? nil : .now + .seconds(1)) }
            }
        }
    }
}
