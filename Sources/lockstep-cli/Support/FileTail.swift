// SPDX-License-Identifier: Apache-2.0
// The last lines of a file that may be long.

import Foundation

/// The end of a text file.
enum FileTail {
    /// How much of it.
    private static let bytes: UInt64 = 65_536

    /// The lines of its last 64 KiB, of which the first may lack its beginning; nil for what cannot be read.
    static func lines(of path: String) -> [Substring]? {
        guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? handle.close() }
        do {
            let end = try handle.seekToEnd()
            try handle.seek(toOffset: end > bytes ? end - bytes : 0)
            return String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self).split(separator: "\n")
        } catch {
            return nil
        }
    }
}
