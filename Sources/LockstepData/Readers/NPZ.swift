// SPDX-License-Identifier: Apache-2.0
// NumPy's .npz format: several .npy files in one zip archive, by their names (numpy.savez, numpy.savez_compressed).

/// The arrays of an `.npz` file, which are read when they are asked for.
///
/// ```swift
/// let file = try NPZ(path: "data.npz")
/// let data = TensorDataset(inputs: [Tensor(try file.array("x"))])
/// ```
/// - Note: NumPy: `numpy.load(file)`, with `allow_pickle=False`.
public struct NPZ: Sendable {
    /// The path or name it was read from.
    public let file: String
    /// The names of the arrays, in the order of the file: what `savez` was told, or `arr_0`, `arr_1`, ….
    public let names: [String]
    private let records: [ZipRecords.Record]
    private let bytes: FileBytes

    private static let suffix = ".npy"
    static let remedy = "Write the arrays again in Python: numpy.savez_compressed(file, **arrays)"

    /// Opens the file at `path`.
    ///
    /// - Throws: `DataError` naming the file and the byte: not a zip archive, or one that says different things in two places, or that
    ///   holds something else than arrays.
    public init(path: String) throws(DataError) { try self.init(.opened(path), file: path) }

    /// The arrays in `bytes`; `file` is the name errors carry.
    ///
    /// - Throws: `DataError` as ``init(path:)`` does.
    public init(parsing bytes: [UInt8], file: String) throws(DataError) { try self.init(.array(bytes), file: file) }

    private init(_ bytes: FileBytes, file: String) throws(DataError) {
        guard bytes.copy(0..<min(2, bytes.count)) == [0x50, 0x4B] else {
            throw DataError(.malformed, file: file, at: .byte(0), "not a .npz file: it does not start with PK")
        }
        records = try ZipRecords(bytes, file: file, inflates: true).records
        for record in records where !record.name.hasSuffix(NPZ.suffix) {
            throw DataError(
                .unsupported, file: file, at: .byte(record.header),
                "it holds “\(record.name)”, which is no .npy file", remedy: NPZ.remedy)
        }
        names = records.map { String($0.name.dropLast(NPZ.suffix.count)) }
        (self.bytes, self.file) = (bytes, file)
    }

    /// The array called `name`: inflated, its checksum compared, row-major.
    ///
    /// - Throws: `DataError`: `.unreadable` if there is none of that name; what is wrong with its bytes.
    public func array(_ name: String) throws(DataError) -> NumericArray {
        guard let record = records.first(where: { $0.name == name + NPZ.suffix }) else {
            throw DataError(
                .unreadable, file: file, "holds no array “\(name)”",
                remedy: "It has " + (names.isEmpty ? "none" : names.joined(separator: ", ")))
        }
        return try NPY.parse(record.contents(of: bytes, file: file), file: "\(file) (\(name))")
    }

    /// What the header of every array says.
    package func outline() throws(DataError) -> [(name: String, type: String, shape: [Int])] {
        var outline: [(name: String, type: String, shape: [Int])] = []
        for (name, record) in zip(names, records) {
            let contents = try record.contents(of: bytes, file: file)
            var reader = ByteReader(contents, file: "\(file) (\(name))")
            let header = try NPY.header(&reader, fileSize: contents.count)
            outline.append((name, header.type.name, header.shape))
        }
        return outline
    }
}
