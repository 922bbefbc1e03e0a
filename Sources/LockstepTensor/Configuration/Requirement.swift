// SPDX-License-Identifier: Apache-2.0
// Where a field's value may lie when it comes from a file.

/// What a file may say of a ``Field``.
public struct Requirement<Value: Decodable>: Sendable {
    /// What is said of a value that is refused: `maxNorm is -1.0, not positive`.
    let complaint: String
    /// Nil where everything is taken.
    let holds: (@Sendable (Value) -> Bool)?

    /// - Parameter complaint: Ends a sentence that begins with the field's name and value: `not positive`.
    public init(_ complaint: String, _ holds: @escaping @Sendable (Value) -> Bool) {
        (self.complaint, self.holds) = (complaint, holds)
    }

    private init() { (complaint, holds) = ("", nil) }

    /// Everything of the type is taken.
    public static var anything: Requirement { Requirement() }

    @discardableResult
    func checked(_ name: String, in fields: ExportFields) throws -> Value {
        let value: Value = try fields(name)
        try fields.check(holds?(value) ?? true, "\(name) is \(value), \(complaint)")
        return value
    }
}

extension Requirement where Value == Double {
    /// A number in a range, such as a probability: `.within(0...1)`.
    public static func within(_ range: ClosedRange<Double>) -> Requirement {
        Requirement("not in \(range)") { range.contains($0) }
    }

    /// More than 0.
    public static var positive: Requirement { Requirement("not positive") { $0 > 0 } }
}

extension Requirement where Value == Int {
    /// A positive whole number that a size can be.
    public static var size: Requirement { Requirement("not a size") { $0 > 0 && $0 <= largestSize } }

    /// A whole number from 0 to the largest size.
    public static var length: Requirement { Requirement("not a size") { $0 >= 0 && $0 <= largestSize } }
}

extension Requirement where Value == Pair {
    /// Two sizes, each at least 1.
    public static var sizes: Requirement { .sizes(from: 1) }

    /// Two sizes, each from 0.
    public static var lengths: Requirement { .sizes(from: 0) }

    private static func sizes(from least: Int) -> Requirement {
        Requirement("not two sizes") { pair in
            [pair.height, pair.width].allSatisfy { $0 >= least && $0 <= largestSize }
        }
    }
}

extension Requirement where Value == Padding {
    /// Two sizes from 0, or `same`.
    public static var lengths: Requirement {
        Requirement("neither two sizes nor same") { padding in
            guard case .zeros(let pair) = padding else { return true }
            return [pair.height, pair.width].allSatisfy { (0...largestSize).contains($0) }
        }
    }
}

private let largestSize = 1 << 32
