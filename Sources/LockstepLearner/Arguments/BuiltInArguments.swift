// SPDX-License-Identifier: Apache-2.0
// What the callbacks and losses of this package were made with.

import LockstepNN
import LockstepTensor

/// The arguments that `callback` was made with, as far as it tells.
func arguments(of callback: Callback) -> KeyValuePairs<String, ConfigValue> {
    switch callback {
    case let it as any Configured: it.arguments
    case let it as Recorder:
        [
            "add_time": .bool(it.addTime), "train_metrics": .bool(it.trainMetrics),
            "valid_metrics": .bool(it.validMetrics),
        ]
    case let it as EarlyStoppingCallback:
        ["monitor": .string(it.monitor), "min_delta": .double(it.minDelta), "patience": .int(it.patience)]
    case let it as ReduceLROnPlateau:
        [
            "monitor": .string(it.monitor), "min_delta": .double(it.minDelta), "patience": .int(it.patience),
            "factor": .double(it.factor), "min_lr": .double(it.minLR),
        ]
    case let it as SaveModelCallback:
        [
            "monitor": .string(it.monitor), "min_delta": .double(it.minDelta), "fname": .string(it.filename),
            "with_opt": .bool(it.withOptimizer),
        ]
    case let it as Tracker: ["monitor": .string(it.monitor), "min_delta": .double(it.minDelta)]
    case let it as GradientClip: ["max_norm": .double(it.maxNorm), "norm_type": .double(it.normType)]
    case let it as GradientAccumulation: ["n_acc": .int(it.samples)]
    case let it as ShortEpochCallback: ["pct": .double(it.fraction), "short_valid": .bool(it.shortValid)]
    case let it as MixUp: it.alpha.map { ["alpha": .double($0)] } ?? [:]
    case let it as CutMix: it.alpha.map { ["alpha": .double($0)] } ?? [:]
    case let it as CSVLogger: ["fname": .string(it.filename), "append": .bool(it.append)]
    case let it as HookCallback: it.every.map { ["every": .int($0)] } ?? [:]
    default: [:]
    }
}

/// The simple properties of `loss`: losses are values without hidden state.
func arguments(of loss: any LossFunction) -> [(key: String, value: ConfigValue)] {
    if let it = loss as? any Configured { return it.arguments.map { ($0.key, $0.value) } }
    return Mirror(reflecting: loss).children.compactMap { child in
        guard let label = child.label, label != "name" else { return nil }
        let value: ConfigValue? =
            switch child.value {
            case let it as Bool: .bool(it)
            case let it as Int: .int(it)
            case let it as Double: .double(it)
            case let it as Reduction: .string("\(it)")
            case let it as Tensor: .string("\(it.doubles)")
            default: nil
            }
        return value.map { (snakeCase(label), $0) }
    }
}
