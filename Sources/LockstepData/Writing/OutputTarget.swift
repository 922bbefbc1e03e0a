// SPDX-License-Identifier: Apache-2.0
// Where a path leads that something is to be written to: a file to replace, or something to write through.

import Glibc

/// What lies where a path leads, all symbolic links followed.
enum OutputTarget: Equatable {
    /// A regular file at this path, or none yet. `mode` and owner are those of the file there is.
    case file(String, existing: Existing?)
    /// A device, a pipe or whatever else keeps its place when it is written to.
    case through(String)
    /// Something that this program has open: `/dev/stdout`.
    case descriptor(Int32)

    /// What a file is that its successor should be, too.
    struct Existing: Equatable {
        var mode: mode_t
        var owner: uid_t
        var group: gid_t
    }

    /// Follows `path` to its end.
    ///
    /// - Throws: `DataError` (`.unwritable`) for what is no file: a folder, an empty name, links in a circle.
    init(_ path: String) throws(DataError) {
        func refused(_ why: String) -> DataError { DataError(.unwritable, file: path, why) }
        guard !path.isEmpty else { throw DataError(.unwritable, file: "“”", "names no file") }
        guard !path.utf8.contains(0) else { throw refused("is no path: it holds a zero byte") }
        guard !path.hasSuffix("/") else { throw refused("names a folder, not a file") }
        var current = path
        for _ in 0..<40 {
            if let number = Self.ownDescriptor(current) {
                guard fcntl(number, F_GETFD) >= 0 else { throw refused(systemWords("cannot be opened")) }
                self = .descriptor(number)
                return
            }
            var status = stat()
            guard lstat(current, &status) == 0 else {
                guard errno == ENOENT else { throw refused(systemWords("cannot be written")) }
                self = .file(current, existing: nil)
                return
            }
            switch status.st_mode & S_IFMT {
            case S_IFLNK:
                // A link of the kernel's own, as in /proc, has no path behind it that could be followed.
                var end = stat()
                let isThere = stat(current, &end) == 0
                if isThere, ![S_IFREG, S_IFDIR].contains(end.st_mode & S_IFMT) {
                    self = .through(current)
                    return
                }
                guard let next = Self.link(current) else { throw refused(systemWords("cannot be followed")) }
                current = next.hasPrefix("/") ? next : Files.parent(of: current) + "/" + next
                if isThere, access(current, F_OK) != 0 { throw refused("leads to a file that has no name any more") }
            case S_IFDIR:
                throw refused("is a folder, not a file")
            case S_IFREG:
                guard access(current, W_OK) == 0 else { throw refused(systemWords("cannot be written")) }
                self = .file(
                    current,
                    existing: Existing(mode: status.st_mode & 0o7777, owner: status.st_uid, group: status.st_gid))
                return
            default:
                self = .through(current)
                return
            }
        }
        throw refused("cannot be followed: too many symbolic links")
    }

    /// The descriptor of this process that a path stands for.
    private static func ownDescriptor(_ path: String) -> Int32? {
        let named = ["/dev/stdin": STDIN_FILENO, "/dev/stdout": STDOUT_FILENO, "/dev/stderr": STDERR_FILENO]
        if let number = named[path] { return number }
        for folder in ["/dev/fd/", "/proc/self/fd/", "/proc/\(getpid())/fd/"] where path.hasPrefix(folder) {
            return Int32(path.dropFirst(folder.count))
        }
        return nil
    }

    private static func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let length = readlink(path, &buffer, buffer.count)
        return length > 0 ? String(decoding: buffer[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }
}

/// `what` with the system's words for the latest error.
package func systemWords(_ what: String) -> String { "\(what): \(String(cString: strerror(errno)))" }
