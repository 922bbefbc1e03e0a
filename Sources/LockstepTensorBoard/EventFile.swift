// SPDX-License-Identifier: Apache-2.0
// A file of events as TensorBoard reads it: records that are appended whole, each with its length and checksums.

import Foundation
import LockstepData
import SwiftProtobuf

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// An event file, which grows record by record.
///
/// A record is eight bytes of length, the masked checksum of these, the data and their masked checksum, put there in one write: a
/// process that is killed leaves whole records, or a last one that is cut, which readers take for the end.
final class EventFile {
    let path: String
    private var descriptor: Int32
    /// Bytes of whole records.
    private var length = 0

    /// A new file in `folder`, which is made if need be. Its name sorts behind those that are there: TensorBoard reads the files of
    /// a folder in the order of their names.
    ///
    /// - Throws: `DataError` (`.unwritable`).
    init(in folder: String) throws(DataError) {
        try Files.createFolder(folder)
        let others = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        var second = Int(Date().timeIntervalSince1970)
        for name in others where name.hasPrefix(Self.prefix) {
            let number = name.dropFirst(Self.prefix.count).prefix { $0.isNumber }
            // A larger one is no time.
            if let number = Int(number), number < 1 << 40 { second = max(second, number + 1) }
        }
        let host = ProcessInfo.processInfo.hostName.filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "." }
        path =
            "\(folder)/\(Self.prefix)\(String(format: "%010d", second)).\(host.isEmpty ? "host" : host).\(getpid()).0"
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw DataError(.unwritable, file: path, systemWords("cannot be created")) }
        var version = Tensorboard_Event()
        version.wallTime = Date().timeIntervalSince1970
        version.fileVersion = "brain.Event:2"
        try append(version)
    }

    static let prefix = "events.out.tfevents."

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// - Throws: `DataError` (`.unwritten`); what was there before is whole then.
    func append(_ event: Tensorboard_Event) throws(DataError) {
        let data: [UInt8]
        do { data = try event.serializedBytes() } catch {
            throw DataError(.unwritten, file: path, "cannot hold an event: \(error)")
        }
        let record = Self.record(data)
        guard Descriptor.write(record, to: descriptor) else {
            let failure = DataError(.unwritten, file: path, systemWords("cannot be written"))
            // A part of a record would hide all that is written behind it.
            _ = ftruncate(descriptor, off_t(length))
            throw failure
        }
        length += record.count
    }

    /// To the disk.
    func flush() throws(DataError) {
        guard fsync(descriptor) == 0 else {
            throw DataError(.unwritten, file: path, systemWords("cannot be flushed to the disk"))
        }
    }

    static func record(_ data: [UInt8]) -> [UInt8] {
        func bytes(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
        let length = bytes(UInt64(data.count))
        return length + bytes(CRC32C.masked(length)) + data + bytes(CRC32C.masked(data))
    }
}
