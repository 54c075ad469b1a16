import Core
import Host

/// How a reading's time was concluded, as `vitalsd explain` tells it.
enum TimeText {
    static let noStamp = Text(
        en: "The device gave no time of its own.", da: "Apparatet gav ikke selv noget tidspunkt.")
    static let noUsableStamp = Text(
        en: "The device gave it from its memory, without a usable time.",
        da: "Apparatet gav den fra sin hukommelse, uden et brugbart tidspunkt.")
    static let hubUnsure = Text(
        en: "The hub did not know the time itself, and nothing has told it since.",
        da: "Hubben kendte ikke selv tiden, og intet har oplyst den siden.")

    static let outlived = Text(
        en: "It is too far back to be concluded anew; the time that it was given stands.",
        da: "Den ligger for langt tilbage til at blive udledt på ny; det tidspunkt, den fik, står ved magt.")

    static let damaged = Text(
        en: "The disk damaged it, so that nothing is concluded from it; this is what is left.",
        da: "Den er beskadiget på disken, så intet udledes af den; dette er, hvad der er tilbage.")

    static func said(by taken: RawTime) -> Text {
        switch taken {
        case .now: noStamp
        case .unknown: noUsableStamp
        case .age:
            taken.age.map { age in
                Text(en: "The device said that it was ", da: "Apparatet sagde, at den var ") + length(age)
                    + Text(en: " old when it was heard.", da: " gammel, da den blev hørt.")
            } ?? noUsableStamp
        case .clock, .ticks:
            Text(en: "The device stamped it ", da: "Apparatet gav den tidspunktet ") + stamp(taken) + "."
        }
    }

    /// The clock in a visit, as the hub read or set it.
    static func met(_ pair: ClockPair) -> Text {
        let verb =
            pair.isWritten
            ? Text(en: "The hub set the device's clock to ", da: "Hubben stillede apparatets ur til ")
            : Text(en: "The device's clock was read as ", da: "Apparatets ur blev aflæst til ")
        return verb + stamp(pair.device) + Text(en: " at ", da: " den ") + moment(pair.hub.wall) + "."
    }

    static func why(_ basis: Basis, leadsForward: Bool) -> Text {
        switch basis {
        case .arrival:
            Text(
                en: "The device stamps nothing: it measured while the hub listened.",
                da: "Apparatet giver ingen tidspunkter: det målte, mens hubben lyttede.")
        case .age:
            Text(
                en: "It is as old as the device said, counted back from when the hub heard it.",
                da: "Den er så gammel, som apparatet sagde, regnet tilbage fra, da hubben hørte den.")
        case .paired where leadsForward:
            Text(
                en: "From the first of these the line of its clock leads to this stamp.",
                da: "Fra den første aflæsning fører urets gang frem til dette tidspunkt.")
        case .paired:
            Text(
                en: "From there the line of its clock leads back to this stamp.",
                da: "Derfra fører urets gang tilbage til dette tidspunkt.")
        case .interpolated:
            Text(
                en: "Nobody changed the clock in between: the stamp is on the line that fits both.",
                da: "Ingen har stillet uret imellem: tidspunktet passer med begge aflæsninger.")
        case .ambiguous:
            Text(
                en: "The clock may have been changed in between, or with summer time: the stamp is of before or of "
                    + "after.",
                da: "Uret kan være stillet imellem, eller ved sommertid: tidspunktet er fra før eller efter.")
        case .neighbours:
            Text(
                en: "The stamp is on no line on which the clock was ever seen; only its place in the memory and the "
                    + "visits bound it.",
                da: "Tidspunktet passer ikke med noget, uret er set vise; kun dets plads i hukommelsen og besøgene "
                    + "afgrænser det.")
        case .bounded:
            Text(
                en: "Without a stamp that a reading of the clock explains, only the visits bound it.",
                da: "Uden et tidspunkt, som en aflæsning af uret forklarer, afgrænser kun besøgene det.")
        }
    }

    static func between(_ earliest: Instant, _ latest: Instant) -> Text {
        Text(en: "It was taken between ", da: "Den er målt mellem ") + moment(earliest) + Text(en: " and ", da: " og ")
            + moment(latest) + "."
    }
    static func before(_ latest: Instant) -> Text {
        Text(en: "It was taken before ", da: "Den er målt før ") + moment(latest)
            + Text(en: "; nothing tells how long before.", da: "; intet viser, hvor længe før.")
    }
    static func toClinic(_ instant: Instant, _ error: Duration) -> Text {
        Text(en: "Told to the clinic: ", da: "Oplyst til klinikken: ") + moment(instant) + ", ±" + length(error) + "."
    }
    static func kept(_ instant: Instant?) -> Text {
        guard let instant else {
            return Text(
                en: "It stands in the journal without an instant.", da: "Den står i lageret uden tidspunkt.")
        }
        return Text(en: "It stands in the journal as taken at ", da: "Den står i lageret som målt den ")
            + moment(instant) + "."
    }

    static func doubt(_ doubt: Conclusion.Doubt) -> Text {
        switch doubt {
        case .ahead:
            Text(
                en: "Its stamp is ahead of the device's own clock: somebody has set that back since.",
                da: "Dens tidspunkt er foran apparatets eget ur: nogen har siden stillet det tilbage.")
        case .beforeManufacture:
            Text(en: "It would be older than the device.", da: "Den ville være ældre end apparatet.")
        case .beforeBinding:
            Text(
                en: "It is older than the binding: it may be somebody else's.",
                da: "Den er ældre end tilknytningen: den kan være en andens.")
        }
    }

    // MARK: times, to the second

    /// As the device shows it.
    private static func stamp(_ taken: RawTime) -> Text {
        switch taken {
        case .clock(let time): Text(en: time.description, da: danish(time))
        case .ticks(let count, _): Text(en: "tick \(count)", da: "trin \(count)")
        case .now, .unknown, .age: Text(en: "nothing", da: "intet")
        }
    }

    private static func moment(_ instant: Instant) -> Text {
        Text(en: text(instant), da: HubClock.localTime(at: instant).map(danish) ?? "?")
    }

    private static func danish(_ time: LocalTime) -> String {
        let parts = [time.hour, time.minute, time.second].map { padded($0, 2) }
        return "\(Text.day(time).danish) kl. \(parts.joined(separator: "."))"
    }

    private static func length(_ error: Duration) -> Text {
        let milliseconds = Int(error / .milliseconds(1))
        guard milliseconds < 120_000 else {
            return Text(en: "\(milliseconds / 60_000) min", da: "\(milliseconds / 60_000) min")
        }
        let (whole, tenth) = (milliseconds / 1000, milliseconds % 1000 / 100)
        return Text(en: "\(whole).\(tenth) s", da: "\(whole),\(tenth) s")
    }
}

extension Conclusion {
    /// In plain words, one sentence a line, how a record's time was concluded.
    func explanation(of record: History.Record, in history: History) -> [Text] {
        var lines = [TimeText.said(by: record.taken)]
        for place in [from, to].compactMap(\.self) where history.pairs.indices.contains(place) {
            lines.append(TimeText.met(history.pairs[place]))
        }
        lines.append(TimeText.why(basis, leadsForward: from != nil && to == nil))
        if window.latest < Window.forever {
            let latest = Instant(milliseconds: -floorToStep(-window.latest, 1000))
            if window.earliest > Window.never {
                lines.append(TimeText.between(Instant(milliseconds: floorToStep(window.earliest, 1000)), latest))
            } else {
                lines.append(TimeText.before(latest))
            }
        } else {
            lines.append(TimeText.hubUnsure)
        }
        if let at = dated.at { lines.append(TimeText.toClinic(at, dated.error)) }
        for doubt in Doubt.allCases where doubts.contains(doubt) { lines.append(TimeText.doubt(doubt)) }
        return lines
    }
}
