// SPDX-License-Identifier: Apache-2.0
// Who works in a folder, without taking the lock for a moment: a run that is about to begin would wait.

import Foundation
import LockstepData

/// The lock of a run's folder.
enum RunLock {
    /// What the file says, and whether a process of this machine holds it.
    static func facts(ofFile path: String) -> [Fact.Named] {
        let holder = FolderLock.holder(inFile: path)
        return [
            .init("held", .flag(isHeld(path))), .init("host", holder?.host),
            .init("process", holder.map { Int($0.process) }),
            .init("job", holder.flatMap { $0.job.isEmpty ? nil : $0.job }),
        ]
    }

    /// Whether the kernel's list of locks has one on the file.
    private static func isHeld(_ path: String) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0, let list = FileManager.default.contents(atPath: "/proc/locks") else {
            return false
        }
        let (major, minor) = (status.st_dev >> 8 & 0xFFF, status.st_dev & 0xFF | status.st_dev >> 12 & 0xFFF00)
        func two(_ value: UInt) -> String { (value < 16 ? "0" : "") + String(value, radix: 16) }
        // File systems without a device of their own (overlay, btrfs) are listed under another number than files say.
        let place = major == 0 ? ":\(status.st_ino) " : " \(two(major)):\(two(minor)):\(status.st_ino) "
        return String(decoding: list, as: UTF8.self).contains(place)
    }
}
