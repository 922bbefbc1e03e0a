// SPDX-License-Identifier: Apache-2.0
// Values of arguments, for experiment logs.

public import LockstepOptim

/// The value of an argument: what a log of experiments stores. Encodes as a plain JSON value.
public enum ConfigValue: Equatable, Sendable, Codable, CustomStringConvertible {
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(String)

    /// A number, or what a slice or list of rates looks like in Python.
    public init(_ value: HyperValue) {
        switch value {
        case .value(let number): self = .double(number)
        case .range(let start, let stop): self = .string("slice(\(start.map { "\($0), " } ?? "")\(stop))")
        case .perGroup(let values): self = .string("\(values)")
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

/// A callback or a loss that tells its arguments; ours do without it.
///
/// ```swift
/// final class Waiting: Callback, Configured {
///     let patience = 3
///     var arguments: KeyValuePairs<String, ConfigValue> { ["patience": .int(patience)] }
/// }
/// ```
public protocol Configured {
    /// Names as in Python, and values.
    var arguments: KeyValuePairs<String, ConfigValue> { get }
}
