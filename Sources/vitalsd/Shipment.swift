import Clinic
import Core
import FHIR
import Journal

/// Readings on their way to a clinic, and the bytes that tell of them.
struct Shipment {
    /// As the bytes tell of them: whatever becomes known meanwhile is told afterwards.
    let readings: [Kept]
    let parcel: Parcel
    /// Where and about whom that is, and how often anything had been wiped by then: it goes nowhere else, and not after a wipe.
    let address: String, withdrawals: Int
    /// Whether the clinic may have taken them already. Until it has answered, they are told as they were told then: what it
    /// has stays as it is, and the journal is to know how that is.
    var isRepeat = false

    /// For the journal, which keeps it before it is sent.
    var consignment: Journal.Consignment {
        Journal.Consignment(
            body: parcel.compressed, entries: parcel.entries.notation,
            told: readings.map { .init(reading: $0.id, dated: $0.dated, amends: $0.amends) })
    }
}

extension Shipment {
    /// What the journal has kept. Nil where it no longer reads, and its readings wait like any others.
    init?(_ consignment: Journal.Consignment, _ readings: [Kept], to address: String, withdrawals: Int) {
        (self.address, self.withdrawals) = (address, withdrawals)
        do throws(Fault) {
            parcel = try Parcel(compressed: consignment.body, entries: consignment.entries)
            self.readings = readings
            isRepeat = true
        } catch {
            return nil
        }
    }
}
