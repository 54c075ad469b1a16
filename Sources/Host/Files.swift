import CLinux
import Core
import Glibc

/// Small whole files: configuration, keys, and what the kernel writes as text.
package enum Files {
    /// The whole file; throws where it has more than `limit` bytes.
    package static func read(_ path: String, atMost limit: Int = 1 << 20) throws(Fault) -> [UInt8] {
        let file = try Descriptor("open", open(path, O_RDONLY | O_CLOEXEC), at: path)
        return try readAll(file.raw, at: path, atMost: limit)
    }

    private static func readAll(_ file: CInt, at path: String, atMost limit: Int = 1 << 20) throws(Fault) -> [UInt8] {
        var whole: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(file, &piece, piece.count)
            if count == 0 { return whole }
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw .failed("read", errno, at: path) }
            whole += piece[..<count]
            if whole.count > limit { throw .failed("read", EFBIG, at: path) }
        }
    }

    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The names in a directory, sorted, without `.` and `..`.
    package static func names(in directory: String) throws(Fault) -> [String] {
        guard let stream = opendir(directory) else { throw .failed("opendir", errno, at: directory) }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { name in
                    name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
            errno = 0
        }
        if errno != 0 { throw .failed("readdir", errno, at: directory) }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }

    /// Makes a directory that is its owner's alone (0700), and those above it; one that is there already stays as it is.
    package static func makeDirectory(_ path: String) throws(Fault) {
        if mkdir(path, 0o700) == 0 { return }
        switch errno {
        case EEXIST:
            var file = stat()
            guard stat(path, &file) == 0, file.st_mode & S_IFMT == S_IFDIR else {
                throw .failed("mkdir", ENOTDIR, at: path)
            }
        case ENOENT where directory(of: path) != path:
            try makeDirectory(directory(of: path))
            if mkdir(path, 0o700) != 0, errno != EEXIST { throw .failed("mkdir", errno, at: path) }
        default: throw .failed("mkdir", errno, at: path)
        }
    }

    /// Puts `bytes` in the place of the file (0600): after a power cut, there is the old or the new one, whole.
    package static func write(_ bytes: [UInt8], to path: String) throws(Fault) {
        let directory = directory(of: path)
        var pattern = Array("\(directory)/.vitalsd-XXXXXX".utf8CString)
        let file = try Descriptor("open", mkostemp(&pattern, O_CLOEXEC), at: path)
        do throws(Fault) {
            try write(bytes, to: file.raw, at: path)
            if fsync(file.raw) != 0 { throw .failed("fsync", errno, at: path) }
            if rename(pattern, path) != 0 { throw .failed("rename", errno, at: path) }
        } catch {
            unlink(pattern)
            throw error
        }
        let place = try Descriptor("open", open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), at: directory)
        if fsync(place.raw) != 0 { throw .failed("fsync", errno, at: directory) }
    }

    /// Writes text into what is there, as the kernel's attributes want it.
    package static func put(_ text: String, into path: String) throws(Fault) {
        let file = try Descriptor("open", open(path, O_WRONLY | O_CLOEXEC | O_TRUNC), at: path)
        try write(Array(text.utf8), to: file.raw, at: path)
    }

    /// The path with every symbolic link followed; nil where it leads nowhere.
    package static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    /// `/a` of `/a/b`, `/` of `/a`, `.` of `b`.
    package static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func write(_ bytes: [UInt8], to file: CInt, at path: String) throws(Fault) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw .failed("write", errno, at: path) }
            rest = rest.dropFirst(count)
        }
    }
}

extension Files {
    /// Everything on standard input. It is not opened anew: under sudo the terminal, or the pipe, is another user's.
    package static func readStandardInput() throws(Fault) -> [UInt8] { try readAll(STDIN_FILENO, at: "standard input") }

    /// A file to write to at its end, made where it is missing.
    package static func appending(_ path: String) throws(Fault) -> Descriptor {
        try Descriptor("open", open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600), at: path)
    }

    /// A directory of our own where temporary files go, whose name begins with `prefix`.
    package static func makeTemporaryDirectory(_ prefix: String) throws(Fault) -> String {
        let place = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var pattern = Array("\(place)/\(prefix)-XXXXXX".utf8CString)
        guard let made = mkdtemp(&pattern) else { throw .failed("mkdtemp", errno, at: place) }
        return String(cString: made)
    }

    /// Removes a directory with all that is in it; what cannot be removed stays.
    package static func remove(_ directory: String) {
        for name in (try? names(in: directory)) ?? [] {
            let path = "\(directory)/\(name)"
            if unlink(path) != 0 { remove(path) }
        }
        rmdir(directory)
    }

    /// Removes a file; what cannot be removed stays.
    package static func removeFile(_ path: String) { unlink(path) }

    /// Lets the symbolic link at `path` lead to `target`: after a power cut it leads there, or where it did.
    package static func link(_ target: String, at path: String) throws(Fault) {
        let new = path + ".new", directory = directory(of: path)
        unlink(new)
        if symlink(target, new) != 0 { throw .failed("symlink", errno, at: new) }
        if rename(new, path) != 0 { throw .failed("rename", errno, at: path) }
        let place = try Descriptor("open", open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), at: directory)
        if fsync(place.raw) != 0 { throw .failed("fsync", errno, at: directory) }
    }

    /// The file that this process runs.
    package static var program: String { resolved("/proc/self/exe") ?? "/proc/self/exe" }
}

extension Files {
    /// The program of this name that a shell would run; nil where there is none.
    package static func program(named name: String) -> String? {
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// The regular files in a directory and in those below it; none where there is no directory. Links are not followed.
    package static func files(under directory: String) throws(Fault) -> [String] {
        guard exists(directory) else { return [] }
        var found: [String] = []
        for name in try names(in: directory) {
            let path = "\(directory)/\(name)"
            var file = stat()
            guard lstat(path, &file) == 0 else { continue }
            switch file.st_mode & S_IFMT {
            case S_IFDIR: found += try files(under: path)
            case S_IFREG: found.append(path)
            default: continue
            }
        }
        return found
    }
}
