import CLinux
import Core
import Glibc

/// The terminal as a page of lines, on which only what has changed is written: it may be at the other end of a slow line.
@Hub package final class Terminal {
    /// A line of the page and how it is shown.
    package struct Line: Equatable, Sendable {
        package enum Style: String, Sendable {
            case plain = ""
            case heading = "1"
            case quiet = "2"
            case good = "32"
            case bad = "31"
        }
        package var text: String, style: Style

        package init(_ text: String = "", _ style: Style = .plain) {
            self.text = text
            self.style = style
        }
    }

    private let before: termios
    private var shown: [Line] = []
    private var size = (rows: 0, columns: 0)

    /// Takes standard output for a page of its own: what was there comes back at `leave`. Keys are not echoed, and Ctrl-C and
    /// Ctrl-Z are keys: stopped in the middle of a page, a program would leave the terminal as it is. Throws
    /// where standard output and input are no terminal.
    package init() throws(Fault) {
        var settings = termios()
        if tcgetattr(STDIN_FILENO, &settings) != 0 { throw .failed("tcgetattr", errno) }
        before = settings
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        if tcsetattr(STDIN_FILENO, TCSANOW, &settings) != 0 { throw .failed("tcsetattr", errno) }
        Self.put("\u{1B}[?1049h\u{1B}[?25l")
    }

    /// Gives the terminal back as it was.
    package func leave() {
        Self.put("\u{1B}[?25h\u{1B}[?1049l")
        var settings = before
        _ = tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }

    /// Rows and columns, as they are now.
    package var room: (rows: Int, columns: Int) {
        var rows: UInt16 = 0
        var columns: UInt16 = 0
        guard vitalsd_window_size(STDOUT_FILENO, &rows, &columns) == 0, rows > 0, columns > 0 else {
            return (24, 80)
        }
        return (Int(rows), Int(columns))
    }

    /// The next key, as a byte; nil at the end of the input.
    package func key() async -> UInt8? {
        while true {
            guard await loop.ready(STDIN_FILENO) else { return nil }
            var byte: UInt8 = 0
            let count = read(STDIN_FILENO, &byte, 1)
            if count == 1 { return byte }
            if count == 0 || errno != EINTR && errno != EAGAIN { return nil }
        }
    }

    /// Shows the page; what does not fit is cut off.
    package func show(_ page: [Line]) {
        let room = room
        var bytes = ""
        if room != size {
            (size, shown) = (room, [])
            bytes += "\u{1B}[2J"
        }
        let page = page.prefix(room.rows).map { Line(String($0.text.prefix(room.columns)), $0.style) }
        bytes += Self.difference(from: shown, to: page)
        shown = page
        if !bytes.isEmpty { Self.put(bytes) }
    }

    /// What leads from one page to another: the ends of lines that differ.
    package nonisolated static func difference(from old: [Line], to new: [Line]) -> String {
        var bytes = ""
        for row in 0..<max(old.count, new.count) {
            let before = row < old.count ? old[row] : Line()
            let after = row < new.count ? new[row] : Line()
            guard before != after else { continue }
            let same =
                before.style == after.style ? zip(before.text, after.text).prefix { $0 == $1 }.count : 0
            bytes += "\u{1B}[\(row + 1);\(same + 1)H"
            let rest = String(after.text.dropFirst(same))
            bytes +=
                after.style == .plain || rest.isEmpty
                ? rest : "\u{1B}[\(after.style.rawValue)m\(rest)\u{1B}[m"
            if before.text.count > after.text.count { bytes += "\u{1B}[K" }
        }
        return bytes
    }

    private static func put(_ text: String) { Console.put(text) }
}
