import Core
import Journal

/// The words of `vitalsd queue`.
enum QueueText {
    /// A row without values and without a person: what may be read aloud. Its number, when it was heard, from what, and how it
    /// stands.
    static func row(_ row: Journal.Row) -> [Text] {
        let several = Set(row.answers.map(\.destination)) != [Recipient.clinic]
        let objections = row.answers.compactMap { answer in
            answer.objection.map { Text(same: ": \(several ? answer.destination + ": " : "")") + $0 }
        }
        let heard = row.kept.map { Text.stamp($0.heard.wall) } ?? Text(same: "?")
        let model = row.kept?.device.information.model ?? "?"
        return [
            Text(same: "\(row.id)"), heard, Text(same: model), row.state.name + objections.joined(separator: ""),
        ]
    }

    /// What became of a reading at one destination.
    static func answer(_ answer: Journal.Answer) -> Text {
        let fate =
            answer.accepted
            ? Text(en: "accepted", da: "modtaget") : answer.fault.map(refusal) ?? Text(same: "?")
        return Text(same: answer.destination + "  ") + .stamp(answer.at) + "  " + fate
            + (answer.location.map { "  \($0)" } ?? "")
    }

    static func request(to destination: String) -> Text {
        Text(en: "request to \(destination):", da: "sendt til \(destination):")
    }
    static func answered(_ status: Int) -> Text { Text(en: "answer, status \(status):", da: "svar, status \(status):") }

    static func notTaken(_ fault: String) -> Text {
        Text(
            en: "it is there, but its better time was not taken: \(fault)",
            da: "den er der, men dens rettede tidspunkt blev ikke taget imod: \(refusal(fault).danish)")
    }

    /// A fault as it stands in the journal: in English, with what is particular in brackets. What is not known again is
    /// passed on.
    static func refusal(_ sentence: String) -> Text {
        func start(_ sentence: String) -> Substring { sentence.prefix { $0 != "(" } }
        guard
            let code = Fault.Code.allCases.first(where: {
                start($0.example.sentence) == start(sentence) && start(sentence) != sentence
                    || $0.example.sentence == sentence
            })
        else { return Text(same: sentence) }
        // Who refused it stands in front of it.
        let told = code == .refusedReading ? "indholdet blev ikke godtaget" : code.told.sentence.danish.plain.dropLast()
        let detail = sentence.dropFirst(start(sentence).count)
        return Text(en: sentence, da: told + (detail.isEmpty ? "" : " \(detail)"))
    }
}

extension Journal.Answer {
    /// What the clinic said against it, or against a better time for it.
    var objection: Text? {
        guard let fault else { return nil }
        return accepted ? QueueText.notTaken(fault) : QueueText.refusal(fault)
    }
}

extension Journal.State {
    /// In English the word that programs read too.
    var name: Text { Text(en: rawValue, da: Diagnosis.QueueEntry.name(of: rawValue).danish) }
}
