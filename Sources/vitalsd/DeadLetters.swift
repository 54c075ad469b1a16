import Clinic
import Core
import Host
import Journal

/// `vitalsd queue show ID`: what was asked and answered about a reading that a clinic refused.
func show(_ id: Int64, _ configuration: Configuration, in language: Language) throws(Exit) {
    let (row, letters) = try reading(configuration, language) { journal throws(Fault) in
        (try journal.row(id), try journal.deadLetters(of: id))
    }
    guard let row else {
        printError("vitalsd queue: \(ActText.noReading(id)[language])")
        throw .noInput
    }
    printLine("\(id)  \(row.state.name[language])")
    for answer in row.answers { printLine(QueueText.answer(answer)[language]) }
    for (destination, letter) in letters {
        do throws(Fault) {
            printLine(QueueText.request(to: destination)[language])
            printLine(String(decoding: try gunzip(letter.request), as: UTF8.self))
        } catch {
            throw complain(error, in: language)
        }
        printLine(QueueText.answered(letter.status)[language])
        printLine(letter.answer)
    }
}
