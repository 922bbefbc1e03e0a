// SPDX-License-Identifier: Apache-2.0
// Where the bytes of a table come from: memory, or a file that passes through it.

import Glibc

/// The bytes of a table.
package enum CSVSource: Sendable {
    case bytes([UInt8])
    /// A file of which only a window is in memory.
    case file(OpenFile)

    /// The bytes of the file at `path`: in memory where it is small, compressed (gzip), or no regular file.
    ///
    /// - Parameter window: How much of a file is read at a time, and what is small.
    /// - Throws: `DataError` (`.unreadable`, `.tooLarge`).
    package static func opened(_ path: String, window: Int = 1 << 20) throws(DataError) -> CSVSource {
        guard let file = OpenFile(path, window: window), file.size > window, !Gzip.isGzip(try file.read(2, at: 0))
        else {
            return .bytes(try Gzip.readFile(path))
        }
        return .file(file)
    }

    /// A regular file that is open.
    package final class OpenFile: Sendable {
        private let path: String
        private let descriptor: Int32
        fileprivate let size: Int
        let window: Int

        /// Nil where there is no regular file to be opened.
        fileprivate init?(_ path: String, window: Int) {
            (self.path, self.window) = (path, window)
            descriptor = open(path, O_RDONLY | O_CLOEXEC)
            var status = stat()
            let isRegular = descriptor >= 0 && fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
            size = Int(status.st_size)
            if !isRegular {
                if descriptor >= 0 { close(descriptor) }
                return nil
            }
        }

        deinit { close(descriptor) }

        /// The bytes from `offset` on, at most `count`; fewer where the file ends.
        func read(_ count: Int, at offset: Int) throws(DataError) -> [UInt8] {
            errno = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                filled = Descriptor.read(UnsafeMutableRawBufferPointer(buffer), from: descriptor, at: offset)
            }
            guard bytes.count == count || errno == 0 else {
                throw DataError(.unreadable, file: path, systemWords("cannot be read at byte \(offset + bytes.count)"))
            }
            return bytes
        }
    }
}
