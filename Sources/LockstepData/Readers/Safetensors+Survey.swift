// SPDX-License-Identifier: Apache-2.0
// What is in a safetensors file, and whether it is whole, without holding its tensors.

import Glibc

extension Safetensors {
    /// What a file says of itself, and whether that is what was written.
    package struct Survey {
        /// What its checksum says.
        package enum Seal: Equatable {
            /// It covers every byte and agrees; in version 1, every byte of the tensors.
            case agrees(version: String)
            /// There is none: the file is from elsewhere.
            case none
        }

        /// Bytes of the file, and of its header with the length before it.
        package let (size, headerSize): (Int, Int)
        /// The tensors in the order of the header.
        package let entries: [Entry]
        /// The header's `__metadata__`, in its order.
        package let metadata: [(key: String, value: String)]
        package let seal: Seal

        /// The metadata's value for `key`.
        package func metadata(_ key: String) -> String? { metadata.first { $0.key == key }?.value }
    }

    /// Reads the file at `path` a piece at a time: memory grows with its header (at most 48 times), never with its tensors.
    ///
    /// - Parameter found: Called with what the header says before the data are looked at.
    /// - Throws: `DataError` as ``read(_:)`` does.
    package static func survey(_ path: String, found: (Survey) -> Void = { _ in }) throws(DataError) -> Survey {
        let pieces = try PieceReader(path)
        let length = try pieces.bytes(0..<8, "the length of the header")
        let claimed = length.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // A header beyond the limit is refused for its length alone.
        let wanted = claimed <= UInt64(headerLimit) ? Int(claimed) : 0
        let head = try pieces.bytes(0..<8 + wanted, "the header", isCut: true)
        let (entries, metadata, place) = try header(head, fileSize: pieces.size, file: path)
        func survey(_ seal: Survey.Seal) -> Survey {
            Survey(size: pieces.size, headerSize: head.count, entries: entries, metadata: metadata, seal: seal)
        }
        found(survey(.none))
        let (stored, version) = (survey(.none).metadata(checksumKey), survey(.none).metadata(versionKey))
        if stored == nil, version == nil { return survey(.none) }
        guard let stored, let version else {
            throw damaged(path, "it has only one of \(versionKey) and \(checksumKey)")
        }
        let actual: String
        switch version {
        case "1":
            var crc: UInt32 = 0
            for entry in entries {
                let description = Array("\(entry.name)\0\(entry.type.rawValue)\(entry.shape)\n".utf8)
                crc = description.withUnsafeBytes { Zlib.crc32($0, seed: crc) }
                crc = try pieces.checksum(entry.range, seed: crc)
            }
            actual = digits(crc)
        case Safetensors.version:
            guard let place, place + noChecksum.utf8.count <= head.count,
                head[place..<place + noChecksum.utf8.count].elementsEqual(stored.utf8)
            else { throw damaged(path, "“\(stored)” is no checksum") }
            var open = head
            open.replaceSubrange(place..<place + noChecksum.utf8.count, with: noChecksum.utf8)
            actual = digits(
                try pieces.checksum(
                    head.count..<pieces.size, seed: open.withUnsafeBytes { Zlib.crc32($0) }))
        default: throw unknown(version, path)
        }
        guard stored == actual else {
            throw damaged(path, "the checksum in its metadata is \(stored), that of its bytes \(actual)")
        }
        return survey(.agrees(version: version))
    }
}

/// A regular file of which stretches are read.
package struct PieceReader: ~Copyable {
    package let path: String
    /// Bytes in the file when it was opened.
    package let size: Int
    private let descriptor: Int32

    /// - Throws: `DataError` (`.unreadable`), also for what is no regular file: a pipe would wait for somebody to write.
    package init(_ path: String) throws(DataError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw DataError(.unreadable, file: path, systemWords("cannot be opened")) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw DataError(.unreadable, file: path, "is no regular file")
        }
        (self.path, self.descriptor, size) = (path, descriptor, Int(status.st_size))
    }

    deinit { close(descriptor) }

    /// The bytes of `range`; `what` names them in the error.
    ///
    /// - Parameter isCut: Whether those that are there will do.
    /// - Throws: `DataError` (`.truncated`, `.unreadable`).
    package func bytes(_ range: Range<Int>, _ what: String, isCut: Bool = false) throws(DataError) -> [UInt8] {
        let range = isCut ? range.clamped(to: 0..<max(size, range.lowerBound)) : range
        guard range.upperBound <= size else {
            throw DataError(
                .truncated, file: path, at: .byte(range.lowerBound),
                "the file ends inside \(what): \(range.count) bytes needed, \(max(0, size - range.lowerBound)) left")
        }
        var bytes = [UInt8](repeating: 0, count: range.count)
        var filled = 0
        while filled < bytes.count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...].prefix(1 << 30))
                return pread(descriptor, rest.baseAddress, rest.count, off_t(range.lowerBound + filled))
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw DataError(.unreadable, file: path, systemWords("cannot be read")) }
            guard got > 0 else {
                throw DataError(
                    .truncated, file: path, at: .byte(range.lowerBound + filled),
                    "the file was cut short while it was read")
            }
            filled += got
        }
        return bytes
    }

    /// The CRC-32 of the bytes of `range`, read a mebibyte at a time.
    func checksum(_ range: Range<Int>, seed: UInt32) throws(DataError) -> UInt32 {
        var (crc, place) = (seed, range.lowerBound)
        while place < range.upperBound {
            let piece = try bytes(place..<min(range.upperBound, place + 1 << 20), "its data")
            crc = piece.withUnsafeBytes { Zlib.crc32($0, seed: crc) }
            place += piece.count
        }
        return crc
    }
}
