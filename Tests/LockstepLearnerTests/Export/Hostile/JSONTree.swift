// SPDX-License-Identifier: Apache-2.0
// JSON as a tree that can be changed anywhere, the same way on every machine.

import Foundation

/// A JSON document; members of objects are in the order of their names.
indirect enum JSONTree: Decodable, Equatable {
    case null
    case bool(Bool)
    /// A number as it is written: it need not be one that a computer can hold.
    case number(String)
    case string(String)
    case array([JSONTree])
    case object([String: JSONTree])

    init(_ text: String) throws { self = try JSONDecoder().decode(JSONTree.self, from: Data(text.utf8)) }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int.self) {
            self = .number("\(value)")
        } else if let value = try? container.decode(Double.self) {
            self = .number("\(value)")
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let values = try? container.decode([JSONTree].self) {
            self = .array(values)
        } else {
            self = .object(try container.decode([String: JSONTree].self))
        }
    }

    /// The document as text.
    var text: String {
        switch self {
        case .null: return "null"
        case .bool(let value): return "\(value)"
        case .number(let digits): return digits
        case .string(let value):
            let escaped = value.unicodeScalars.map { scalar in
                scalar.value < 32 || scalar == "\"" || scalar == "\\"
                    ? "\\u" + String(repeating: "0", count: 4 - String(scalar.value, radix: 16).count)
                        + String(scalar.value, radix: 16) : String(scalar)
            }
            return "\"" + escaped.joined() + "\""
        case .array(let values): return "[" + values.map(\.text).joined(separator: ",") + "]"
        case .object(let members):
            return "{"
                + members.sorted { $0.key < $1.key }.map { "\(JSONTree.string($0.key).text):\($0.value.text)" }
                .joined(separator: ",") + "}"
        }
    }

    /// A step from a value to one inside of it.
    enum Step: Hashable {
        case member(String)
        case element(Int)
    }

    /// The ways to every value of the document.
    var paths: [[Step]] {
        let below: [(Step, JSONTree)] =
            switch self {
            case .array(let values): values.enumerated().map { (.element($0), $1) }
            case .object(let members): members.sorted { $0.key < $1.key }.map { (.member($0.key), $0.value) }
            default: []
            }
        return [[]] + below.flatMap { step, value in value.paths.map { [step] + $0 } }
    }

    /// The value at the end of a way.
    subscript(path: some Collection<Step>) -> JSONTree {
        get {
            guard let step = path.first else { return self }
            switch (self, step) {
            case (.array(let values), .element(let index)): return values[index][path.dropFirst()]
            case (.object(let members), .member(let name)): return members[name]?[path.dropFirst()] ?? .null
            default: return .null
            }
        }
        set {
            guard let step = path.first else { return self = newValue }
            switch (self, step) {
            case (.array(var values), .element(let index)):
                values[index][path.dropFirst()] = newValue
                self = .array(values)
            case (.object(var members), .member(let name)):
                var value = members[name] ?? .null
                value[path.dropFirst()] = newValue
                members[name] = value
                self = .object(members)
            default: break
            }
        }
    }
}
