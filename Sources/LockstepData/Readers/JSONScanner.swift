// SPDX-License-Identifier: Apache-2.0
// A small strict JSON parser that keeps order, refuses duplicate keys and knows the byte of every value.

/// A JSON value with the byte offset at which it starts. Objects keep the order of their members.
///
/// Not `JSONDecoder`: it keeps the last of two equal keys silently, forgets their order and reports no offsets, and
/// the header of a safetensors file needs all three.
package struct JSONNode: Sendable {
    package indirect enum Value: Sendable {
        case object([(key: String, value: JSONNode)])
        case array([JSONNode])
        case string(String)
        case integer(Int)
        case real(Double)
        case bool(Bool)
        case null
    }
    package let value: Value
    package let offset: Int
}

/// Parses one JSON value from bytes.
package struct JSONScanner {
    private let bytes: [UInt8]
    private let base: Int
    private let file: String
    private var position = 0
    /// How many values there may be still.
    private var room: Int

    /// - Parameters:
    ///   - base: the offset of `bytes` in `file`, for errors.
    ///   - mostValues: how many values there may be: one takes up to fifty times the memory of its text.
    package init(_ bytes: [UInt8], base: Int, file: String, mostValues: Int = .max) {
        self.bytes = bytes
        self.base = base
        self.file = file
        room = mostValues
    }

    /// The one value that fills all bytes, apart from space around it.
    package mutating func document() throws(DataError) -> JSONNode {
        let node = try value(depth: 0)
        skipSpace()
        if position < bytes.count { throw error("something follows the JSON value") }
        return node
    }

    private mutating func value(depth: Int) throws(DataError) -> JSONNode {
        // A limit, so that a file of brackets cannot exhaust the stack.
        guard depth < 32 else { throw error("JSON nested more than 32 deep") }
        guard room > 0 else { throw error("there are more values than are read at once") }
        room -= 1
        skipSpace()
        let offset = base + position
        guard position < bytes.count else { throw error("the JSON text ends too early") }
        let value: JSONNode.Value =
            switch bytes[position] {
            case UInt8(ascii: "{"): try object(depth)
            case UInt8(ascii: "["): try array(depth)
            case UInt8(ascii: "\""): .string(try string())
            case UInt8(ascii: "t"): try word("true", .bool(true))
            case UInt8(ascii: "f"): try word("false", .bool(false))
            case UInt8(ascii: "n"): try word("null", .null)
            default: try number()
            }
        return JSONNode(value: value, offset: offset)
    }

    private mutating func object(_ depth: Int) throws(DataError) -> JSONNode.Value {
        position += 1
        var members: [(key: String, value: JSONNode)] = []
        var keys = JSONKeys()
        if accept("}") { return .object([]) }
        repeat {
            skipSpace()
            let keyOffset = position
            let key = try string()
            guard keys.insert(key) else { throw error("the key “\(key)” appears twice", at: keyOffset) }
            guard accept(":") else { throw error("expected “:” after the key “\(key)”") }
            members.append((key, try value(depth: depth + 1)))
        } while accept(",")
        guard accept("}") else { throw error("expected “,” or “}” in a JSON object") }
        return .object(members)
    }

    private mutating func array(_ depth: Int) throws(DataError) -> JSONNode.Value {
        position += 1
        var items: [JSONNode] = []
        if accept("]") { return .array([]) }
        repeat {
            items.append(try value(depth: depth + 1))
        } while accept(",")
        guard accept("]") else { throw error("expected “,” or “]” in a JSON array") }
        return .array(items)
    }

    private mutating func word(_ text: String, _ value: JSONNode.Value) throws(DataError) -> JSONNode.Value {
        guard bytes[position...].starts(with: text.utf8) else { throw error("expected a JSON value") }
        position += text.utf8.count
        return value
    }

    private mutating func number() throws(DataError) -> JSONNode.Value {
        let start = position
        while position < bytes.count, isNumberByte(bytes[position]) { position += 1 }
        if let value = CSVNumber.integer(bytes, start, position) { return .integer(value) }
        if let value = CSVNumber.real(bytes, start, position) { return .real(value) }
        position = start
        throw error("expected a JSON value")
    }

    private func isNumberByte(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || byte == 0x2B || byte == 0x2D || byte == 0x2E || byte | 0x20 == 0x65
    }

    private mutating func string() throws(DataError) -> String {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
            throw error("expected a JSON string")
        }
        position += 1
        // Most strings are what stands there; only an escape makes them something else.
        let start = position
        while position < bytes.count, isPlain(bytes[position]) { position += 1 }
        if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
            guard
                let result = bytes.withUnsafeBufferPointer({ String(validating: $0[start..<position], as: UTF8.self) })
            else { throw error("a string is not UTF-8") }
            position += 1
            return result
        }
        var text = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                guard let result = String(validating: text, as: UTF8.self) else { throw error("a string is not UTF-8") }
                position += 1
                return result
            case UInt8(ascii: "\\"):
                position += 1
                try escape(into: &text)
            case 0..<0x20:
                throw error("a control character inside a string")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw error("a string is never closed")
    }

    /// Whether a byte of a string stands for itself.
    private func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private mutating func escape(into text: inout [UInt8]) throws(DataError) {
        guard position < bytes.count else { throw error("a string is never closed") }
        let letter = bytes[position]
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexUnit()
            if (0xD800..<0xDC00).contains(code), bytes[position...].starts(with: [0x5C, 0x75]) {
                position += 2
                let low = try hexUnit()
                guard (0xDC00..<0xE000).contains(low) else { throw error("half of a surrogate pair") }
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("half of a surrogate pair") }
            text.append(contentsOf: Array(String(Character(scalar)).utf8))
        default:
            throw error("unknown escape in a string")
        }
    }

    private mutating func hexUnit() throws(DataError) -> UInt32 {
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw error("expected four hexadecimal digits") }
        position += 4
        return value
    }

    private mutating func accept(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < bytes.count, UInt32(bytes[position]) == character.value else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while position < bytes.count, isSpace(bytes[position]) { position += 1 }
    }

    private func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    private func error(_ reason: String, at offset: Int? = nil) -> DataError {
        DataError(.malformed, file: file, at: .byte(base + (offset ?? position)), reason)
    }
}

/// The keys of an object, by their bytes: strings that only look alike are equal in Swift, and vocabularies hold both.
private struct JSONKeys {
    /// So many are looked through; a description of a tensor has three, a vocabulary thousands.
    private static let few = 8
    private var first: [String] = []
    private var many: Set<[UInt8]> = []

    /// False if the key was there before.
    mutating func insert(_ key: String) -> Bool {
        if first.count < Self.few {
            guard !first.contains(where: { $0.utf8.elementsEqual(key.utf8) }) else { return false }
            first.append(key)
            return true
        }
        if many.isEmpty { many = Set(first.map { Array($0.utf8) }) }
        return many.insert(Array(key.utf8)).inserted
    }
}

/// `text` as a JSON string with its quotes.
func jsonString(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case _ where scalar.value < 0x20: result += "\\u" + hex(UInt16(scalar.value))
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
