// SPDX-License-Identifier: Apache-2.0
// history.csv, predictions as CSV and as .npy.

import LockstepData

extension Inspection {
    mutating func lookAtArray() throws(DataError) {
        let header = try NPY.outline(path)
        content = [
            .init("type", header.type), .init("shape", .list(header.shape.map { .number($0) })),
            .init("order", header.isColumnMajor ? "column-major" : nil),
            .init("byte order", header.isBigEndian ? "big endian" : nil),
        ]
    }

    mutating func lookAtArrays() throws(DataError) {
        let arrays = try NPZ(path: path).outline()
        checksum = "verified, of every array"
        content = [
            .init(
                "arrays",
                .list(
                    arrays.map { array in
                        .group([
                            .init("name", array.name), .init("type", array.type),
                            .init("shape", "[\(array.shape.map(String.init).joined(separator: ", "))]"),
                        ])
                    }))
        ]
    }

    mutating func lookAtTable(_ pieces: borrowing PieceReader) throws(DataError) {
        let table = try wholeTable(pieces)
        content = [
            .init("rows", table.rowCount),
            .init(
                "columns",
                .list(
                    table.columns.map { column in
                        .group([
                            .init("name", column.name), .init("kind", column.kind.rawValue),
                            .init("missing", column.missingCount),
                        ])
                    })),
        ]
    }

    mutating func lookAtHistory(_ pieces: borrowing PieceReader) throws(DataError) {
        let table = try wholeTable(pieces)
        guard let first = table.columns.first, first.name == "epoch", let epochs = first.doubles else {
            throw DataError(.malformed, file: path, at: .line(1), "its first column is not the number of the epoch")
        }
        var last: [Fact.Named] = []
        if table.rowCount > 0 {
            for column in table.columns { last.append(.init(column.name, column.texts[table.rowCount - 1])) }
        }
        // Fits of one program follow each other in a file, and begin with 0 again.
        let fits = zip(epochs.dropFirst(), epochs).count { $0 <= $1 } + (epochs.isEmpty ? 0 : 1)
        content = [
            .init("rows", table.rowCount), .init("fits", fits), .init("columns", .list(table.names.map { .text($0) })),
            .init("last row", .group(last)),
        ]
    }

    /// The table, if its last line has an end; gzip says by itself whether it has.
    private mutating func wholeTable(_ pieces: borrowing PieceReader) throws(DataError) -> CSVTable {
        let table = try CSV.read(path)
        if Gzip.isGzip(try pieces.bytes(0..<2, "its start", isCut: true)) {
            checksum = "verified, by gzip"
            return table
        }
        guard try pieces.bytes(pieces.size - 1..<pieces.size, "its last byte") == [0x0A] else {
            throw DataError(
                .truncated, file: path, at: .line(table.lines.last ?? 1),
                "the last line does not end: the file was cut short")
        }
        return table
    }
}
