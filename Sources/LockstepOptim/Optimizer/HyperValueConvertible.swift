// SPDX-License-Identifier: Apache-2.0
// What may stand where a hyper-parameter is asked for: numbers, optional ones, slices and lists.

/// A value that a hyper-parameter can be given: a `Double`, a `Float`, either of them or nil, or a ``HyperValue``.
///
/// ```swift
/// let found = try learner.lrFind()
/// try learner.fit(1, lr: found.valley)        // Double?; nil is the learner's own rate
/// ```
/// Integers are not: `lr: 1 / 10` would be 0.
public protocol HyperValueConvertible {
    /// The value; nil for the default.
    var hyperValue: HyperValue? { get }
}

extension HyperValue: HyperValueConvertible {
    /// The value itself.
    public var hyperValue: HyperValue? { self }
}

extension Double: HyperValueConvertible {
    /// The same for every group.
    public var hyperValue: HyperValue? { .value(self) }
}

extension Float: HyperValueConvertible {
    /// The same for every group.
    public var hyperValue: HyperValue? { .value(Double(self)) }
}

extension Optional: HyperValueConvertible where Wrapped: HyperValueConvertible {
    /// The value; nil for the default.
    public var hyperValue: HyperValue? { self?.hyperValue }
}

/// `.slice(1e-5, 1e-3)` where a number might stand, too.
extension HyperValueConvertible where Self == HyperValue {
    /// The same for every group.
    @_disfavoredOverload public static func value(_ number: Double) -> HyperValue { HyperValue.value(number) }
    /// Geometric from the first group to the last; without a start, stop / 10 for all but the last.
    @_disfavoredOverload public static func range(start: Double?, stop: Double) -> HyperValue {
        HyperValue.range(start: start, stop: stop)
    }
    /// One for each group.
    @_disfavoredOverload public static func perGroup(_ numbers: [Double]) -> HyperValue { HyperValue.perGroup(numbers) }
    /// Geometric from `start` to `stop` over the groups.
    @_disfavoredOverload public static func slice(_ start: Double, _ stop: Double) -> HyperValue {
        .range(start: start, stop: stop)
    }
    /// `stop / 10` for every group but the last.
    @_disfavoredOverload public static func slice(_ stop: Double) -> HyperValue { .range(start: nil, stop: stop) }
}

// MARK: - Beside numbers

extension HyperValue {
    /// Whether it is this number, for every group: `optimizer.hypers[0]["lr"] == learner.lr`.
    public static func == (a: Double?, b: HyperValue) -> Bool { a.map { .value($0) == b } ?? false }
    /// Whether it is this number, for every group.
    public static func == (a: HyperValue, b: Double?) -> Bool { b == a }
    /// Whether it is another number, or several.
    public static func != (a: Double?, b: HyperValue) -> Bool { !(a == b) }
    /// Whether it is another number, or several.
    public static func != (a: HyperValue, b: Double?) -> Bool { !(b == a) }
}

extension HyperValue: CustomStringConvertible {
    public var description: String {
        switch self {
        case .value(let value): "\(value)"
        case .range(let start, let stop): "slice(\(start.map { "\($0), " } ?? "")\(stop))"
        case .perGroup(let values): "\(values)"
        }
    }
}
