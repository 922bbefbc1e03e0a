// SPDX-License-Identifier: Apache-2.0
// Files of tables that are no text: known by their first bytes, so that who gives one is told what to do.

/// A format of tables that is not read here: no C library of Debian reads Parquet or Arrow, and a reader of one's own would be the
/// larger part of this package.
struct TableFormat {
    let name: String
    private let start: [UInt8]
    /// How pandas reads it.
    let pandas: String

    private static let all = [
        TableFormat(name: "Parquet", start: Array("PAR1".utf8), pandas: "read_parquet"),
        TableFormat(name: "Arrow", start: Array("ARROW1".utf8), pandas: "read_feather"),
        TableFormat(name: "Feather", start: Array("FEA1".utf8), pandas: "read_feather"),
        TableFormat(name: "HDF5", start: [0x89] + Array("HDF\r\n".utf8), pandas: "read_hdf"),
        TableFormat(name: "a workbook (xlsx, ods)", start: Array("PK\u{3}\u{4}".utf8), pandas: "read_excel"),
    ]

    /// The format of a file that begins with `bytes`; nil for what may be text, as a header whose first name is PAR1.
    init?(_ bytes: some Collection<UInt8>) {
        let start = Array(bytes.prefix(64))
        let isText = !start.contains { $0 < 0x20 && ![0x09, 0x0A, 0x0D].contains($0) }
        guard let found = Self.all.first(where: { start.starts(with: $0.start) }), !isText else { return nil }
        self = found
    }

    private init(name: String, start: [UInt8], pandas: String) {
        (self.name, self.start, self.pandas) = (name, start, pandas)
    }
}
