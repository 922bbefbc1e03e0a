// SPDX-License-Identifier: Apache-2.0
// Files of PyTorch as names, element types, shapes, strides and bytes.

/// The tensors of a file that PyTorch has written (`.pth`, `.pt`, `.bin`), read without running anything of it.
///
/// Such a file is a program for Python's pickle machine, which may name any function and have it called. Here it is read by a
/// machine that has no objects: it knows the instructions and names that state dictionaries are made of, yields what they
/// describe, and refuses everything else by its name. Both formats are read: zip archives (PyTorch 1.6 and later) and the stream
/// before them, from Python 2, too.
///
/// ```swift
/// let archive = try TorchArchive.read("x.pth")
/// print(archive.entries.map(\.name))      // ["x"]
/// ```
/// - Note: PyTorch: `torch.load(file, weights_only=True)`.
public struct TorchArchive: Sendable {
    /// The two formats.
    public enum Format: String, Sendable {
        /// A zip archive with a record for each storage.
        case zip
        /// One pickle after the other, then the storages.
        case stream
    }

    /// One tensor.
    public struct Entry: Sendable, Equatable {
        /// The keys that lead to it, joined by dots.
        public let name: String
        /// The type of its elements.
        public let type: Safetensors.ElementType
        /// Its extents.
        public let shape: [Int]
        /// The distance between neighbours along each axis, in elements.
        public let strides: [Int]
        /// The first element, counted from the storage's first.
        public let offset: Int
        /// Where the storage lies in the file; several tensors may share one.
        public let range: Range<Int>
    }

    /// The path or name it was read from.
    public let file: String
    /// Which of the two formats it is in.
    public let format: Format
    /// The keys that lead to the dictionary of tensors, joined by dots: `state_dict`; empty when the file is that dictionary.
    public let key: String
    /// The tensors, in the order in which they were written.
    public let entries: [Entry]
    /// Numbers and texts that stand beside: `epoch`, `arch`.
    public let values: [(key: String, value: String)]
    let bytes: FileBytes
    let records: [ZipRecords.Record]

    /// The tensor called `name`.
    public func entry(_ name: String) -> Entry? { entries.first { $0.name == name } }

    /// Compares the checksums of all records, which only zip archives have.
    ///
    /// - Returns: Whether there are any.
    /// - Throws: `DataError` (`.checksum`) naming the record.
    @discardableResult
    public func verify() throws(DataError) -> Bool {
        for record in records { try TorchArchive.verify(record, bytes, file) }
        return records.contains { $0.checksum != 0 }
    }

    static func verify(_ record: ZipRecords.Record, _ bytes: FileBytes, _ file: String) throws(DataError) {
        // PyTorch can be told to leave checksums out; it writes zeros then.
        guard record.checksum != 0 else { return }
        let actual = bytes.checksum(record.range)
        guard actual == record.checksum else {
            throw DataError(
                .checksum, file: file, at: .byte(record.range.lowerBound),
                "the checksum of the record “\(record.name)” is \(hex(record.checksum)), that of its bytes \(hex(actual))",
                remedy: "The file was damaged after it was written; use another copy")
        }
    }
}
