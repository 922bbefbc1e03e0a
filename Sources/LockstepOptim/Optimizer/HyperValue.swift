// SPDX-License-Identifier: Apache-2.0
// One number for all groups, or a number for each.

/// A hyper-parameter's value over parameter groups: a number, fastai's `slice`, or one number per group.
///
/// ```swift
/// try learner.fit(3, lr: 1e-3)                       // every group
/// try learner.fit(3, lr: .slice(1e-5, 1e-3))         // geometric from the first group to the last
/// try learner.fit(3, lr: .slice(1e-3))               // a tenth for all but the last
/// try learner.fit(3, lr: .perGroup([1e-4, 1e-3]))    // one for each of two groups
/// let rate = 1e-3
/// try learner.fit(3, lr: rate)                       // a variable: see HyperValueConvertible
/// learner.lr = HyperValue(rate)                      // a property holds one type
/// ```
public enum HyperValue: ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral, Sendable, Equatable {
    /// The same for every group.
    case value(Double)
    /// Geometric from the first (start) to the last group (stop); without a start, stop / 10 for all but the last.
    case range(start: Double?, stop: Double)
    /// One for each group.
    case perGroup([Double])

    /// Geometric from `start` to `stop` over the groups.
    public static func slice(_ start: Double, _ stop: Double) -> HyperValue { .range(start: start, stop: stop) }
    /// `stop / 10` for every group but the last.
    public static func slice(_ stop: Double) -> HyperValue { .range(start: nil, stop: stop) }

    /// The same value for every group.
    public init(floatLiteral value: Double) { self = .value(value) }
    /// The same value for every group.
    public init(integerLiteral value: Int) { self = .value(Double(value)) }

    /// A number that is no literal: the same value for every group.
    public init(_ value: some BinaryFloatingPoint) { self = .value(Double(value)) }

    /// The value of each of `count` groups.
    /// - Throws: ``OptimizerError`` when a list has another length.
    public func values(groups count: Int, name: String) throws(OptimizerError) -> [Double] {
        switch self {
        case .value(let value):
            return Array(repeating: value, count: count)
        case .perGroup(let values):
            guard values.count == count else {
                throw OptimizerError(
                    .groupCount, "\(name): \(values.count) values for \(count) parameter groups; give one, or \(count)")
            }
            return values
        case .range(let start, let stop):
            guard count > 1 else { return [stop] }
            guard let start, start != 0 else { return Array(repeating: stop / 10, count: count - 1) + [stop] }
            return evenMultiples(start, stop, count)
        }
    }
}

/// A learning rate, the most frequent hyper-parameter.
public typealias LearningRate = HyperValue

/// `count` values from `start` to `stop` with a constant ratio; just `stop` for one.
public func evenMultiples(_ start: Double, _ stop: Double, _ count: Int) -> [Double] {
    guard count > 1 else { return [stop] }
    return (0..<count).map { start * power(stop / start, Double($0) / Double(count - 1)) }
}
