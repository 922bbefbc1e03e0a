// SPDX-License-Identifier: Apache-2.0
// Reading a CSV file (RFC 4180) straight into typed columns.

/// Reading comma-separated values.
///
/// Rules: RFC 4180 (quotes around a field, doubled quotes and line ends inside it), lines end in CRLF, LF or CR, a UTF-8
/// byte order mark is skipped, and lines without a single byte are skipped. The type of a column is found from its
/// values: all integers, else all numbers, else text.
public enum CSV {
    /// Where the names of the columns come from.
    public enum Header: Sendable, Equatable {
        /// The first line holds the names.
        case firstLine
        /// There is no header; columns are called `column1`, `column2`, ….
        case none
        /// There is no header; these are the names.
        case names([String])
    }

    /// How to read a file.
    public struct Options: Sendable {
        /// Whether the first row names the columns.
        public var header: Header
        /// What stands between two fields; one ASCII character.
        public var delimiter: Unicode.Scalar
        /// What stands between the whole and the fraction of a number: a point or a comma.
        public var decimal: Unicode.Scalar
        /// Fields (without surrounding spaces) that stand for a missing value.
        public var missing: [String]
        /// Types that must not be inferred, by column name: a postal code is text even where all are digits.
        public var types: [String: CSVColumn.Kind]
        /// Columns that must hold numbers, whole or not.
        var numbers: Set<String> = []

        /// What pandas takes for missing, and the `?` of the UCI repository.
        public static let usualMissing = [
            "", "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "-NaN", "-nan", "NULL", "null", "None",
        ]

        /// How to read a file.
        public init(
            header: Header = .firstLine, delimiter: Unicode.Scalar = ",", decimal: Unicode.Scalar = ".",
            missing: [String] = usualMissing, types: [String: CSVColumn.Kind] = [:]
        ) {
            self.header = header
            self.delimiter = delimiter
            self.decimal = decimal
            self.missing = missing
            self.types = types
        }
    }

    /// The table in the file at `path`; gzip is recognised by its magic number.
    ///
    /// - Throws: `DataError` naming the file and the line.
    public static func read(_ path: String, options: Options = Options()) throws(DataError) -> CSVTable {
        try parse(CSVSource.opened(path), file: path, options: options)
    }

    /// The table in `bytes`; `file` is the name errors carry.
    public static func parse(
        _ bytes: [UInt8], file: String, options: Options = Options()
    ) throws(DataError) -> CSVTable {
        try parse(.bytes(bytes), file: file, options: options)
    }

    /// The table in `source`; what does not fit in memory lies on the disk.
    package static func parse(
        _ source: CSVSource, file: String, options: Options = Options()
    ) throws(DataError) -> CSVTable {
        try parse(source, file: file, options: options, into: ColumnStore())
    }

    static func parse(
        _ source: CSVSource, file: String, options: Options, into store: ColumnStore
    ) throws(DataError) -> CSVTable {
        var scanner = try scanner(source, file, options)
        let names = try columnNames(&scanner, options)
        let known = Set(names)
        for name in options.types.keys.sorted() where !known.contains(name) {
            throw DataError(.mismatch, file: file, "there is no column “\(name)” to give a type to: \(list(names))")
        }
        guard options.decimal == "." || options.decimal == "," else {
            throw DataError(
                .unsupported, file: file,
                "the decimal sign \(options.decimal.debugDescription) is neither a point nor a comma")
        }
        let (missing, decimal) = (CSVMissing(options.missing), UInt8(options.decimal.value))
        var builders = names.map { name in
            CSVColumnBuilder(
                name: name, forced: options.types[name], mustBeNumber: options.numbers.contains(name),
                missing: missing, decimal: decimal, store: store)
        }
        let body = scanner
        var lines = CSVLines()
        var fields: [CSVField] = []
        while try scanner.nextRecord(into: &fields) {
            guard fields.count == names.count else {
                throw raggedness(scanner, fields.count, names.count)
            }
            if lines.count >= 1 << 10, lines.count < ColumnStore.blockLength, lines.count.nonzeroBitCount == 1 {
                // Blocks that are not full are about to double in memory: number and mark of a field.
                try Room.require(2 * lines.count * 9 * builders.count, for: "has too many columns", file: file)
            }
            for column in builders.indices { try builders[column].append(fields[column], scanner) }
            lines.append(scanner.recordLine)
        }
        // A column found to be text after numbers had been read is read once more: the numbers' spelling is gone.
        let late = builders.indices.filter { builders[$0].needsText }
        if !late.isEmpty {
            scanner = body
            for column in late { builders[column].beginText() }
            while try scanner.nextRecord(into: &fields) {
                guard fields.count == names.count else { throw raggedness(scanner, fields.count, names.count) }
                for column in late { try builders[column].append(fields[column], scanner) }
            }
            guard late.allSatisfy({ builders[$0].rows == lines.count }) else {
                throw DataError(.unreadable, file: file, "has changed while it was read")
            }
        }
        for column in builders.indices { try builders[column].seal() }
        try store.finish()
        return CSVTable(file: file, rowCount: lines.count, columns: builders.map { $0.finished() }, lines: lines)
    }

    /// The names of the columns of the table in `source`; the rest is not looked at.
    static func names(_ source: CSVSource, file: String, options: Options = Options()) throws(DataError) -> [String] {
        var scanner = try scanner(source, file, options)
        return try columnNames(&scanner, options)
    }

    static func scanner(
        _ source: CSVSource, _ file: String, _ options: Options
    ) throws(DataError) -> CSVScanner {
        guard options.delimiter.isASCII, !"\"\r\n".unicodeScalars.contains(options.delimiter) else {
            throw DataError(
                .unsupported, file: file,
                "the delimiter \(options.delimiter.debugDescription) is not one ASCII character")
        }
        let scanner = try CSVScanner(source, delimiter: UInt8(options.delimiter.value), file: file)
        if scanner.bytes.starts(with: [0xFF, 0xFE]) || scanner.bytes.starts(with: [0xFE, 0xFF]) {
            throw DataError(
                .unsupported, file: file, at: .line(1), "the text is UTF-16, not UTF-8",
                remedy: "Convert it first: iconv -f UTF-16 -t UTF-8")
        }
        if let format = TableFormat(scanner.bytes) {
            throw DataError(
                .unsupported, file: file, at: .byte(0), "is \(format.name), not text",
                remedy:
                    "Convert it first: python3 -c 'import pandas; pandas.\(format.pandas)(\"\(file)\").to_csv(\"table.csv\", index=False)'"
            )
        }
        return scanner
    }

    /// More columns than anybody learns from: each takes some hundred bytes before it has a value.
    private static let mostColumns = 1 << 17

    private static func columnNames(_ scanner: inout CSVScanner, _ options: Options) throws(DataError) -> [String] {
        if case .names(let names) = options.header {
            guard Set(names).count == names.count else {
                throw DataError(
                    .mismatch, file: scanner.file, "two of the given column names are equal: \(list(names))")
            }
            return names
        }
        var look = scanner
        var fields: [CSVField] = []
        guard try look.nextRecord(into: &fields) else {
            throw DataError(.malformed, file: scanner.file, at: .line(1), "the file is empty")
        }
        guard fields.count <= mostColumns else {
            throw DataError(
                .tooLarge, file: scanner.file, at: .line(look.recordLine),
                "\(fields.count) columns, the limit is \(mostColumns)", remedy: "Is the delimiter another one?")
        }
        if options.header == .none { return fields.indices.map { "column\($0 + 1)" } }
        var names: [String] = []
        var seen: Set<String> = []
        for (index, field) in fields.enumerated() {
            let text = try look.text(field)
            // pandas writes its row numbers under an empty name.
            let name = text.isEmpty ? "column\(index + 1)" : text
            guard seen.insert(name).inserted else {
                throw DataError(
                    .malformed, file: scanner.file, at: .line(look.recordLine), "two columns are called “\(name)”")
            }
            names.append(name)
        }
        scanner = look
        return names
    }

    private static func raggedness(_ scanner: CSVScanner, _ found: Int, _ expected: Int) -> DataError {
        DataError(
            .malformed, file: scanner.file, at: .line(scanner.recordLine),
            "\(found) field\(found == 1 ? "" : "s"), expected \(expected)",
            remedy: "A field that contains the delimiter, a quote or a line end must stand in double quotes")
    }

    /// Names for a message, cut when there are many.
    /// - Parameter things: What they are, when their number has not been said.
    static func list(_ names: [String], of things: String? = "columns") -> String {
        let number = things.map { " (\(names.count) \($0))" } ?? ""
        return names.count <= 12
            ? names.joined(separator: ", ") : names.prefix(12).joined(separator: ", ") + ", …" + number
    }
}
