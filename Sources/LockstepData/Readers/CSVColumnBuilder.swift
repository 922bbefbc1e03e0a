// SPDX-License-Identifier: Apache-2.0
// Grows one CSV column, guessing the narrowest type and widening it when a value does not fit.

/// The fields that stand for a missing value.
struct CSVMissing: Sendable {
    private let tokens: [[UInt8]]
    private var firstBytes = [Bool](repeating: false, count: 256)
    private let emptyIsMissing: Bool

    init(_ words: [String]) {
        tokens = words.filter { !$0.isEmpty }.map { Array($0.utf8) }
        emptyIsMissing = words.contains("")
        for token in tokens { firstBytes[Int(token[0])] = true }
    }

    func contains(_ bytes: [UInt8], _ start: Int, _ end: Int) -> Bool {
        if start == end { return emptyIsMissing }
        // Numbers, the common case, leave here.
        if !firstBytes[Int(bytes[start])] { return false }
        return tokens.contains { $0.count == end - start && $0.elementsEqual(bytes[start..<end]) }
    }
}

/// One column under construction.
struct CSVColumnBuilder {
    private enum State { case undecided, integers, reals, texts, textsLater }

    private let name: String
    private let forced: CSVColumn.Kind?
    private let mustBeNumber: Bool
    private let missing: CSVMissing
    private let decimal: UInt8
    private var state: State
    private var integers: [Int] = []
    private var reals: [Double] = []
    private var words: [String] = []
    private var codes: [Int32] = []
    private var table = WordTable()
    private var marks: [Bool] = []
    private var anyMissing = false

    init(name: String, forced: CSVColumn.Kind?, mustBeNumber: Bool = false, missing: CSVMissing, decimal: UInt8) {
        self.name = name
        self.forced = forced
        self.mustBeNumber = mustBeNumber
        self.missing = missing
        self.decimal = decimal
        state =
            switch forced {
            case .integer: .integers
            case .real: .reals
            case .text: .texts
            case nil: .undecided
            }
    }

    /// Whether the column turned out to be text after numbers had been stored.
    var needsText: Bool { state == .textsLater }

    mutating func append(_ field: CSVField, _ scanner: CSVScanner) throws(DataError) {
        let (start, end) = CSVNumber.trimmed(scanner.bytes, field.start, field.end)
        let isMissing = missing.contains(scanner.bytes, start, end)
        marks.append(isMissing)
        if isMissing { anyMissing = true }
        switch state {
        case .undecided:
            if !isMissing {
                begin(scanner.bytes, start, end)
                if mustBeNumber, state == .texts { throw misfit(field, scanner, "a number") }
                try store(field, start, end, scanner)
            }
        case .integers: if isMissing { integers.append(0) } else { try store(field, start, end, scanner) }
        case .reals: if isMissing { reals.append(.nan) } else { try store(field, start, end, scanner) }
        case .texts: try appendWord(isMissing ? CSVField(start: start, end: start, hasEscapes: false) : field, scanner)
        case .textsLater: break
        }
    }

    /// Makes ready for the second reading of a column that `needsText`.
    mutating func beginText(_ rows: Int) {
        state = .texts
        codes.reserveCapacity(rows)
        marks.removeAll(keepingCapacity: true)
        (integers, reals) = ([], [])
    }

    mutating func appendText(_ field: CSVField, _ scanner: CSVScanner) throws(DataError) {
        try append(field, scanner)
    }

    /// The column; a column of missing values only is real.
    consuming func finished() -> CSVColumn {
        let values: CSVColumn.Values =
            switch state {
            case .undecided: .reals([Double](repeating: .nan, count: marks.count))
            case .integers: .integers(integers)
            case .reals: .reals(reals)
            case .texts, .textsLater: .texts(CSVTexts(words: words, codes: codes))
            }
        return CSVColumn(name: name, values: values, missing: anyMissing ? marks : nil)
    }

    /// Decides the type by the first value that is not missing, and fills in the rows before it.
    private mutating func begin(_ bytes: [UInt8], _ start: Int, _ end: Int) {
        let before = marks.count - 1
        if CSVNumber.integer(bytes, start, end) != nil {
            state = .integers
            integers = [Int](repeating: 0, count: before)
        } else if CSVNumber.real(bytes, start, end, decimal) != nil {
            state = .reals
            reals = [Double](repeating: .nan, count: before)
        } else {
            state = .texts
            if before > 0 {
                words = [""]
                codes = [Int32](
                    repeating: table.code(of: UnsafeRawBufferPointer(start: nil, count: 0)).code, count: before)
            }
        }
    }

    /// Equal texts are made once.
    private mutating func appendWord(_ field: CSVField, _ scanner: CSVScanner) throws(DataError) {
        let (code, isNew) = scanner.withBytes(of: field) { table.code(of: $0) }
        if isNew { words.append(try scanner.text(field)) }
        codes.append(code)
    }

    private mutating func store(_ field: CSVField, _ start: Int, _ end: Int, _ scanner: CSVScanner) throws(DataError) {
        if state == .integers, let value = CSVNumber.integer(scanner.bytes, start, end) {
            integers.append(value)
        } else if state == .texts {
            try appendWord(field, scanner)
        } else if forced != .integer, let value = CSVNumber.real(scanner.bytes, start, end, decimal) {
            if state == .integers { widenToReals() }
            reals.append(value)
        } else if let forced {
            throw misfit(field, scanner, forced.rawValue)
        } else if mustBeNumber {
            throw misfit(field, scanner, "a number")
        } else {
            state = .textsLater
            (integers, reals) = ([], [])
        }
    }

    private func misfit(_ field: CSVField, _ scanner: CSVScanner, _ wanted: String) -> DataError {
        let shown = String(decoding: scanner.bytes[field.start..<field.end].prefix(40), as: UTF8.self)
        return DataError(
            .malformed, file: scanner.file, at: .line(scanner.recordLine),
            "column “\(name)” must be \(wanted), found “\(shown)”")
    }

    private mutating func widenToReals() {
        // Row by row, because a missing integer is a 0 that must become not-a-number.
        reals = zip(integers, marks).map { $1 ? .nan : Double($0) }
        integers = []
        state = .reals
    }
}
