// SPDX-License-Identifier: Apache-2.0
// The members of a JSON object, each asked for by name and type; what nobody asked for is an error.

/// Reads one object: errors name the file, the byte and the member.
package struct JSONFields {
    let file: String
    /// What the object is, for errors.
    let what: String
    private let offset: Int
    private let members: [(key: String, value: JSONNode)]
    private var taken: Set<String> = []

    init(_ node: JSONNode, _ what: String, file: String) throws(DataError) {
        guard case .object(let members) = node.value else {
            throw DataError(.malformed, file: file, at: .byte(node.offset), "\(what) is not a JSON object")
        }
        (self.file, self.what, self.members, offset) = (file, what, members, node.offset)
    }

    /// The object that fills `bytes`.
    package init(_ bytes: [UInt8], _ what: String, file: String) throws(DataError) {
        try Room.require(bytes.count * 48, for: "\(what) cannot be read", file: file)
        var scanner = JSONScanner(bytes, base: 0, file: file)
        try self.init(scanner.document(), what, file: file)
    }

    /// The member, if it is there and not null.
    package mutating func node(_ key: String) -> JSONNode? {
        taken.insert(key)
        guard let node = members.first(where: { $0.key.utf8.elementsEqual(key.utf8) })?.value else { return nil }
        if case .null = node.value { return nil }
        return node
    }

    /// The member.
    mutating func needed(_ key: String) throws(DataError) -> JSONNode {
        guard let node = node(key) else { throw error("lacks “\(key)”") }
        return node
    }

    package mutating func optionalString(_ key: String) throws(DataError) -> String? {
        guard let node = node(key) else { return nil }
        return try Self.string(node, "“\(key)” of \(what)", file: file)
    }

    mutating func string(_ key: String) throws(DataError) -> String {
        try Self.string(needed(key), "“\(key)” of \(what)", file: file)
    }

    package mutating func bool(_ key: String, or other: Bool) throws(DataError) -> Bool {
        guard let node = node(key) else { return other }
        guard case .bool(let value) = node.value else { throw wrong(node, "“\(key)”", "true or false") }
        return value
    }

    /// A whole number from 0 on.
    package mutating func count(_ key: String, or other: Int? = nil) throws(DataError) -> Int {
        guard let node = node(key) else {
            guard let other else { throw error("lacks “\(key)”") }
            return other
        }
        return try Self.count(node, "“\(key)” of \(what)", file: file)
    }

    /// A finite number.
    package mutating func number(_ key: String, or other: Double) throws(DataError) -> Double {
        guard let node = node(key) else { return other }
        switch node.value {
        case .integer(let value): return Double(value)
        case .real(let value) where value.isFinite: return value
        default: throw wrong(node, "“\(key)”", "a number")
        }
    }

    mutating func array(_ key: String) throws(DataError) -> [JSONNode] {
        guard let node = node(key) else { return [] }
        guard case .array(let nodes) = node.value else { throw wrong(node, "“\(key)”", "a list") }
        return nodes
    }

    static func string(_ node: JSONNode, _ what: String, file: String) throws(DataError) -> String {
        guard case .string(let text) = node.value else {
            throw DataError(.malformed, file: file, at: .byte(node.offset), "\(what) is not a string")
        }
        return text
    }

    /// Numbers of tokens and lengths fit into 31 bits.
    static func count(_ node: JSONNode, _ what: String, file: String) throws(DataError) -> Int {
        guard case .integer(let value) = node.value, (0...Int(Int32.max)).contains(value) else {
            throw DataError(
                .malformed, file: file, at: .byte(node.offset), "\(what) is not a whole number from 0 to \(Int32.max)")
        }
        return value
    }

    /// - Throws: where a member was not asked for: what is not understood is not passed over.
    func finish() throws(DataError) {
        for (key, value) in members where !taken.contains(key) {
            throw DataError(
                .unsupported, file: file, at: .byte(value.offset), "\(what) has “\(key)”, which is not known here")
        }
    }

    package func error(_ reason: String, _ code: DataError.Code = .malformed) -> DataError {
        DataError(code, file: file, at: .byte(offset), "\(what) \(reason)")
    }

    private func wrong(_ node: JSONNode, _ member: String, _ expected: String) -> DataError {
        DataError(.malformed, file: file, at: .byte(node.offset), "\(member) of \(what) is not \(expected)")
    }
}
