// SPDX-License-Identifier: Apache-2.0
// Every callback that a program can add, with options other than the usual ones.

package import LockstepComm
import LockstepDistributed
package import LockstepLearner
import LockstepOptim

extension Listed {
    /// Callbacks that are added together.
    package struct Callbacks: Sendable, CustomStringConvertible {
        package let name: String
        /// Callbacks that write below a folder, on ranks.
        package let make: @Sendable (_ folder: String, _ ranks: any Communicator) throws -> [Callback]
        package var description: String { name }

        init(
            _ name: String,
            _ make: @escaping @Sendable (_ folder: String, _ ranks: any Communicator) throws -> [Callback]
        ) {
            (self.name, self.make) = (name, make)
        }

        init(_ name: String, _ make: @escaping @Sendable () -> Callback) {
            self.init(name) { _, _ in [make()] }
        }
    }

    private static var quiet: Console { Console { _ in } }

    /// Every callback that is no base of others.
    package static let callbacks: [Callbacks] = model + trackers + records + runs

    private static let model: [Callbacks] = [
        Callbacks("BeforeBatchCallback") { BeforeBatchCallback { _, xb, yb in (xb, yb) } },
        Callbacks("BnFreeze") { BnFreeze() },
        Callbacks("ClosureCallback") { ClosureCallback([.afterLoss: { _ in }]) },
        Callbacks("CutMix") { CutMix(alpha: 0.6) },
        Callbacks("GradientAccumulation") { GradientAccumulation(samples: 40) },
        Callbacks("GradientClip") { GradientClip(maxNorm: 0.1, normType: .infinity) },
        Callbacks("MCDropoutCallback") { MCDropoutCallback() },
        Callbacks("MixUp") { MixUp(alpha: 0.3) },
        Callbacks("MixedPrecision") { MixedPrecision(initialScale: 16_777_216, growthInterval: 2) },
        Callbacks("ModelResetter") { ModelResetter() },
        Callbacks("ParamScheduler") { ParamScheduler(["lr": .cosine(0.1, 0.01)]) },
        Callbacks("RNNCallback") { _, _ in [RNNCallback(), RNNRegularizer(alpha: 0.1, beta: 0.1)] },
        Callbacks("ShortEpochCallback") { ShortEpochCallback(fraction: 0.9, shortValid: false) },
        Callbacks("WeightAverage") { WeightAverage(decay: 0.7, warmsUp: false) },
    ]

    private static let trackers: [Callbacks] = [
        Callbacks("EarlyStoppingCallback") {
            EarlyStoppingCallback(direction: .greater, minDelta: 0.1, patience: 9, resetOnFit: false, console: quiet)
        },
        Callbacks("ReduceLROnPlateau") {
            ReduceLROnPlateau(direction: .greater, patience: 4, factor: 5, minLR: 1e-6, console: quiet)
        },
        Callbacks("SaveModelCallback") { folder, _ in
            [SaveModelCallback(filename: folder + "/best", withOptimizer: true, console: quiet)]
        },
        Callbacks("TerminateOnNaNCallback") { TerminateOnNaNCallback() },
        Callbacks("Tracker") { Tracker(minDelta: 0.2) },
    ]

    private static let records: [Callbacks] = [
        Callbacks("ActivationStats") { ActivationStats(every: 2) },
        Callbacks("CSVLogger") { folder, _ in [CSVLogger(filename: folder + "/h.csv")] },
        Callbacks("CollectDataCallback") { CollectDataCallback() },
        Callbacks("FetchPredsCallback") { FetchPredsCallback() },
        Callbacks("HookCallback") { HookCallback() },
        Callbacks("ProgressCallback") { ProgressCallback(quiet) },
        Callbacks("Recorder") { Recorder(addTime: false, trainMetrics: true, beta: 0.5) },
        Callbacks("ShowGraphCallback") { ShowGraphCallback(console: quiet) },
        Callbacks("TimeReport") { TimeReport(console: quiet) },
        Callbacks("TraceCallback") { folder, _ in [TraceCallback(folder + "/t.json")] },
    ]

    private static let runs: [Callbacks] = [
        Callbacks("CheckpointCallback") { folder, _ in
            [CheckpointCallback(folder: folder + "/checkpoints", overwrites: true, console: quiet)]
        },
        Callbacks("DistributedCallback") { _, ranks in
            [DistributedCallback(communicator: ranks, batchNorm: .averageStatistics)]
        },
        Callbacks("PreemptionCallback") { folder, _ in
            [PreemptionCallback(saving: folder + "/p", everyEpochs: 1, console: quiet, requested: { nil })]
        },
        Callbacks("RankLog") { folder, ranks in [try RankLog(folder: folder, over: ranks)] },
        Callbacks("ResumeCallback") { ResumeCallback(ResumePoint(epoch: 0)) },
    ]
}
