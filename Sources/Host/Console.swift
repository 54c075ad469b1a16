import Glibc

/// What a command prints: whole lines, each in one call, so that a reader of a pipe sees it live.
package enum Console {
    /// A line, or several. What a terminal would obey is replaced: a device's name or a clinic's answer may be in it.
    package static func print(_ text: String) { write(harmless(text), to: STDOUT_FILENO) }
    package static func complain(_ text: String) { write(harmless(text), to: STDERR_FILENO) }

    /// Whether a person looks at the output.
    package static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// As it is, without the end of a line.
    package static func put(_ text: String) { write(text, end: "", to: STDOUT_FILENO) }

    static func harmless(_ text: String) -> String {
        func obeys(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar.properties.generalCategory {
            case .control: scalar != "\n" && scalar != "\t"
            case .format, .lineSeparator, .paragraphSeparator: true
            default: false
            }
        }
        guard text.unicodeScalars.contains(where: obeys) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { obeys($0) ? "\u{FFFD}" : $0 }))
    }

    private static func write(_ text: String, end: String = "\n", to descriptor: CInt) {
        var rest = Array((text + end).utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // Nobody reads: there is nobody to tell, either.
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }
}
