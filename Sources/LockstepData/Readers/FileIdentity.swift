// SPDX-License-Identifier: Apache-2.0
// Whether two processes look at the same file.

import Glibc

/// What tells a regular file from all others that lie, or lay, at its path: the same for whoever sees it, on any machine.
package struct FileIdentity: Equatable {
    /// Bytes of the file.
    package let size: Int
    private let number: UInt64
    private let (seconds, nanoseconds): (Int, Int)

    /// Nil where nothing can be examined at `path`, and for what is no regular file.
    package init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        (size, number) = (Int(status.st_size), UInt64(status.st_ino))
        (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }

    /// The same in few bytes, for other processes to compare.
    package var text: String { "\(number) \(size) \(seconds) \(nanoseconds)" }
}
