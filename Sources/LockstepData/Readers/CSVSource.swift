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
        // Asked first: a pipe is opened once.
        guard let size = FileBytes.size(path), size > window, let file = OpenFile.opened(path, window: window),
            !Gzip.isGzip(try file.read(2, at: 0))
        else { return .bytes(try Gzip.readFile(path)) }
        return .file(file)
    }

    /// A regular file that is open.
    package final class OpenFile: Sendable {
        private let path: String
        private let descriptor: Int32
        let window: Int

        private init(_ path: String, _ descriptor: Int32, window: Int) {
            (self.path, self.descriptor, self.window) = (path, descriptor, window)
        }

        /// Nil where there is no regular file to be opened.
        fileprivate static func opened(_ path: String, window: Int) -> OpenFile? {
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return nil }
            var status = stat()
            guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                close(descriptor)
                return nil
            }
            return OpenFile(path, descriptor, window: window)
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
