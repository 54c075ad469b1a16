import Clinic
import Core
import Host
import Journal

/// `vitalsd queue show ID`: what was asked and answered about a reading that a clinic refused.
func show(_ id: Int64, _ configuration: Configuration) throws(Exit) {
    let (row, letters) = try reading(configuration) { journal throws(Fault) in
        (try journal.row(id), try journal.deadLetters(of: id))
    }
    guard let row else {
        printError("vitalsd queue: there is no reading \(id)")
        throw .noInput
    }
    printLine("\(id)  \(row.state.rawValue)")
    for answer in row.answers {
        let fate = answer.accepted ? "accepted" : answer.fault ?? "?"
        printLine("\(answer.destination)  \(text(answer.at))  \(fate)\(answer.location.map { "  \($0)" } ?? "")")
    }
    for (destination, letter) in letters {
        do throws(Fault) {
            printLine("request to \(destination):")
            printLine(String(decoding: try gunzip(letter.request), as: UTF8.self))
        } catch {
            throw complain(error)
        }
        printLine("answer, status \(letter.status):")
        printLine(letter.answer)
    }
}
