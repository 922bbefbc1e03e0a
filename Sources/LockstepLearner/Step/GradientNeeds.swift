// SPDX-License-Identifier: Apache-2.0
// What a callback wants of gradients before the step.

/// What a callback's `before_step` wants of the gradients: what nobody wants is not made.
public struct GradientNeeds: OptionSet, Sendable {
    /// A bit for each wish.
    public let rawValue: Int
    /// The wishes whose bits are set.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Gradients of the whole batch: it reads or changes them, or the parameters, or may cancel the step.
    public static let values = GradientNeeds(rawValue: 1 << 0)
    /// Their Euclidean norm, which a reduction measures in passing.
    public static let norm = GradientNeeds(rawValue: 1 << 1)
}

extension Learner {
    /// What the callbacks that see `before_step` after `callback` want of the gradients: the same on all ranks, whose
    /// callbacks are.
    public func gradientNeeds(after callback: Callback) -> GradientNeeds {
        orderedCallbacks(for: .beforeStep).drop { $0 !== callback }.dropFirst()
            .reduce(into: GradientNeeds()) { $0.formUnion($1.gradientNeeds) }
    }
}
