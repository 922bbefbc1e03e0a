// SPDX-License-Identifier: Apache-2.0
// Whether two processes look at the same file.

import Glibc

/// What tells a regular file from all others that lie, or lay, at its path: the same for whoever sees it, on any machine.
struct FileIdentity {
    private let (number, size, seconds, nanoseconds): (UInt64, Int, Int, Int)

    init(_ status: stat) {
        (number, size) = (UInt64(status.st_ino), Int(status.st_size))
        (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }

    /// The same in few bytes, for other processes to compare.
    var text: String { "\(number) \(size) \(seconds) \(nanoseconds)" }
}
