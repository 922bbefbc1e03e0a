// SPDX-License-Identifier: Apache-2.0
// The kinds of values that settings have, to JSON and back.

/// What is wrong with a value: the end of a sentence.
struct SettingProblem: Error {
    let text: String
}

/// A JSON value that is no list and no object, or one that is, which no setting takes.
enum SettingScalar: Equatable, Codable, Sendable {
    case nothing
    case flag(Bool)
    case whole(Int)
    /// A whole number beyond `Int.max`.
    case large(UInt64)
    case number(Double)
    case word(String)
    case compound

    init(from decoder: any Decoder) throws {
        let container = try? decoder.singleValueContainer()
        self =
            switch container {
            case let it? where it.decodeNil(): .nothing
            case let it?:
                (try? it.decode(Bool.self)).map { .flag($0) } ?? (try? it.decode(Int.self)).map { .whole($0) }
                    ?? (try? it.decode(UInt64.self)).map { .large($0) } ?? (try? it.decode(Double.self)).map {
                        .number($0)
                    }
                    ?? (try? it.decode(String.self)).map { .word($0) } ?? .compound
            case nil: .compound
            }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .nothing, .compound: try container.encodeNil()
        case .flag(let value): try container.encode(value)
        case .whole(let value): try container.encode(value)
        case .large(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .word(let value): try container.encode(value)
        }
    }

    /// As on the command line.
    var bare: String {
        switch self {
        case .word(let value): value
        default: "\(self)"
        }
    }
}

extension SettingScalar: CustomStringConvertible {
    /// As in a file of JSON, short.
    var description: String {
        switch self {
        case .nothing: "null"
        case .flag(let value): "\(value)"
        case .whole(let value): "\(value)"
        case .large(let value): "\(value)"
        case .number(let value): "\(value)"
        case .word(let value): "“\(value.count > 40 ? value.prefix(40) + "…" : value)”"
        case .compound: "a list or an object"
        }
    }
}

/// A type that a setting can have.
protocol SettingValue: Equatable, Sendable {
    /// - Throws: ``SettingProblem`` for a value of another kind.
    init(_ scalar: SettingScalar) throws
    var scalar: SettingScalar { get }
}

extension Bool: SettingValue {
    init(_ scalar: SettingScalar) throws {
        guard case .flag(let value) = scalar else { throw SettingProblem(text: "true or false is needed") }
        self = value
    }
    var scalar: SettingScalar { .flag(self) }
}

extension Int: SettingValue {
    init(_ scalar: SettingScalar) throws {
        switch scalar {
        case .whole(let value): self = value
        case .number(let value) where Int(exactly: value) != nil: self = Int(value)
        case .large: throw SettingProblem(text: "at most \(Int.max) is possible")
        default: throw SettingProblem(text: "a whole number is needed")
        }
    }
    var scalar: SettingScalar { .whole(self) }
}

extension UInt64: SettingValue {
    init(_ scalar: SettingScalar) throws {
        switch scalar {
        case .whole(let value) where value >= 0: self = UInt64(value)
        case .large(let value): self = value
        default: throw SettingProblem(text: "a whole number between 0 and \(UInt64.max) is needed")
        }
    }
    var scalar: SettingScalar { Int(exactly: self).map { .whole($0) } ?? .large(self) }
}

extension Double: SettingValue {
    init(_ scalar: SettingScalar) throws {
        switch scalar {
        case .whole(let value): self = Double(value)
        case .large(let value): self = Double(value)
        case .number(let value): self = value
        default: throw SettingProblem(text: "a number is needed")
        }
    }
    var scalar: SettingScalar { .number(self) }
}

extension String: SettingValue {
    init(_ scalar: SettingScalar) throws {
        guard case .word(let value) = scalar else { throw SettingProblem(text: "a text is needed") }
        self = value
    }
    var scalar: SettingScalar { .word(self) }
}

extension SettingValue where Self: RawRepresentable & CaseIterable, RawValue == String {
    init(_ scalar: SettingScalar) throws {
        guard case .word(let value) = scalar, let choice = Self(rawValue: value) else {
            throw SettingProblem(text: "must be one of " + Self.allCases.map(\.rawValue).joined(separator: ", "))
        }
        self = choice
    }
    var scalar: SettingScalar { .word(rawValue) }
}
