// SPDX-License-Identifier: Apache-2.0
// A file as memory: read when it is looked at, and shared by all processes of the machine that look.

import Glibc

/// The bytes of a file, mapped. Pages that are written to become this process's own; the file never changes.
///
/// The file must not be cut short while it is mapped: looking beyond its end then ends the process (SIGBUS).
package final class MappedFile: MappedPages {
    let path: String
    package let bytes: UnsafeMutableRawBufferPointer
    /// What tells it from all other files that lie, or lay, at its path.
    let identity: String

    /// - Throws: `DataError` (`.unreadable`).
    init(_ path: String) throws(DataError) {
        func failure(_ what: String) -> DataError {
            DataError(.unreadable, file: path, systemWords(what))
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot be opened") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("cannot be examined") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw DataError(.unreadable, file: path, "is no regular file, so it cannot be mapped")
        }
        self.path = path
        // The same for whoever sees the file, on any machine.
        identity = "\(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec)"
        let size = Int(status.st_size)
        guard size > 0 else {
            bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
            return
        }
        let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0)
        guard let base, base != MAP_FAILED else { throw failure("cannot be mapped") }
        bytes = UnsafeMutableRawBufferPointer(start: base, count: size)
    }

    deinit {
        if let base = bytes.baseAddress { munmap(base, bytes.count) }
    }

    private(set) var isBeyondMemory = false

    /// Says that rows are looked at here and there, in no order.
    func expectRows() {
        isBeyondMemory = Pages.areBeyondMemory(bytes.count)
        if isBeyondMemory, let base = bytes.baseAddress { Pages.isolate(base, bytes.count) }
    }

    /// A copy of the first bytes, at most `count`: what a header is read from.
    func prefix(_ count: Int) -> [UInt8] { Array(UnsafeRawBufferPointer(bytes).prefix(count)) }
}
