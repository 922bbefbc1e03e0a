// SPDX-License-Identifier: Apache-2.0
// Who works in a folder, without taking the lock for a moment: a run that is about to begin would be refused.

import Foundation
import LockstepData

/// The lock of a run's folder.
enum RunLock {
    static let name = ".lock"
    private static let longest = 4096

    /// What the file says, and whether a process of this machine holds it.
    static func facts(ofFile path: String) -> [Fact.Named] {
        let text = (try? Files.read(path, limit: longest)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        return [
            .init("held", .flag(isHeld(path))), .init("host", words.first),
            .init("process", words.count > 1 ? Int(words[1]) : nil), .init("job", words.count > 2 ? words[2] : nil),
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
