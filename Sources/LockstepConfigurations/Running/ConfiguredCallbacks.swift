// SPDX-License-Identifier: Apache-2.0
// The callbacks and metrics of a configuration.

import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepTensor

private let silent = Console { _ in }

extension Configuration {
    /// The library's own callbacks.
    func callbacks(_ folder: String) -> [Callback] {
        var list: [Callback] = [Recorder(trainMetrics: has("trainMetrics"))]
        if self["accumulation"] != "none" { list.append(GradientAccumulation(samples: number("accumulation"))) }
        switch self["clip"] {
        case "norm": list.append(GradientClip(maxNorm: 0.3))
        case "value": list.append(GradientClip(maxNorm: 0.1, normType: .infinity))
        default: break
        }
        switch self["mixing"] {
        case "mixUp": list.append(MixUp())
        case "cutMix": list.append(CutMix())
        default: break
        }
        switch self["precision"] {
        case "bfloat16": list.append(MixedPrecision(.bfloat16))
        case "half": list.append(MixedPrecision(.half, initialScale: 256))
        case "overflow": list.append(MixedPrecision(.half, initialScale: 1_048_576, growthInterval: 3))
        default: break
        }
        if let column = column("saving") {
            list.append(SaveModelCallback(monitor: column, minDelta: 1e-3, filename: "best", console: silent))
        }
        if let column = column("plateau") {
            list.append(ReduceLROnPlateau(monitor: column, minDelta: 1e-3, console: silent))
        }
        if let column = column("stopping") {
            list.append(EarlyStoppingCallback(monitor: column, minDelta: 1e-3, console: silent))
        }
        if has("terminating") { list.append(TerminateOnNaNCallback()) }
        if has("short") { list.append(ShortEpochCallback(fraction: 0.3)) }
        if has("bnFreeze") { list.append(BnFreeze()) }
        if has("mcDropout") { list.append(MCDropoutCallback()) }
        if has("stats") { list.append(ActivationStats(every: 1)) }
        if has("csv") { list.append(CSVLogger()) }
        switch self["watching"] {
        case "trace": list.append(TraceCallback("\(folder)/trace.json"))
        case "times": list.append(TimeReport(console: silent))
        case "graph": list.append(ShowGraphCallback(console: silent))
        default: break
        }
        if carriesState { list.append(ModelResetter()) }
        if self["model"] == "regularized" { list += Callback.recurrent(alpha: 0.5, beta: 0.3) }
        return list
    }

    /// The column that a tracker looks at; without metrics there is none but the losses, and the fit refuses.
    private func column(_ tracker: String) -> String? {
        switch self[tracker] {
        case "none": nil
        case "metric": (has("trainMetrics") ? "valid_" : "") + (metrics().first?.name ?? "accuracy")
        case let column: column
        }
    }

    /// What is measured.
    func metrics() -> [Metric] {
        switch (self["metrics"], targets) {
        case ("plain", .classes): [.accuracy]
        case ("plain", .numbers): [.mae]
        case ("plain", .flags): [.accuracyMulti]
        case ("plain", .positions): [.foregroundAcc]
        case ("stateless", _): [RowCount()]
        case ("averaged", .classes) where isLanguage: [Perplexity(), .errorRate]
        case ("averaged", .classes): [.errorRate, .topKAccuracy(k: 2), Metrics.largest]
        case ("averaged", _): [Metrics.largest]
        case ("accumulated", .classes) where isLanguage: [.accuracy]
        case ("accumulated", .classes): [F1Score(average: .macro), CohenKappa(), BalancedAccuracy()]
        case ("accumulated", .numbers): [.rmse, R2Score(), PearsonCorrCoef()]
        case ("accumulated", .flags): [F1ScoreMulti(), HammingLossMulti()]
        case ("accumulated", .positions): [DiceMulti()]
        default: []
        }
    }

    enum Metrics {
        static var largest: AvgMetric { AvgMetric("mean_square") { prediction, _ in prediction.square().mean() } }

        static func register() {
            ExportRegistry.register(AvgMetric.self, called: "mean_square") { Metrics.largest }
            ExportRegistry.register(RowCount.self) { _ in RowCount() }
        }
    }
}

/// Counts items, and does not say what it has counted.
final class RowCount: Metric {
    private var rows = 0
    override func reset() { rows = 0 }
    override func accumulate(_ learner: Learner) { rows += learner.batchItemCount }
    override var value: Double? { Double(rows) }
}
