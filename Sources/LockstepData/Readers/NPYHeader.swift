// SPDX-License-Identifier: Apache-2.0
// The header of a .npy file: a Python dictionary literal with exactly the keys descr, fortran_order and shape.

/// What a `.npy` header says.
struct NPYHeader {
    private(set) var type = NPYType.uint8
    private(set) var order = ByteOrder.little
    private(set) var isColumnMajor = false
    private(set) var shape: [Int] = []

    /// Parses `text`, which starts at byte `start` of `file`.
    init(parsing text: ArraySlice<UInt8>, at start: Int, file: String) throws(DataError) {
        var scanner = PythonLiteralScanner(Array(text), start: start, file: file)
        var seen: Set<String> = []
        try scanner.expect("{")
        while !scanner.accept("}") {
            let key = try scanner.string()
            guard seen.insert(key).inserted else { throw scanner.error("the key '\(key)' appears twice") }
            try scanner.expect(":")
            switch key {
            case "descr": (type, order) = try Self.element(scanner.string(), scanner)
            case "fortran_order": isColumnMajor = try scanner.boolean()
            case "shape": shape = try scanner.tuple()
            default: throw scanner.error("unexpected key '\(key)'")
            }
            if !scanner.accept(",") {
                try scanner.expect("}")
                break
            }
        }
        try scanner.expectEnd()
        for key in ["descr", "fortran_order", "shape"] where !seen.contains(key) {
            throw scanner.error("the header lacks the key '\(key)'")
        }
    }

    private static func element(
        _ descr: String, _ scanner: borrowing PythonLiteralScanner
    ) throws(DataError) -> (NPYType, ByteOrder) {
        guard let first = descr.first, let type = NPYType(descr.dropFirst()), "<>|=".contains(first) else {
            throw scanner.error(
                "the element type '\(descr)' is not read here", code: .unsupported,
                remedy: "Convert the array in Python first, for example array.astype('<f4')")
        }
        return (type, first == ">" ? .big : .little)
    }
}

/// Reads the few Python literals a `.npy` header may hold.
struct PythonLiteralScanner {
    private let text: [UInt8]
    private let start: Int
    private let file: String
    private var position = 0

    init(_ text: [UInt8], start: Int, file: String) {
        self.text = text
        self.start = start
        self.file = file
    }

    func error(
        _ reason: String, code: DataError.Code = .malformed, remedy: String? = nil
    ) -> DataError {
        DataError(code, file: file, at: .byte(start + position), ".npy header: \(reason)", remedy: remedy)
    }

    mutating func accept(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < text.count, UInt32(text[position]) == character.value else { return false }
        position += 1
        return true
    }

    mutating func expect(_ character: Unicode.Scalar) throws(DataError) {
        if !accept(character) { throw error("expected '\(character)'\(found)") }
    }

    mutating func expectEnd() throws(DataError) {
        skipSpace()
        if position < text.count { throw error("expected the end of the header\(found)") }
    }

    mutating func string() throws(DataError) -> String {
        skipSpace()
        guard position < text.count, text[position] == 0x27 || text[position] == 0x22 else {
            throw error("expected a quoted name\(found)")
        }
        let quote = text[position]
        guard let end = text[(position + 1)...].firstIndex(of: quote) else { throw error("a quoted name does not end") }
        defer { position = end + 1 }
        return String(decoding: text[(position + 1)..<end], as: UTF8.self)
    }

    mutating func boolean() throws(DataError) -> Bool {
        skipSpace()
        for (word, value) in [("True", true), ("False", false)] where text[position...].starts(with: word.utf8) {
            position += word.utf8.count
            return value
        }
        throw error("expected True or False\(found)")
    }

    /// A tuple of sizes such as `(2, 3)`, `(4,)` or `()`.
    mutating func tuple() throws(DataError) -> [Int] {
        try expect("(")
        var sizes: [Int] = []
        while !accept(")") {
            sizes.append(try size())
            guard sizes.count <= 64 else { throw error("more than 64 axes") }
            if !accept(",") {
                try expect(")")
                break
            }
        }
        return sizes
    }

    private mutating func size() throws(DataError) -> Int {
        skipSpace()
        let digits = text[position...].prefix { (0x30...0x39).contains($0) }
        guard !digits.isEmpty else { throw error("expected the length of an axis\(found)") }
        guard let value = Int(String(decoding: digits, as: UTF8.self)) else {
            throw error("the length \(String(decoding: digits.prefix(24), as: UTF8.self)) of an axis is too large")
        }
        position = digits.endIndex
        // Python 2 wrote long integers with an L.
        if position < text.count, text[position] == 0x4C { position += 1 }
        return value
    }

    private mutating func skipSpace() {
        while position < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[position]) { position += 1 }
    }

    private var found: String {
        guard position < text.count else { return ", found its end" }
        let byte = text[position]
        return (0x21...0x7E).contains(byte) ? ", found '\(Unicode.Scalar(byte))'" : ", found byte \(hex(byte))"
    }
}
