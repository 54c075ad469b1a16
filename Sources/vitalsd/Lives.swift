import Core
import FHIR
import Host
import Journal

// What is known of each binding and each device on a cable, as the clinic and a technician are told.

extension HubTime {
    /// The moment in the world's time, as well as that is known now; nil where it is not.
    func instant(at now: HubTime) -> Instant? {
        if boot == now.boot { return now.wall + (uptime - now.uptime) }
        return wall >= earliestCredible ? wall : nil
    }
}

extension JournalConnection {
    /// The hub's clocks, as the daemon knows them by what it has noted.
    func now() throws(Fault) -> HubTime { HubTimeline(try moments()).corrected(HubClock.now()) }
}

extension Journal.Life {
    /// What the schedule asks for; nil without one, and while the hub does not know the time: then nothing is overdue.
    func outlook(at now: HubTime) -> Outlook? {
        guard now.wall >= earliestCredible, let binding, let schedule = binding.schedule else { return nil }
        return schedule.outlook(
            at: now.wall, last: measured, since: binding.agreed ?? now.wall, offset: HubClock.offset)
    }

    /// When the device was last heard: by the timeline of this boot, which never steps, where it was in this boot.
    func heard(at now: HubTime) -> Instant? {
        contact.flatMap { $0.heard.instant(at: now) }
    }

    /// Whether it is still this home's. An adapter without a serial number has another name in another socket: what nobody
    /// has bound and nobody has heard of for so long is gone.
    func isOfHome(at now: HubTime) -> Bool {
        binding != nil
            || [heard(at: now), measured].compactMap(\.self).contains { now.wall - $0 < .seconds(90 * 86_400) }
    }

    /// - Parameter listening: since when the hub has been listening to where this device is heard.
    func sign(at now: HubTime, listening: Instant?) -> SignOfLife.Device {
        let start = now.wall + (.zero - SignOfLife.span), heard = heard(at: now)
        let state: SignOfLife.Device.State?
        if let measured, measured >= start {
            state = .measured
        } else if let undecoded = undecoded?.instant(at: now), undecoded >= start, undecoded <= now.wall {
            // It had something, and nobody can say that it was no measurement.
            state = .notRead
        } else if let heard, heard >= start {
            state = contact?.isRead == true ? .nothingMeasured : .notRead
        } else {
            state = listening.map { $0 <= start } == true ? .notHeard : nil
        }
        // Of one that was never visited only the address is known.
        let stranger = KnownDevice(
            identity: identity, driver: "", kind: .healthSensor, information: DeviceInformation())
        return SignOfLife.Device(
            device: device ?? stranger, slot: binding?.user, state: state, contact: heard, measured: measured,
            battery: contact?.battery, isLow: contact?.isLow ?? false, schedule: binding?.schedule,
            outlook: outlook(at: now))
    }

    /// One line for `vitalsd status`: no value, and no person.
    func told(at now: HubTime) -> Text {
        var facts = [StatusText.heard(heard(at: now)), StatusText.measured(measured)]
        if let battery = contact?.battery { facts.append(StatusText.battery(battery)) }
        if contact?.isLow == true { facts.append(StatusText.batteryLow) }
        if let schedule = binding?.schedule {
            facts.append(StatusText.schedule(schedule))
            if let outlook = outlook(at: now) { facts.append(StatusText.outlook(outlook)) }
        }
        return StatusText.device(identity, user: binding?.user, isBound: binding != nil, facts)
    }

    func write(into json: inout JSONWriter, at now: HubTime) {
        func member(_ name: String, _ instant: Instant?, _ json: inout JSONWriter) {
            if let instant { json.member(name, text(instant)) } else { json.null(name) }
        }
        json.member("device", identity)
        json.member("bound", binding != nil)
        if let user = binding?.user { json.member("user", user) } else { json.null("user") }
        member("heard", heard(at: now), &json)
        member("measured", measured, &json)
        if let battery = contact?.battery { json.member("battery", battery) } else { json.null("battery") }
        json.member("batteryLow", contact?.isLow ?? false)
        if let schedule = binding?.schedule { json.member("schedule", "\(schedule)") } else { json.null("schedule") }
        let outlook = outlook(at: now)
        member("expectedFrom", outlook?.next.lowerBound, &json)
        member("expectedUntil", outlook?.next.upperBound, &json)
        if let outlook { json.member("overdue", outlook.isOverdue) } else { json.null("overdue") }
    }
}
