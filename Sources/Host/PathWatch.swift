import CLinux
import Core
import Glibc

/// Watches for files that come and go: names in a configuration, often symbolic links, whose very directory may not be
/// there yet (`/dev/serial/by-id` exists only while an adapter is plugged in).
final class PathWatch {
    struct News {
        /// The watched paths that were removed, or whose link or target was, even if they are back by now.
        var gone: Set<String> = []
        var isNew = false
    }

    let descriptor: Descriptor
    /// The watched directories, by inotify's number.
    private var directories: [CInt: String] = [:]
    /// Which watched paths a file matters to: itself, a link on the way, or a directory on the way to either.
    private var concerned: [String: Set<String>] = [:]
    /// The files whose removal is a path's own.
    private var steps: Set<String> = []

    init() throws(Fault) {
        descriptor = try Descriptor("inotify_init", inotify_init1(CInt(IN_CLOEXEC | IN_NONBLOCK)))
    }

    /// Watches exactly `paths`, as far as they lead now. To be repeated after all news.
    func watch(_ paths: [String]) throws(Fault) {
        concerned = [:]
        steps = []
        var wanted: Set<String> = []
        for path in paths {
            for step in way(of: path) {
                steps.insert(step)
                let (directory, name) = nearest(step)
                wanted.insert(directory)
                concerned[name, default: []].insert(path)
            }
        }
        for (number, directory) in directories where !wanted.contains(directory) {
            inotify_rm_watch(descriptor.raw, number)
            directories[number] = nil
        }
        let events = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF
        for directory in wanted {
            let number = inotify_add_watch(descriptor.raw, directory, UInt32(events) | UInt32(IN_ONLYDIR))
            // One that vanished meanwhile is found out by the next look.
            if number < 0, errno != ENOENT, errno != ENOTDIR {
                throw .failed("inotify_add_watch", errno, at: directory)
            }
            if number >= 0 { directories[number] = directory }
        }
    }

    func news() -> News {
        var news = News()
        var buffer = [UInt8](repeating: 0, count: 8192)
        while case let count = read(descriptor.raw, &buffer, buffer.count), count > 0 {
            buffer.withUnsafeBytes { bytes in
                var at = 0
                let header = MemoryLayout<inotify_event>.size
                while at + header <= count {
                    let event = bytes.loadUnaligned(fromByteOffset: at, as: inotify_event.self)
                    let end = min(count, at + header + Int(event.len))
                    let name = String(decoding: bytes[at + header..<end].prefix { $0 != 0 }, as: UTF8.self)
                    note(event.wd, event.mask, name, in: &news)
                    at = end
                }
            }
        }
        return news
    }

    private func note(_ number: CInt, _ mask: UInt32, _ name: String, in news: inout News) {
        let lost = UInt32(IN_Q_OVERFLOW) | UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF) | UInt32(IN_IGNORED)
        if mask & lost != 0 {
            if mask & UInt32(IN_IGNORED) != 0 { directories[number] = nil }
            news.isNew = true
            return
        }
        guard let directory = directories[number] else { return }
        let file = directory == "." ? name : directory == "/" ? "/\(name)" : "\(directory)/\(name)"
        guard let paths = concerned[file] else { return }
        news.isNew = true
        // A file moved onto another takes its place without a removal of its own.
        let replaced = mask & UInt32(IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO) != 0
        if replaced, steps.contains(file) { news.gone.formUnion(paths) }
    }

    /// The path, and what it leads to from link to link.
    private func way(of path: String) -> [String] {
        var way = [path]
        var target = [CChar](repeating: 0, count: 4096)
        while way.count <= 8, let here = way.last {
            let count = readlink(here, &target, target.count)
            guard count > 0 else { break }
            let next = String(decoding: target[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
            way.append(next.hasPrefix("/") ? next : "\(Files.directory(of: here))/\(next)")
        }
        return way
    }

    /// The nearest directory above `file` that is there, and what in it would be the next on the way to `file`.
    private func nearest(_ file: String) -> (directory: String, name: String) {
        var name = file
        while true {
            let directory = Files.directory(of: name)
            if Files.exists(directory) || directory == name { return (directory, name) }
            name = directory
        }
    }
}
