// SPDX-License-Identifier: Apache-2.0
// The list of callbacks: files find them by it, and what must hold for all of them is tried with its examples.

import LockstepOptim
package import LockstepTensor

/// A callback of the module that programs add: one with options other than the usual ones.
///
/// Swift finds no type by itself, so each has a line in ``all``; one that is missing fails `ListedTypesTests` by name.
package struct CallbackExample: Sendable {
    /// The type's name.
    package let name: String
    /// What files know it by; nil when they do not hold it: it belongs to a run, or consists of functions.
    package let configuration: Configuration?
    /// The callback after those it needs; files that it writes go below a folder.
    package let make: @Sendable (_ folder: String) -> [Callback]

    private init<Example: Callback>(_ make: @escaping @Sendable () -> Example) {
        self.init(after: { [] }, below: { _ in make() })
    }

    private init<Example: Callback>(
        after needed: @escaping @Sendable () -> [Callback] = { [] },
        below make: @escaping @Sendable (_ folder: String) -> Example
    ) {
        (name, configuration) = ("\(Example.self)", Configuration.made(Example.self))
        self.make = { needed() + [make($0)] }
    }

    private static var quiet: Console { Console { _ in } }

    /// Every callback that is no base of others, but those that only the learner adds.
    package static let all: [CallbackExample] = training + trackers + records + runs

    private static let training: [CallbackExample] = [
        Self { TrainEvalCallback() },
        Self { BeforeBatchCallback { _, xb, yb in (xb, yb) } },
        Self { BnFreeze() },
        Self { ClosureCallback([.afterLoss: { _ in }]) },
        Self { CutMix(alpha: 0.6) },
        Self { GradientAccumulation(samples: 40) },
        Self { GradientClip(maxNorm: 0.1, normType: .infinity) },
        Self { MCDropoutCallback() },
        Self { MixUp(alpha: 0.3) },
        Self { MixedPrecision(initialScale: 16_777_216, growthInterval: 2) },
        Self { ModelResetter() },
        Self { ParamScheduler(["lr": .cosine(0.1, 0.01)]) },
        Self { RNNCallback() },
        Self(after: { [RNNCallback()] }, below: { _ in RNNRegularizer(alpha: 0.1, beta: 0.1) }),
        Self { ShortEpochCallback(fraction: 0.9, shortValid: false) },
        Self { WeightAverage(decay: 0.7, warmsUp: false) },
    ]

    private static let trackers: [CallbackExample] = [
        Self {
            EarlyStoppingCallback(direction: .greater, minDelta: 0.1, patience: 9, resetOnFit: false, console: quiet)
        },
        Self { ReduceLROnPlateau(direction: .greater, patience: 4, factor: 5, minLR: 1e-6, console: quiet) },
        Self(below: { SaveModelCallback(filename: $0 + "/best", withOptimizer: true, console: quiet) }),
        Self { TerminateOnNaNCallback() },
        Self { Tracker(minDelta: 0.2) },
    ]

    private static let records: [CallbackExample] = [
        Self { ActivationStats(every: 2) },
        Self(below: { CSVLogger(filename: $0 + "/h.csv") }),
        Self { CollectDataCallback() },
        Self { FetchPredsCallback() },
        Self { HookCallback() },
        Self { ProgressCallback(quiet) },
        Self { Recorder(addTime: false, trainMetrics: true, beta: 0.5) },
        Self { ShowGraphCallback(console: quiet) },
    ]

    private static let runs: [CallbackExample] = [
        Self(below: { CheckpointCallback(folder: $0 + "/checkpoints", overwrites: true, console: quiet) }),
        Self { ResumeCallback(ResumePoint(epoch: 0)) },
    ]
}
