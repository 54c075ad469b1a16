import Core
import Glibc

/// Who a file belongs to, where that is not who asks: root looks at what a service of another user may do.
package struct FileOwner {
    private let user: uid_t, group: gid_t
    /// Of root itself, for the way back.
    private let groups: [gid_t]

    /// Nil where it is not root who asks, where the file is root's own, and where there is none.
    private init?(of path: String) {
        var file = stat()
        guard geteuid() == 0, stat(path, &file) == 0, file.st_uid != 0 else { return nil }
        let count = getgroups(0, nil)
        var groups = [gid_t](repeating: 0, count: Int(max(0, count)))
        guard count >= 0, getgroups(count, &groups) == count else { return nil }
        (user, group, self.groups) = (file.st_uid, file.st_gid, groups)
    }

    /// Root acts as the owner of a folder from here on, so that what it makes there is the owner's, and nothing that lies there
    /// leads root elsewhere. Nil where there is nobody to act as. Throws `hub(.noPermission)`.
    package static func assumed(of folder: String) throws(Fault) -> FileOwner? {
        guard let owner = FileOwner(of: folder) else { return nil }
        guard owner.assume() else { throw .hub(.noPermission(folder)) }
        return owner
    }

    /// The whole process may do from here on what the owner may, with the owner's groups. False where that is refused.
    private func assume() -> Bool {
        var entry = passwd(), found: UnsafeMutablePointer<passwd>?
        var words = [CChar](repeating: 0, count: 4096)
        let isKnown = getpwuid_r(user, &entry, &words, words.count, &found) == 0 && found != nil
        let hasGroups = isKnown ? initgroups(entry.pw_name, group) == 0 : setgroups(1, [group]) == 0
        guard hasGroups else { return false }
        guard setegid(group) == 0, seteuid(user) == 0 else {
            leave()
            return false
        }
        return true
    }

    /// Root again.
    package func leave() {
        let isRoot = seteuid(0) == 0 && setegid(0) == 0 && setgroups(groups.count, groups) == 0
        precondition(isRoot, "not root again")
    }
}
