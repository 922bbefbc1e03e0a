// SPDX-License-Identifier: Apache-2.0
// What the kernel is told of mapped files that are larger than memory.

import Glibc

/// A mapped file that tensors look into.
protocol MappedPages: AnyObject {
    /// Whether more is mapped than stays in memory, so that pages are read for one look only: reading on behind a page that is looked
    /// at (eight megabytes, on some systems) would push out others that are about to be.
    var isBeyondMemory: Bool { get }
}

/// Advice about ranges of a mapped file.
enum Pages {
    private static let size = max(1, sysconf(Int32(_SC_PAGESIZE)))

    /// Whether so many bytes of a file do not stay in memory.
    static func areBeyondMemory(_ bytes: Int) -> Bool { bytes > Room.total / 2 }

    /// Each page is read for itself, or with those that ``willNeed(_:_:)`` names.
    static func isolate(_ base: UnsafeRawPointer, _ count: Int) {
        madvise(UnsafeMutableRawPointer(mutating: base), count, MADV_RANDOM)
    }

    /// Begins to read what is about to be looked at, and does not wait.
    static func willNeed(_ base: UnsafeRawPointer, _ count: Int) {
        let rest = Int(bitPattern: base) % size
        madvise(UnsafeMutableRawPointer(mutating: base - rest), count + rest, MADV_WILLNEED)
    }
}
