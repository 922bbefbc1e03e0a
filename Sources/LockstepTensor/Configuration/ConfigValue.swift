// SPDX-License-Identifier: Apache-2.0
// Values of arguments, for experiment logs.

/// The value of an argument: what a log of experiments stores. Encodes as a plain JSON value.
public enum ConfigValue: Equatable, Sendable, Codable, CustomStringConvertible {
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(String)

    /// Any value as a log can hold it: the raw value of a choice, the description of what is no number and no word; nil for nil.
    package init?(of value: Any) {
        switch value {
        case let it as Bool: self = .bool(it)
        case let it as Int: self = .int(it)
        case let it as Double: self = .double(it)
        case let it as String: self = .string(it)
        default:
            let mirror = Mirror(reflecting: value)
            switch mirror.displayStyle {
            case .optional:
                guard let wrapped = mirror.children.first?.value else { return nil }
                self.init(of: wrapped)
            case .dictionary, .set:
                // Their order differs between processes, which compare what they tell.
                self = .string("[\(mirror.children.map { "\($0.value)" }.sorted().joined(separator: ", "))]")
            default:
                self.init(raw: value)
            }
        }
    }

    private init(raw value: Any) {
        if let choice = value as? any RawRepresentable, let word = choice.rawValue as? String {
            self = .string(word)
        } else {
            self = .string("\(value)")
        }
    }

    public var description: String {
        switch self {
        case .bool(let value): "\(value)"
        case .int(let value): "\(value)"
        case .double(let value): "\(value)"
        case .string(let value): value
        }
    }

    /// The number, if it is one.
    public var number: Double? {
        switch self {
        case .int(let value): Double(value)
        case .double(let value): value
        case .bool, .string: nil
        }
    }

    /// Reads what `encode(to:)` writes, and refuses what no value is made of.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int.self) {
            self = .int(value)
        } else if let value = try? container.decode(Double.self) {
            self = .double(value)
        } else {
            self = .string(try container.decode(String.self))
        }
    }

    /// Writes it in the form that bundles and logs hold.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .bool(let value): try container.encode(value)
        case .int(let value): try container.encode(value)
        // JSON has no infinities.
        case .double(let value): value.isFinite ? try container.encode(value) : try container.encode("\(value)")
        case .string(let value): try container.encode(value)
        }
    }
}
