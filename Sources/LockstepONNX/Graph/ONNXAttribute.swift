// SPDX-License-Identifier: Apache-2.0
// What a node is told: numbers and words.

import Foundation

/// An attribute of a node.
public enum ONNXAttribute: Hashable, Sendable, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringLiteral
{
    /// An integer.
    case int(Int)
    /// A number.
    case float(Double)
    /// A word.
    case string(String)
    /// Integers.
    case ints([Int])
    /// Words.
    case strings([String])

    /// An integer.
    public init(integerLiteral value: Int) { self = .int(value) }
    /// A number.
    public init(floatLiteral value: Double) { self = .float(value) }
    /// A word.
    public init(stringLiteral value: String) { self = .string(value) }

    func message(named name: String) -> Onnx_AttributeProto {
        var message = Onnx_AttributeProto()
        message.name = name
        switch self {
        case .int(let value): (message.type, message.i) = (.int, Int64(value))
        case .float(let value): (message.type, message.f) = (.float, Float(value))
        case .string(let value): (message.type, message.s) = (.string, Data(value.utf8))
        case .ints(let values): (message.type, message.ints) = (.ints, values.map(Int64.init))
        case .strings(let values): (message.type, message.strings) = (.strings, values.map { Data($0.utf8) })
        }
        return message
    }
}
