import Core
import Glibc

/// A file descriptor with one owner, which closes itself and wakes whoever waits for it.
package struct Descriptor: ~Copyable, Sendable {
    package let raw: CInt
    private let shut: @Sendable (CInt) -> Void

    /// Takes over an open descriptor. `shut` closes it, where that is to be done otherwise than at once.
    package init(_ raw: CInt, shut: @escaping @Sendable (CInt) -> Void = { close($0) }) {
        self.raw = raw
        self.shut = shut
    }

    /// Takes over what `call` returned, or throws what its errno means.
    package init(_ call: String, _ raw: CInt, at path: String? = nil) throws(Fault) {
        if raw < 0 { throw .failed(call, errno, at: path) }
        self.init(raw)
    }

    deinit {
        loop.forget(raw)
        shut(raw)
    }
}

/// errno, translated once.
extension Fault {
    /// What the failure of a system call means; `path` is what it was about.
    package static func failed(_ call: String, _ number: CInt, at path: String? = nil) -> Fault {
        let what = path ?? call
        return switch number {
        case EACCES, EPERM: .hub(.noPermission(what))
        case EBUSY: .hub(.portBusy(what))
        case ENOSPC, EDQUOT: .hub(.diskFull)
        case EIO: .hub(.diskFailing("\(what) cannot be read or written"))
        case EROFS: .hub(.diskReadOnly(what))
        default: .hub(.system(path.map { "\(call) \($0)" } ?? call, number))
        }
    }

    /// The same for a serial line, where a missing file is a missing cable.
    package static func line(_ call: String, _ number: CInt, at path: String) -> Fault {
        switch number {
        case ENOENT, ENODEV, ENXIO, EIO, ENOTDIR: .hub(.portGone)
        case EWOULDBLOCK: .hub(.portBusy(path))
        default: failed(call, number, at: path)
        }
    }
}
