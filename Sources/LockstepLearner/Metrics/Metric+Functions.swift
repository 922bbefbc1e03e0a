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
        .made(by: accuracyConfiguration, of: axis)
    }

    static let accuracyConfiguration = Configuration(function: "accuracy", of: Int.self) {
        Field("axis", { $0 })
    } make: {
        accuracy(axis: try $0("axis"))
    }

    /// One minus the accuracy.
    public static var errorRate: Metric { errorRate() }

    /// One minus the share of items whose largest output along `axis` is at the target class.
    public static func errorRate(axis: Int = -1) -> Metric {
        AvgMetric("error_rate") { pred, target in
            1 - share(of: pred, { $0.argmax(axis: axis) }, equalTo: target, "error_rate")
        }
        .made(by: errorRateConfiguration, of: axis)
    }

    static let errorRateConfiguration = Configuration(function: "errorRate", of: Int.self) {
        Field("axis", { $0 })
    } make: {
        errorRate(axis: try $0("axis"))
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
        }
        .made(by: topKAccuracyConfiguration, of: (k: k, axis: axis))
    }

    static let topKAccuracyConfiguration = Configuration(function: "topKAccuracy", of: (k: Int, axis: Int).self) {
        Field("k", { $0.k }, .size)
        Field("axis", { $0.axis })
    } make: {
        topKAccuracy(k: try $0("k"), axis: try $0("axis"))
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
        }
        .made(by: accuracyMultiConfiguration, of: (threshold: threshold, sigmoid: sigmoid))
    }

    static let accuracyMultiConfiguration = Configuration(
        function: "accuracyMulti", of: (threshold: Double, sigmoid: Bool).self
    ) {
        Field("threshold", { $0.threshold }, python: "thresh")
        Field("sigmoid", { $0.sigmoid })
    } make: {
        accuracyMulti(threshold: try $0("threshold"), sigmoid: try $0("sigmoid"))
    }

    /// Mean squared error.
    public static var mse: Metric { difference(mseConfiguration) { ($0 - $1).square().mean() } }
    /// Mean absolute error.
    public static var mae: Metric { difference(maeConfiguration) { ($0 - $1).abs().mean() } }
    /// Mean squared difference of log(1 + x).
    public static var msle: Metric { difference(msleConfiguration) { ($0.log1p() - $1.log1p()).square().mean() } }

    static let mseConfiguration = Configuration(function: "mse", of: Void.self) {
    } make: { _ in
        mse
    }
    static let maeConfiguration = Configuration(function: "mae", of: Void.self) {
    } make: { _ in
        mae
    }
    static let msleConfiguration = Configuration(function: "msle", of: Void.self) {
    } make: { _ in
        msle
    }

    private static func difference(
        _ configuration: Configuration, _ function: @escaping (Tensor, Tensor) -> Tensor
    ) -> Metric {
        let name = configuration.name
        return AvgMetric(name) { pred, target in
            require(
                pred.count == target.count,
                "\(name): \(pred.count) predictions but \(target.count) targets: \(pred.shape) and \(target.shape)")
            return function(pred.reshaped([pred.count]), target.reshaped([target.count]).to(pred.dtype))
        }
        .made(by: configuration, of: ())
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
