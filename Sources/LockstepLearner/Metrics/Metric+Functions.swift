// SPDX-License-Identifier: Apache-2.0
// Ready-made metrics that are averages over items; not a number for outputs or targets that are none.

import LockstepTensor

extension Metric {
    /// Share of items whose largest output is at the target class; ties count for the lowest index.
    public static var accuracy: Metric { accuracy() }

    /// Share of items whose largest output along `axis` is at the target class.
    public static func accuracy(axis: Int = -1) -> Metric {
        AvgMetric("accuracy") { pred, target in
            share(of: pred, { $0.argmax(axis: axis) }, equalTo: target, "accuracy")
        }
        .remembering("accuracy", ["axis": axis])
    }

    /// One minus the accuracy.
    public static var errorRate: Metric { errorRate() }

    /// One minus the share of items whose largest output along `axis` is at the target class.
    public static func errorRate(axis: Int = -1) -> Metric {
        AvgMetric("error_rate") { pred, target in
            1 - share(of: pred, { $0.argmax(axis: axis) }, equalTo: target, "error_rate")
        }.remembering("errorRate", ["axis": axis])
    }

    /// Share of items whose target is among the five largest outputs.
    public static var topKAccuracy: Metric { topKAccuracy() }

    /// Share of items whose target is among the `k` largest outputs along `axis`; ties count for the lowest index.
    public static func topKAccuracy(k: Int = 5, axis: Int = -1) -> Metric {
        AvgMetric("top_k_accuracy") { pred, target in
            if hasNaN(pred) || hasNoClass(target) { return Tensor(Double.nan, dtype: .float32) }
            let axis = axis < 0 ? axis + pred.rank : axis
            let best = pred.topK(k, axis: axis).indices
            let wanted = target.rank == pred.rank ? target : target.unsqueezed(axis: axis)
            return (best .== wanted.to(.int64)).any(axis: axis).to(.float32).mean()
        }.remembering("topKAccuracy", ["k": k, "axis": axis])
    }

    /// Share of right yes-or-no answers: probabilities above one half against targets of zeros and ones.
    public static var accuracyMulti: Metric { accuracyMulti() }

    /// Share of right yes-or-no answers: probabilities above `threshold` against targets of zeros and ones.
    public static func accuracyMulti(threshold: Double = 0.5, sigmoid: Bool = true) -> Metric {
        AvgMetric("accuracy_multi") { pred, target in
            // Before the sigmoid, which rounds: see AccumMetric.
            share(
                of: pred, { sigmoid ? $0.to(.float64) .> logit(threshold) : $0 .> threshold }, equalTo: target,
                "accuracy_multi")
        }.remembering("accuracyMulti", ["threshold": threshold, "sigmoid": sigmoid])
    }

    /// Mean squared error.
    public static var mse: Metric { difference("mse") { ($0 - $1).square().mean() } }
    /// Mean absolute error.
    public static var mae: Metric { difference("mae") { ($0 - $1).abs().mean() } }
    /// Mean squared difference of log(1 + x).
    public static var msle: Metric { difference("msle") { ($0.log1p() - $1.log1p()).square().mean() } }
    private static func difference(_ name: String, _ function: @escaping (Tensor, Tensor) -> Tensor) -> Metric {
        AvgMetric(name) { pred, target in
            require(
                pred.count == target.count,
                "\(name): \(pred.count) predictions but \(target.count) targets: \(pred.shape) and \(target.shape)")
            return function(pred.reshaped([pred.count]), target.reshaped([target.count]).to(pred.dtype))
        }.remembering(name)
    }

    /// The share of decisions that equal their targets; not a number where there is nothing to decide on.
    private static func share(
        of outputs: Tensor, _ decide: (Tensor) -> Tensor, equalTo target: Tensor, _ name: String
    ) -> Tensor {
        let answers = decide(outputs)
        require(
            answers.count == target.count,
            "\(name): \(answers.count) answers but \(target.count) targets: \(answers.shape) and \(target.shape)")
        if hasNaN(outputs) || hasNoClass(target) { return Tensor(Double.nan, dtype: .float32) }
        return (answers.reshaped([answers.count]) .== target.reshaped([target.count]).to(answers.dtype)).to(.float32)
            .mean()
    }
}
