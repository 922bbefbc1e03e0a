// SPDX-License-Identifier: Apache-2.0
// A CSV file as columns, each of one type, with a mark for every missing value.

/// One column of a table.
public struct CSVColumn: Sendable, Equatable {
    /// The type of a column.
    public enum Kind: String, Sendable, CaseIterable, Codable {
        /// Whole numbers, other numbers, anything else.
        case integer, real, text
    }

    /// The values; where one is missing stands 0, not-a-number or the empty string.
    public enum Values: Sendable, Equatable {
        /// Whole numbers.
        case integers(CSVValues<Int>)
        /// Numbers of which one at least is not whole.
        case reals(CSVValues<Double>)
        /// Words, or numbers that were asked for as words.
        case texts(CSVTexts)
    }

    /// As the header has it.
    public let name: String
    /// One per row.
    public let values: Values
    /// One mark per row, or `nil` when no value is missing.
    public let missing: CSVValues<Bool>?

    /// What the values are.
    public var kind: Kind {
        switch values {
        case .integers: .integer
        case .reals: .real
        case .texts: .text
        }
    }

    /// The number of rows.
    public var count: Int {
        switch values {
        case .integers(let values): values.count
        case .reals(let values): values.count
        case .texts(let values): values.count
        }
    }

    /// How many values are missing.
    public var missingCount: Int { missing.map { $0.lazy.filter { $0 }.count } ?? 0 }

    /// The values as numbers, missing ones as not-a-number; `nil` for text.
    public var doubles: [Double]? {
        switch values {
        case .integers(let values):
            missing.map { marks in zip(values, marks).map { $1 ? .nan : Double($0) } } ?? values.map(Double.init)
        case .reals(let values): Array(values)
        case .texts: nil
        }
    }

    /// Every value as text, `nil` where it is missing; whole reals print as `3.0`.
    public var texts: [String?] {
        let all: [String] =
            switch values {
            case .integers(let values): values.map(String.init)
            case .reals(let values): values.map { String($0) }
            case .texts(let values): Array(values)
            }
        return missing.map { marks in zip(all, marks).map { $1 ? nil : $0 } } ?? all
    }

    /// Calls `body` for each of `rows` with what `transform` makes of its text, which is asked once for each distinct one; nil where
    /// the value is missing.
    func forEachText<Made>(
        in rows: some Collection<Int>, _ transform: @escaping (String) -> Made,
        _ body: (_ index: Int, _ made: Made?) -> Void
    ) {
        let made = MadeOfTexts(self, transform)
        for (index, row) in rows.enumerated() { body(index, made[row]) }
    }

    /// Has a block read that is about to be looked at.
    func willNeed(block: Int) {
        missing?.willNeed(block: block)
        switch values {
        case .integers(let values): values.willNeed(block: block)
        case .reals(let values): values.willNeed(block: block)
        case .texts(let values): values.codes.willNeed(block: block)
        }
    }

    /// What keeps the values.
    var keeper: ColumnStore {
        switch values {
        case .integers(let values): values.keeper
        case .reals(let values): values.keeper
        case .texts(let values): values.codes.keeper
        }
    }
}

/// What is made of the texts of a column: once of each distinct one.
final class MadeOfTexts<Made> {
    private let column: CSVColumn
    private let transform: (String) -> Made
    /// Of the words of a column of text.
    private let ofWords: [Made]
    /// Of numbers, by their bits.
    private var ofNumbers: [UInt64: Made] = [:]

    init(_ column: CSVColumn, _ transform: @escaping (String) -> Made) {
        (self.column, self.transform) = (column, transform)
        if case .texts(let texts) = column.values { ofWords = texts.words.map(transform) } else { ofWords = [] }
    }

    /// What is made of a row's text; nil where the value is missing.
    subscript(_ row: Int) -> Made? {
        if column.missing?[row] == true { return nil }
        return switch column.values {
        case .integers(let values): remembered(UInt64(bitPattern: Int64(values[row]))) { String(values[row]) }
        case .reals(let values): remembered(values[row].bitPattern) { String(values[row]) }
        case .texts(let texts): ofWords[Int(texts.codes[row])]
        }
    }

    private func remembered(_ bits: UInt64, _ text: () -> String) -> Made {
        if let made = ofNumbers[bits] { return made }
        let made = transform(text())
        ofNumbers[bits] = made
        return made
    }
}

/// A CSV file read into columns.
public struct CSVTable: Sendable, Equatable {
    /// The path or name it was read from.
    public let file: String
    /// Number of rows, without the header.
    public let rowCount: Int
    /// The columns, from left to right.
    public let columns: [CSVColumn]
    /// Where the column of a name stands.
    private let places: [String: Int]
    /// The line of the file on which each row starts.
    public let lines: CSVLines

    /// A table of columns whose names differ.
    init(file: String, rowCount: Int, columns: [CSVColumn], lines: CSVLines) {
        (self.file, self.rowCount, self.columns, self.lines) = (file, rowCount, columns, lines)
        places = columns.map(\.name).places
    }

    /// Gives back the memory of what was looked at and lies on the disk.
    func release() {
        // Columns that were read share one store.
        var last: ColumnStore?
        for column in columns where column.keeper !== last {
            column.keeper.release()
            last = column.keeper
        }
    }

    /// The columns' names.
    public var names: [String] { columns.map(\.name) }

    /// The column called `name`.
    /// - Throws: `DataError` (`.mismatch`) listing the columns there are.
    public func column(_ name: String) throws(DataError) -> CSVColumn {
        if let place = places[name] { return columns[place] }
        var remedy = "Its columns are: \(CSV.list(names))"
        if columns.count == 1, let other = ";\t|".first(where: { columns[0].name.contains($0) }) {
            remedy += ". Is the delimiter “\(other == "\t" ? "tab" : String(other))”?"
        }
        throw DataError(.mismatch, file: file, "there is no column “\(name)”", remedy: remedy)
    }
}
