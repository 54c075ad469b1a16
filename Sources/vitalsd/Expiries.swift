import Clinic
import Core
import Host

extension Clinic.Expiry {
    /// What is to be told of it.
    var notice: Notice {
        switch owner {
        case .hub: .ownCertificateEnds
        case .authority: .authorityEnds
        case .clinic: .certificateEnds
        }
    }
}

extension Gateway {
    /// Says once a day which certificate ends within thirty days, while the hub knows the time: for as long as the daemon runs.
    func watchCertificates() async {
        // What a clinic shows is known once something was sent there: on the first day they are looked at twice.
        var pauses = [Duration.seconds(3600), .seconds(3)]
        while true {
            await loop.sleep(for: pauses.popLast() ?? .seconds(86_400))
            guard HubClock.now().wall >= earliestCredible else { continue }
            for courier in couriers.all {
                do throws(Fault) {
                    for expiry in try await courier.destination.clinic.expiries(at: HubClock.now().wall) {
                        let told = expiry.notice.told, when = Text.moment(expiry.end).english
                        Systemd.log(
                            .warning, "\(courier.layer): \(told.sentence.english) (\(when)) \(told.remedy.english)")
                    }
                } catch {
                    log(error, about: "nobody watches when it ends")
                }
            }
        }
    }
}
