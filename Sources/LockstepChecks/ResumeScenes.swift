// SPDX-License-Identifier: Apache-2.0
// Fits whose next step depends on what something remembers, each to be interrupted anywhere.

import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting

/// A kind of fit, made anew for every run.
struct ResumeScene: Sendable {
    let name: String
    /// A learner whose files go to a folder.
    let make: @Sendable (_ folder: String, _ callbacks: [Callback]) -> Learner
    var fit: @Sendable (_ learner: Learner, _ callbacks: [Callback], _ resume: ResumePolicy) throws -> Void = {
        try $0.fitOneCycle(3, lrMax: 0.02, callbacks: $1, resume: $2)
    }
    var batchNorm = BatchNormPolicy.sync
    /// How far another number of ranks may lead away, by rounding.
    var tolerance = 5e-3

    /// Every scene.
    static let all: [ResumeScene] = [
        ResumeScene(name: "half precision whose scale overflows") { folder, callbacks in
            classifier(folder, callbacks + [MixedPrecision(initialScale: 16_777_216, growthInterval: 3)])
        },
        ResumeScene(name: "accumulation that leaves a remainder at every epoch's end") { folder, callbacks in
            classifier(folder, callbacks + [GradientAccumulation(samples: 13)], rows: 22)
        },
        ResumeScene(name: "accumulation of a loss that adds up, clipped") { folder, callbacks in
            let learner = classifier(folder, callbacks + [GradientAccumulation(samples: 13), GradientClip(maxNorm: 5)])
            learner.lossFunction.reduction = .sum
            return learner
        },
        ResumeScene(name: "half precision under accumulation") { folder, callbacks in
            classifier(
                folder,
                callbacks + [
                    GradientAccumulation(samples: 16), MixedPrecision(initialScale: 16_777_216, growthInterval: 2),
                ])
        },
        ResumeScene(name: "a language model that carries its state", make: languageModel),
        ResumeScene(name: "one that forgets it between phases") { folder, callbacks in
            languageModel(folder, callbacks + Callback.recurrent(alpha: 0.1, beta: 0.1))
        },
        ResumeScene(
            name: "trackers at a constant rate",
            make: { folder, callbacks in
                let quiet = Console { _ in }
                return classifier(
                    folder,
                    callbacks + [
                        EarlyStoppingCallback(direction: .greater, patience: 3, console: quiet),
                        ReduceLROnPlateau(direction: .greater, patience: 1, factor: 3, console: quiet),
                        SaveModelCallback(monitor: "accuracy", filename: "best", console: quiet),
                    ])
            }, fit: { try $0.fit(5, lr: 0.05, callbacks: $1, resume: $2) }),
        ResumeScene(name: "dropout on in validation, mixed items, a metric of training batches") { folder, callbacks in
            classifier(
                folder, callbacks + [MCDropoutCallback(), MixUp()], recorder: Recorder(trainMetrics: true))
        },
        ResumeScene(
            name: "epochs cut short, Lookahead, restarts",
            make: { folder, callbacks in
                classifier(
                    folder, callbacks + [ShortEpochCallback(fraction: 0.5, shortValid: false)], optimizer: .ranger(k: 3)
                )
            }, fit: { try $0.fitSGDR(cycles: 2, cycleLength: 1, lrMax: 0.02, callbacks: $1, resume: $2) }),
        ResumeScene(
            name: "running statistics that ranks average once an epoch",
            make: { folder, callbacks in classifier(folder, callbacks, rows: 48, batchSize: 12) },
            batchNorm: .averageStatistics, tolerance: .infinity),
        ResumeScene(name: "a layer that thaws, and one whose memory is a buffer that is not saved") {
            folder, callbacks in
            classifier(folder, callbacks + [Thaw()], model: Drifting.init)
        },
        ResumeScene(name: "a data set that skips items") { folder, callbacks in
            let learner = classifier(folder, callbacks)
            let data = MapDataset(0..<31) { index -> Sample in
                if index % 5 == 1 || index == 12 { throw SkipItem() }
                return Sample(
                    inputs: [sample([4], seed: UInt64(index))], targets: [Tensor(Double(index % 3), dtype: .int64)])
            }
            learner.dls = DataLoaders(
                DataLoader(data, batchSize: 6, shuffle: true), DataLoader(data, batchSize: 6), path: folder)
            return learner
        },
    ]

    /// Fits of several phases, which only a program that is started again can go on with.
    static let phases: [ResumeScene] = [
        ResumeScene(
            name: "fine-tuning, the first phase and the second",
            make: { folder, callbacks in
                let learner = classifier(folder, callbacks + [MixUp()])
                learner.splitter = ParameterSplitter { model in
                    let all = model.parameters()
                    return [Array(all.prefix(2)), Array(all.dropFirst(2))]
                }
                return learner
            }, fit: { try $0.fineTune(2, freezeEpochs: 1, callbacks: $1, resume: $2) }),
        ResumeScene(
            name: "two fits, the second with a new optimizer",
            make: { folder, callbacks in classifier(folder, callbacks) },
            fit: {
                try $0.fit(1, lr: 0.02, callbacks: $1, resume: $2)
                try $0.fitFlatCos(2, lr: 0.01, callbacks: $1, resetOptimizer: true, resume: $2)
            }),
    ]

    /// Batch norm, dropout, momentum and moments on 24 items of four numbers in batches of six.
    @Sendable private static func classifier(
        _ folder: String, _ callbacks: [Callback], rows: Int = 24, batchSize: Int = 6, recorder: Recorder = Recorder(),
        optimizer: OptimizerFactory = .adam(), model: (() -> Module)? = nil
    ) -> Learner {
        setSeed(3)
        let items = TensorDataset(
            inputs: [sample([rows, 4], seed: 5)], targets: [sampleIntegers([rows], seed: 6, in: 0..<3)])
        let learner = Learner(
            dls: DataLoaders(
                DataLoader(items, batchSize: batchSize, shuffle: true), DataLoader(items, batchSize: batchSize),
                path: folder),
            model: model?()
                ?? Sequential {
                    Linear(4, 8); BatchNorm1d(8); ReLU(); Dropout(0.2); Linear(8, 3)
                }, loss: .crossEntropy, optimizer: optimizer, callbacks: [recorder] + callbacks,
            metrics: [.accuracy], modelDirectory: "", defaultCallbacks: .core)
        learner.logger = SilentLogger()
        return learner
    }

    @Sendable private static func languageModel(_ folder: String, _ callbacks: [Callback]) -> Learner {
        setSeed(4)
        let tokens = TensorDataset(
            inputs: [sampleIntegers([24, 5], seed: 7, in: 0..<7)],
            targets: [sampleIntegers([24, 5], seed: 8, in: 0..<7)])
        let data = DataLoader(tokens, batchSize: 6)
        let learner = Learner(
            dls: DataLoaders(data, data, path: folder),
            model: RecurrentLanguageModel(
                vocabulary: 7, width: 4, hidden: 6, layers: 2, dropout: 0.1, carriesState: true),
            loss: .crossEntropy, callbacks: [Recorder()] + callbacks, modelDirectory: "", defaultCallbacks: .core)
        learner.logger = SilentLogger()
        return learner
    }
}

/// Trains its second layer from the second epoch on only.
private final class Thaw: Callback {
    override func beforeEpoch(_ learner: Learner) {
        guard let model = learner.model as? Drifting else { return }
        if learner.epoch == 0 { for parameter in model.last.parameters() { parameter.isTrainable = false } }
        if learner.epoch == 1 { for parameter in model.last.parameters() { parameter.isTrainable = true } }
    }
}

/// A model whose outputs move with the number of batches it has seen.
private final class Drifting: Module, UnaryLayer {
    let first = Linear(4, 8)
    let last = Linear(8, 3)
    @Buffer var seen: Tensor

    override init() {
        _seen = Buffer(wrappedValue: .zeros([1]), isSaved: false)
        super.init()
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        if isTraining { seen = seen + 0.1 }
        return last(first(x).tanh() + seen)
    }
}
