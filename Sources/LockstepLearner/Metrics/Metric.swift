// SPDX-License-Identifier: Apache-2.0
// The base class of metrics: reset, accumulate, value, and a state that merges across ranks.

import LockstepTensor

/// A number that says how good a model is, accumulated batch by batch.
///
/// For the average of a function use ``AvgMetric``; for a function of all predictions at once ``AccumMetric``; otherwise
/// subclass:
///
/// ```swift
/// final class RowCount: Metric {
///     private var rows = 0
///     override func reset() { rows = 0 }
///     override func accumulate(_ learner: Learner) { rows += learner.batchItemCount }
///     override var value: Double? { Double(rows) }
///     override var state: MetricState {
///         get { MetricState(counts: [Int64(rows)]) }
///         set { rows = Int(newValue.counts[0]) }
///     }
/// }
/// ```
///
/// A model that has diverged gives outputs that are not numbers. Every ready-made metric is not a number then, also where a
/// class is made of the outputs first: an argmax of NaN would be an answer like any other. What a metric of your own makes
/// of such outputs is up to it.
///
/// On several ranks each accumulates its own items; after the phase the states are merged and one rank's value is told to
/// all, so every metric must be able to say its ``state``: one that accumulates without is refused before the ranks begin,
/// one that keeps more than its state says before its value is reported. Keep only plain numbers and detached tensors. Not
/// `Sendable`.
open class Metric: CustomStringConvertible {
    /// How it was made, when a function made it.
    final var origin: MetricOrigin?
    /// Whether it has been seen that its state is all it keeps; not asked on one rank.
    final var isProved = false
    /// What was found instead.
    final var found: String?

    /// A metric that has seen nothing.
    public init() {}

    /// Forgets everything. The default does nothing.
    open func reset() {}

    /// Takes the learner's current batch into account: `pred`, `yb`, `loss`. Not called for batches without targets or
    /// without items. The default does nothing.
    open func accumulate(_ learner: Learner) {}

    /// The value over everything accumulated; nil when that is nothing.
    open var value: Double? {
        stop("\(Swift.type(of: self)): a metric must override value", file: #fileID, line: #line)
    }

    /// Its column's name: the snake-cased type without a trailing `Metric`.
    open var name: String { snakeCaseName(String(describing: Swift.type(of: self)), dropping: "Metric") }

    /// What it has accumulated. Setting replaces that.
    ///
    /// The default is empty: right only for metrics that accumulate nothing, such as ``ValueMetric``.
    open var state: MetricState {
        get { MetricState() }
        set {}
    }

    /// The name, and the value if it has seen anything: `accuracy 0.944290`.
    open var description: String { name + (value.map { " " + fixed($0, 6) } ?? "") }

    /// Adds what another instance has accumulated over other items.
    public final func merge(_ other: MetricState) { state = .merged([state, other]) }
}
