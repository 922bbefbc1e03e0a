// SPDX-License-Identifier: Apache-2.0
// A file without a name for what is too large for memory: written once, then mapped, and gone with the process.

import Glibc

/// Bytes on the disk of the temporary folder (`TMPDIR`, else `/var/tmp`) that end with this object, or with the process,
/// however that ends.
final class SpillFile: MappedPages {
    private let folder: String
    private let descriptor: Int32
    private(set) var count = 0
    private var mapped: UnsafeMutableRawPointer?
    private(set) var isBeyondMemory = false

    /// - Throws: `DataError` (`.unwritable`).
    init(in given: String? = nil) throws(DataError) {
        folder = given ?? getenv("TMPDIR").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 } ?? "/var/tmp"
        var template = Array((folder + "/lockstep.XXXXXX").utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw DataError(
                .unwritable, file: folder, systemWords("no temporary file can be made in it"),
                remedy: "Set TMPDIR to a folder with room")
        }
        unlink(template)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    /// Writes `bytes` at the end.
    ///
    /// - Throws: `DataError` (`.unwritten`): a disk that is full says so here, and not when the bytes are looked at.
    func append(_ bytes: UnsafeRawBufferPointer) throws(DataError) {
        guard Descriptor.write(bytes, to: descriptor) else {
            throw DataError(
                .unwritten, file: folder,
                systemWords("\(count + bytes.count) bytes do not fit in a temporary file in it"),
                remedy: "Set TMPDIR to a folder with room")
        }
        count += bytes.count
    }

    /// The bytes, read from the disk when they are looked at. Call it once, after the last ``append(_:)``.
    ///
    /// - Throws: `DataError` (`.unreadable`).
    func map() throws(DataError) -> UnsafeRawPointer? {
        guard count > 0 else { return nil }
        let base = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0)
        guard let base, base != MAP_FAILED else {
            throw DataError(.unreadable, file: folder, systemWords("a temporary file in it cannot be mapped"))
        }
        mapped = base
        isBeyondMemory = Pages.areBeyondMemory(count)
        if isBeyondMemory { Pages.isolate(base, count) }
        return UnsafeRawPointer(base)
    }

    /// Reads what was appended from `offset` on, which must be there.
    ///
    /// - Throws: `DataError` (`.unreadable`).
    func read(_ buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(DataError) {
        let got = Descriptor.read(buffer, from: descriptor, at: offset)
        guard got == buffer.count else {
            let problem = "a temporary file in it cannot be read"
            throw DataError(
                .unreadable, file: folder, errno == 0 ? "\(problem) beyond byte \(offset + got)" : systemWords(problem))
        }
    }

    /// Gives the memory of what was looked at back; the disk keeps it.
    func release() {
        if let mapped { madvise(mapped, count, MADV_DONTNEED) }
    }

    deinit {
        if let mapped { munmap(mapped, count) }
        close(descriptor)
    }
}
