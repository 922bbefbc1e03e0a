// SPDX-License-Identifier: Apache-2.0
// What the learning rate finder found.

/// Rates, losses, and what the rules suggest.
public struct LRFindResult: Sendable {
    /// The last parameter group's rate in each batch.
    public let lrs: [Double]
    /// The smoothed loss after each batch.
    public let losses: [Double]
    /// What each rule suggests; rules that found nothing are left out.
    public let suggestions: [(name: String, point: LRSuggestion.Point)]

    /// Asks `rules` about the part of the curve from a tenth of `iterations` to the fifth point from the end, up to the
    /// first loss that is not finite.
    public init(lrs: [Double], losses: [Double], iterations: Int, rules: [LRSuggestion]) {
        (self.lrs, self.losses) = (lrs, losses)
        let start = iterations / 10
        let end = max(start, min(losses.firstIndex { !$0.isFinite } ?? losses.count, losses.count - 5))
        let part = start < end ? start..<end : 0..<0
        suggestions = rules.compactMap { rule in
            rule(Array(lrs[part]), Array(losses[part])).map { (rule.name, $0) }
        }
    }

    /// The suggestion of the rule called `name`; nil when it was not asked or found nothing.
    public subscript(name: String) -> Double? { suggestions.first { $0.name == name }?.point.lr }

    /// The suggestion of ``LRSuggestion/valley``, if it was asked for and made.
    public var valley: Double? { self["valley"] }
    /// The suggestion of ``LRSuggestion/slide``, likewise.
    public var slide: Double? { self["slide"] }
    /// The suggestion of ``LRSuggestion/minimum``, likewise.
    public var minimum: Double? { self["minimum"] }
    /// The suggestion of ``LRSuggestion/steep``, likewise.
    public var steep: Double? { self["steep"] }
}

extension LRFindResult: CustomStringConvertible {
    public var description: String {
        suggestions.isEmpty
            ? "no suggestion from \(losses.count) batches"
            : suggestions.map { "\($0.name): \($0.point.lr)" }.joined(separator: ", ")
    }
}
