// SPDX-License-Identifier: Apache-2.0
// Writes that are tried again: a file system may have a bad moment, a network's above all.

import Glibc

/// How often a write is tried on which much depends.
package enum Patience {
    /// Microseconds that are waited before each further try.
    private static let pauses: [UInt32] = [200_000, 1_000_000, 3_000_000]

    /// Calls `write` until it succeeds, four times at the most.
    ///
    /// - Parameter failed: Hears of each failure but the last.
    /// - Throws: the last failure.
    package static func trying(
        _ write: () throws(DataError) -> Void, failed: (DataError) -> Void = { _ in }
    ) throws(DataError) {
        for pause in pauses {
            do throws(DataError) { return try write() } catch { failed(error) }
            usleep(pause)
        }
        try write()
    }
}
