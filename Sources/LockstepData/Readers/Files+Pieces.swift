// SPDX-License-Identifier: Apache-2.0
// Reading a file piece by piece: what is larger than memory passes through a buffer.

import Glibc

extension Files {
    /// Calls `body` with the bytes of the file at `path`, at most `size` at a time, in order.
    ///
    /// - Throws: `DataError` (`.unreadable`), and what `body` throws.
    static func forEachPiece(
        of path: String, size: Int = 1 << 20, _ body: (UnsafeRawBufferPointer) throws(DataError) -> Void
    ) throws(DataError) {
        func failure(_ what: String) -> DataError { DataError(.unreadable, file: path, systemWords(what)) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot be opened") }
        defer { close(descriptor) }
        guard !isFolder(path) else { throw DataError(.unreadable, file: path, "is a folder, not a file") }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
        defer { buffer.deallocate() }
        var place = 0
        while true {
            let got = Glibc.read(descriptor, buffer.baseAddress, size)
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw failure("cannot be read at byte \(place)") }
            if got == 0 { return }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
            place += got
        }
    }
}
