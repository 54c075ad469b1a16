import CLinux
import Core
import Glibc

extension Files {
    /// What a file system has left.
    package struct Room: Equatable, Sendable {
        /// Bytes for us, and bytes in all.
        package var free: Int, total: Int
        /// Whether not one more file fits, whatever the bytes say.
        package var hasNoFiles: Bool
        package var isReadOnly: Bool
    }

    /// Of the file system of a path, or of what is above it where it is not there yet.
    package static func room(at path: String) throws(Fault) -> Room {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else {
            if errno == ENOENT, directory(of: path) != path { return try room(at: directory(of: path)) }
            throw .failed("statvfs", errno, at: path)
        }
        return Room(
            free: Int(facts.f_bavail) * Int(facts.f_frsize), total: Int(facts.f_blocks) * Int(facts.f_frsize),
            hasNoFiles: facts.f_files > 0 && facts.f_favail == 0, isReadOnly: facts.f_flag & UInt(ST_RDONLY) != 0)
    }

    /// Whether this user may make files in a directory.
    package static func isWritable(_ directory: String) -> Bool { access(directory, W_OK | X_OK) == 0 }
}

/// The hub's own place in the network.
package enum HubNetwork {
    /// The cards that are up and have an address, without the loopback; nil where the kernel does not say.
    package static var cards: [String]? {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return nil }
        defer { freeifaddrs(first) }
        var names: Set<String> = []
        var next = first
        while let card = next {
            next = card.pointee.ifa_next
            guard let address = card.pointee.ifa_addr, card.pointee.ifa_flags & UInt32(IFF_UP) != 0,
                card.pointee.ifa_flags & UInt32(IFF_LOOPBACK) == 0
            else { continue }
            // An address that every card gives itself leads nowhere.
            switch CInt(address.pointee.sa_family) {
            case AF_INET: names.insert(String(cString: card.pointee.ifa_name))
            case AF_INET6:
                let isLocal = address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                    withUnsafeBytes(of: address.pointee.sin6_addr) { $0[0] == 0xFE && $0[1] & 0xC0 == 0x80 }
                }
                if !isLocal { names.insert(String(cString: card.pointee.ifa_name)) }
            default: break
            }
        }
        return names.sorted()
    }
}
