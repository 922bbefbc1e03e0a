// SPDX-License-Identifier: Apache-2.0
// What one part of a batch says of the batch's loss, in numbers that merge with those of the other parts.

import LockstepNN

/// The loss of some items of a batch: for each mean that the loss is the sum of (`LossFunction.terms`) the mean and what it
/// counts.
///
/// ```
/// loss of the batch = Σₜ (Σₚ weightₚₜ · meanₚₜ / Σₚ weightₚₜ)       parts p, terms t
/// ```
/// Parts that count nothing, whatever their mean, add nothing. When no part counts the loss is what they say of it by their
/// items: NaN, as a rule.
public struct LossPart {
    /// Number of items.
    public let items: Int
    /// A mean and a weight for each term.
    public let terms: [(mean: Double, weight: Double)]

    /// The part of `items` items with these means and weights.
    public init(items: Int, terms: [(mean: Double, weight: Double)]) { (self.items, self.terms) = (items, terms) }

    /// The loss of the batch that `parts` make up, added in their order; nil where there are none.
    public static func merged(_ parts: some Collection<LossPart>) -> Double? {
        guard let first = parts.first else { return nil }
        if parts.count == 1 { return first.terms.reduce(0) { $0 + $1.mean } }
        return first.terms.indices.reduce(0) { total, term in
            let counting = parts.lazy.filter { !($0.terms[term].weight <= 0) }.map { $0.terms[term] }
            let weight = counting.reduce(0) { $0 + $1.weight }
            guard !(weight <= 0) else {
                let items = parts.reduce(0) { $0 + $1.items }
                return total + parts.reduce(0) { $0 + $1.terms[term].mean * Double($1.items) } / Double(items)
            }
            return total + counting.reduce(0) { $0 + $1.mean * $1.weight } / weight
        }
    }
}

/// What a learner knows of its rank's shard of the batch at hand, besides what callbacks see.
package struct BatchPart {
    /// Whether it has no items.
    package var isEmpty = false
    /// Whether what is differentiated counts as much as every other rank's (``Learner/evenOutLoss()``).
    package var isEven = false
    /// What it counted before that.
    var weight: Double?
    /// The means that the loss consists of, where they are several.
    var terms: [LossTerm] = []
    /// What it says of the batch's loss, where ``Learner/loss`` and ``Learner/batchWeight`` do not say it all.
    package var losses: [LossPart] = []
}
