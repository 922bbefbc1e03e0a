// SPDX-License-Identifier: Apache-2.0
// The one way to standard output: every write is checked, and the first that fails is kept.

import Glibc
import Synchronization

/// Standard output.
package enum StandardOutput {
    private static let state = Mutex<DataError?>(nil)

    /// Why standard output could not be written; nil while all has been.
    package static var failure: DataError? { state.withLock { $0 } }

    /// Writes `text` at once, after what has been printed by other means. After a failure nothing is written any more.
    ///
    /// - Throws: `DataError` (`.unwritten`): the first failure, again and again.
    package static func write(_ text: String) throws(DataError) { try write(Array(text.utf8)) }

    /// The same for bytes.
    package static func write(_ bytes: [UInt8]) throws(DataError) {
        let failure = state.withLock { state -> DataError? in
            if state == nil, fflush(nil) != 0 || !Descriptor.write(bytes, to: STDOUT_FILENO) {
                state = DataError(.unwritten, file: "standard output", systemWords("cannot be written"))
            }
            return state
        }
        if let failure { throw failure }
    }

    /// Has a program hear of what it writes in vain: a reader that has gone is a failed write and not the program's end,
    /// and no file that is opened later takes the place of a standard stream that is closed. First thing in `main`.
    package static func secure() {
        for stream in 0...STDERR_FILENO where fcntl(stream, F_GETFD) < 0 {
            // Opened the wrong way round: reading or writing still is an error.
            _ = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
        Descriptor.ignore(SIGPIPE)
        _ = Descriptor.hearsOfLimits
    }
}
