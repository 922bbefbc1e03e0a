// SPDX-License-Identifier: Apache-2.0
// Whether a file is whole, without holding it in memory.

import Glibc

extension Safetensors {
    /// Reads the file at `path` from the disk, a piece at a time, and compares its checksum.
    ///
    /// - Returns: its metadata.
    /// - Throws: `DataError` as ``read(_:)`` does; `.checksum`, too, for a file that has none.
    @discardableResult
    package static func verify(_ path: String) throws(DataError) -> [(key: String, value: String)] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw DataError(.unreadable, file: path, systemWords("cannot be opened")) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw DataError(.unreadable, file: path, "is no file on a disk")
        }
        // What has just been written shall come from the disk, where the kernel lets go of it.
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
        let size = Int(status.st_size)
        let length = try read(8, of: descriptor, path)
        let claimed = length.enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * UInt64($1.offset)) }
        guard length.count == 8, claimed <= UInt64(min(headerLimit, max(0, size - 8))) else {
            throw DataError(.truncated, file: path, "not safetensors, or cut short: a header of \(claimed) bytes")
        }
        var head = length + (try read(Int(claimed), of: descriptor, path))
        let (_, metadata, seal) = try header(head, fileSize: size, file: path)
        let stored = metadata.first { $0.key == checksumKey }?.value
        guard let seal, let stored, stored.utf8.count == noChecksum.utf8.count,
            metadata.contains(where: { $0.key == versionKey && $0.value == version }),
            seal + stored.utf8.count <= head.count, head[seal..<seal + stored.utf8.count].elementsEqual(stored.utf8)
        else { throw DataError(.checksum, file: path, "it has no checksum of all its bytes") }
        head.replaceSubrange(seal..<seal + stored.utf8.count, with: noChecksum.utf8)
        var crc = head.withUnsafeBytes { Zlib.crc32($0) }
        var left = size - head.count
        while left > 0 {
            let piece = try read(min(left, 1 << 20), of: descriptor, path)
            guard !piece.isEmpty else { throw DataError(.truncated, file: path, "it ends \(left) bytes too early") }
            crc = piece.withUnsafeBytes { Zlib.crc32($0, seed: crc) }
            left -= piece.count
        }
        guard stored == digits(crc) else {
            throw DataError(
                .checksum, file: path, "the checksum in its metadata is \(stored), that of its bytes \(digits(crc))")
        }
        return metadata
    }

    private static func read(_ count: Int, of descriptor: Int32, _ path: String) throws(DataError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress.map { $0 + filled }, count - filled)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw DataError(.unreadable, file: path, systemWords("cannot be read")) }
            if got == 0 { break }
            filled += got
        }
        bytes.removeLast(count - filled)
        return bytes
    }
}
