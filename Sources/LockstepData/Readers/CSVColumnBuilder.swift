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
    private let store: ColumnStore
    private var state: State
    private let integers: CSVValues<Int>.Builder
    private let reals: CSVValues<Double>.Builder
    private let codes: CSVValues<Int32>.Builder
    private var words: [String] = []
    private var table = WordTable()
    private(set) var rows = 0
    /// Nil until a value is missing.
    private var marks: CSVValues<Bool>.Builder?

    init(
        name: String, forced: CSVColumn.Kind?, mustBeNumber: Bool = false, missing: CSVMissing, decimal: UInt8,
        store: ColumnStore
    ) {
        self.name = name
        self.forced = forced
        self.mustBeNumber = mustBeNumber
        self.missing = missing
        self.decimal = decimal
        self.store = store
        (integers, reals, codes) = (.init(store), .init(store), .init(store))
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
        rows += 1
        if let marks { try marks.append(isMissing) } else if isMissing { try beginMarks() }
        switch state {
        case .undecided:
            if !isMissing {
                try begin(scanner.bytes, start, end)
                if mustBeNumber, state == .texts { throw misfit(field, scanner, "a number") }
                try store(field, start, end, scanner)
            }
        case .integers: if isMissing { try integers.append(0) } else { try store(field, start, end, scanner) }
        case .reals: if isMissing { try reals.append(.nan) } else { try store(field, start, end, scanner) }
        case .texts: try appendWord(isMissing ? CSVField(start: start, end: start, hasEscapes: false) : field, scanner)
        case .textsLater: break
        }
    }

    /// Makes ready for the second reading of a column that `needsText`.
    mutating func beginText() {
        marks?.drop()
        (state, rows, marks) = (.texts, 0, nil)
    }

    /// Ends the last block of each kind of value.
    mutating func seal() throws(DataError) {
        // Values that are missing only are reals.
        if state == .undecided {
            try reals.append(repeating: .nan, count: rows)
            state = .reals
        }
        try integers.seal()
        try reals.seal()
        try codes.seal()
        try marks?.seal()
    }

    /// The column, once it is sealed and the store finished.
    func finished() -> CSVColumn {
        let values: CSVColumn.Values =
            switch state {
            case .integers: .integers(integers.values())
            case .undecided, .reals: .reals(reals.values())
            case .texts, .textsLater: .texts(CSVTexts(words: words, codes: codes.values()))
            }
        return CSVColumn(name: name, values: values, missing: marks?.values())
    }

    private mutating func beginMarks() throws(DataError) {
        let builder = CSVValues<Bool>.Builder(store)
        try builder.append(repeating: false, count: rows - 1)
        try builder.append(true)
        marks = builder
    }

    /// Decides the type by the first value that is not missing, and fills in the rows before it.
    private mutating func begin(_ bytes: [UInt8], _ start: Int, _ end: Int) throws(DataError) {
        let before = rows - 1
        if CSVNumber.integer(bytes, start, end) != nil {
            state = .integers
            try integers.append(repeating: 0, count: before)
        } else if CSVNumber.real(bytes, start, end, decimal) != nil {
            state = .reals
            try reals.append(repeating: .nan, count: before)
        } else {
            state = .texts
            if before > 0 {
                words = [""]
                let code = table.code(of: UnsafeRawBufferPointer(start: nil, count: 0)).code
                try codes.append(repeating: code, count: before)
            }
        }
    }

    /// Equal texts are made once.
    private mutating func appendWord(_ field: CSVField, _ scanner: CSVScanner) throws(DataError) {
        let (code, isNew) = scanner.withBytes(of: field) { table.code(of: $0) }
        if isNew {
            if words.count >= 1 << 18, words.count.nonzeroBitCount == 1 {
                // Arrays are about to double: a word's bytes twice, where they lie, its hash and its slots.
                try Room.require(
                    64 * words.count, for: "has too many different texts in column “\(name)”", file: scanner.file)
            }
            words.append(try scanner.text(field))
        }
        try codes.append(code)
    }

    private mutating func store(_ field: CSVField, _ start: Int, _ end: Int, _ scanner: CSVScanner) throws(DataError) {
        if state == .integers, let value = CSVNumber.integer(scanner.bytes, start, end) {
            try integers.append(value)
        } else if state == .texts {
            try appendWord(field, scanner)
        } else if forced != .integer, let value = CSVNumber.real(scanner.bytes, start, end, decimal) {
            if state == .integers { try widenToReals() }
            try reals.append(value)
        } else if let forced {
            throw misfit(field, scanner, forced.rawValue)
        } else if mustBeNumber {
            throw misfit(field, scanner, "a number")
        } else {
            state = .textsLater
            integers.drop()
            reals.drop()
        }
    }

    private func misfit(_ field: CSVField, _ scanner: CSVScanner, _ wanted: String) -> DataError {
        let shown = String(decoding: scanner.bytes[field.start..<field.end].prefix(40), as: UTF8.self)
        return DataError(
            .malformed, file: scanner.file, at: .line(scanner.recordLine),
            "column “\(name)” must be \(wanted), found “\(shown)”")
    }

    /// A missing integer is a 0 that must become not-a-number.
    private mutating func widenToReals() throws(DataError) {
        let marks = marks
        try integers.forEachBlock { [reals] number, values throws(DataError) in
            guard let marks else {
                for value in values { try reals.append(Double(value)) }
                return
            }
            // Both have a value of every row, so that their blocks have the same rows.
            try marks.withBlock(number) { isMissing throws(DataError) in
                for (index, value) in values.enumerated() {
                    try reals.append(isMissing[index] ? .nan : Double(value))
                }
            }
        }
        integers.drop()
        state = .reals
    }
}
