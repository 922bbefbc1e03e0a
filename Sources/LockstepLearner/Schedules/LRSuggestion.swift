// SPDX-License-Identifier: Apache-2.0
// Rules that read a learning rate off the finder's curve.

import Glibc

/// A rule that suggests a learning rate from rates that rise batch by batch and the smoothed losses they gave.
///
/// ```swift
/// let found = try learner.lrFind(suggest: [.valley, .steep])
/// ```
public struct LRSuggestion: Sendable {
    /// What the suggestion is called.
    public let name: String
    private let rule: @Sendable (_ lrs: [Double], _ losses: [Double]) -> Point?

    /// A suggested rate, and the point of the curve it was read off.
    public struct Point: Sendable, Equatable {
        /// The suggested rate.
        public let lr: Double
        /// Where to mark it: not always the suggested rate itself.
        public let mark: (lr: Double, loss: Double)

        /// A suggestion, and the point of the curve it is marked at.
        public init(lr: Double, mark: (lr: Double, loss: Double)) { (self.lr, self.mark) = (lr, mark) }
        /// Whether both are the same.
        public static func == (a: Point, b: Point) -> Bool { a.lr == b.lr && a.mark == b.mark }
    }

    /// A rule of your own; nil when there is nothing to suggest.
    public init(_ name: String, _ rule: @escaping @Sendable (_ lrs: [Double], _ losses: [Double]) -> Point?) {
        (self.name, self.rule) = (name, rule)
    }

    /// What the rule says of a curve; nil when it is too short for it. It ends where a loss is not finite.
    /// - Precondition: as many losses as rates.
    public func callAsFunction(_ lrs: [Double], _ losses: [Double]) -> Point? {
        let end = losses.firstIndex { !$0.isFinite } ?? losses.count
        return rule(Array(lrs.prefix(end)), Array(losses.prefix(end)))
    }

    /// A point in the second third of the longest stretch over which the loss falls.
    public static let valley = LRSuggestion("valley") { lrs, losses in
        guard losses.count > 1 else { return nil }
        var lengths = Array(repeating: 1, count: losses.count)
        var (end, start) = (0, 0)
        for i in 1..<losses.count {
            for j in 0..<i where losses[i] < losses[j] && lengths[i] < lengths[j] + 1 { lengths[i] = lengths[j] + 1 }
            if lengths[end] < lengths[i] { (end, start) = (i, i - lengths[i]) }
        }
        let section = Double(end - start) / 3
        let index = max(0, start + Int(section) + Int(section / 2))
        return Point(lr: lrs[index], mark: (lrs[index], losses[index]))
    }

    /// Where, from the right, the slope first resembles the slope fifteen points further on.
    public static let slide = slide()

    /// The rule `slide` with another distance, or threshold for what counts as alike.
    public static func slide(distance: Int = 15, threshold: Double = 0.005) -> LRSuggestion {
        LRSuggestion("slide") { lrs, losses in
            let count = losses.count
            guard count > distance, count > 1 else { return nil }
            let slopes = losses.indices.map { i in
                i == 0
                    ? losses[1] - losses[0]
                    : i == count - 1 ? losses[i] - losses[i - 1] : (losses[i + 1] - losses[i - 1]) / 2
            }
            var (right, left) = (count - 1, count - 1 - distance)
            var found = left
            while left >= 0, abs(slopes[right] - slopes[left]) > threshold {
                found = left
                (right, left) = (right - 1, left - 1)
            }
            return Point(lr: lrs[found], mark: (lrs[found], losses[found]))
        }
    }

    /// A tenth of the rate with the lowest loss, which is the point that is marked.
    public static let minimum = LRSuggestion("minimum") { lrs, losses in
        guard let lowest = losses.indices.min(by: { losses[$0] < losses[$1] }) else { return nil }
        return Point(lr: lrs[lowest] / 10, mark: (lrs[lowest], losses[lowest]))
    }

    /// The rate before the steepest fall of the loss over the logarithm of the rate.
    public static let steep = LRSuggestion("steep") { lrs, losses in
        guard losses.count > 1 else { return nil }
        let slopes = (1..<losses.count).map { (losses[$0] - losses[$0 - 1]) / (log(lrs[$0]) - log(lrs[$0 - 1])) }
        guard let steepest = slopes.indices.min(by: { slopes[$0] < slopes[$1] }) else { return nil }
        return Point(lr: lrs[steepest], mark: (lrs[steepest], losses[steepest]))
    }
}
