// SPDX-License-Identifier: Apache-2.0
// Turning a function into a metric.

public import LockstepTensor

/// Makes metrics of what is at hand.
///
/// Seldom needed: `metrics: [.accuracy, Dice(), AvgMetric("mae") { … }]` says the same.
public enum Metrics {
    /// The average over items of a function of a batch; see ``AvgMetric``.
    public static func make(
        from function: @escaping (_ pred: Tensor, _ target: Tensor) -> Tensor, name: String
    ) -> Metric { AvgMetric(name, function) }

    /// A metric as it is.
    public static func make(from metric: Metric) -> Metric { metric }
}
