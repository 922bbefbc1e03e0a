// SPDX-License-Identifier: Apache-2.0
// Unfinished files of programs that died while they wrote.

import Foundation
import Glibc

/// Files on their way to a place: each is called after the process that writes it.
package enum Leftovers {
    private static let (prefix, suffix) = (".lockstep-", ".tmp")
    private static let host = ProcessInfo.processInfo.hostName.filter { $0 != "/" }
    /// Seconds after which an unfinished file of another machine is one that nobody writes any more.
    private static let patience = 600

    /// A name for a file that this process is about to write in `folder`.
    package static func newName(in folder: String) -> String {
        "\(folder)/\(prefix)\(host)-\(getpid())-\(UInt32.random(in: 0 ... .max))\(suffix)"
    }

    /// Removes from `folder` what processes have left that are gone.
    ///
    /// - Parameter isOwn: Whether nobody else can be writing there, nor this program: then all of it is left.
    /// - Returns: how many there were.
    @discardableResult
    package static func remove(in folder: String, isOwn: Bool = false) -> Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().count { name in
            guard isUnfinished(name), isOwn || isLeft("\(folder)/\(name)", name) else {
                return false
            }
            return unlink("\(folder)/\(name)") == 0
        }
    }

    /// Whether a file of this name is on its way to a place, or was left on it.
    package static func isUnfinished(_ name: String) -> Bool { name.hasPrefix(prefix) && name.hasSuffix(suffix) }

    private static func isLeft(_ path: String, _ name: String) -> Bool {
        let parts = name.dropFirst(prefix.count).dropLast(suffix.count).split(separator: "-")
        guard parts.count >= 2, let process = Int32(parts[parts.count - 2]) else { return false }
        // Names of earlier versions have no host: they were of this one.
        let owner = parts.dropLast(2).joined(separator: "-")
        if owner == host || owner.isEmpty { return kill(process, 0) != 0 && errno == ESRCH }
        var status = stat()
        return stat(path, &status) == 0 && status.st_mtim.tv_sec + patience < time(nil)
    }
}
