// SPDX-License-Identifier: Apache-2.0
// Every built-in type says what it remembers, or there is a reason why that need not come back in a run that goes on.

import Foundation
import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepLearner

@Suite("Declared state", .timeLimit(.minutes(5))) struct DeclaredStateTests {
    // MARK: Callbacks

    /// An example of every callback, in lists that need each other; a base stands for itself where nothing extends it here.
    static func callbacks(_ folder: String, _ c: any Communicator) throws -> [[Callback]] {
        let quiet = Console { _ in }
        return [
            [DistributedCallback(communicator: c, batchNorm: .averageStatistics)], [ActivationStats()],
            [BeforeBatchCallback { _, xb, yb in (xb, yb) }], [BnFreeze()], [CSVLogger(filename: folder + "/h.csv")],
            [ClosureCallback([.afterLoss: { _ in }])], [CollectDataCallback()], [CutMixOnRows()],
            [EarlyStoppingCallback(direction: .greater, patience: 9, console: quiet)], [FetchPredsCallback()],
            [GradientAccumulation(samples: 40)], [GradientClip(maxNorm: 0.1)], [HookCallback()], [MCDropoutCallback()],
            [MixUp()], [MixedPrecision(initialScale: 16_777_216, growthInterval: 2)], [ModelResetter()],
            [ParamScheduler(["lr": .cosine(0.1, 0.01)])],
            [PreemptionCallback(saving: folder + "/p", everyEpochs: 1, console: quiet, requested: { nil })],
            [RNNCallback(), RNNRegularizer(alpha: 0.1, beta: 0.1)],
            [ReduceLROnPlateau(direction: .greater, console: quiet)],
            [SaveModelCallback(filename: folder + "/best", console: quiet)], [ShortEpochCallback(fraction: 0.9)],
            [ShowGraphCallback(console: quiet)], [SkipToEpoch(0)], [TerminateOnNaNCallback()],
            [TimeReport(console: quiet)], [TraceCallback(folder + "/t.json")], [Tracker()],
            [try RankLog(folder: folder, over: c)], [ResumeCallback(ResumePoint(epoch: 0))],
            [ProgressCallback(quiet)],
        ]
    }

    /// CutMix, which wants images, on batches that it does not get to see.
    private final class CutMixOnRows: Callback {}

    /// Types that no fit of this test can hold, and why.
    static let elsewhere = [
        "CutMix": "as MixUp: mixing is a function of seed, step and item",
        "MixHandler": "MixUp is one", "TimingCallback": "TimeReport is one",
        "TrainEvalCallback": "in every learner here",
        "Recorder": "in every learner here", "LRFinder": "lrFind is not resumed: it ends with everything put back",
        "GatherPredsCallback": "predictions are not resumed", "LossCollector": "predictions are not resumed",
        "EvaluationCallback": "predictions are not resumed",
    ]

    /// Stored properties that change from batch to batch and need not come back.
    static let reasons = [
        "Callback.run": "true in every fit",
        // A log of this program's part of the run.
        "ActivationStats.stats": "a log", "CollectDataCallback.data": "a log", "Recorder.losses": "a log",
        "Recorder.lrs": "a log", "Recorder.iters": "a log", "Recorder.rows": "a log", "Recorder.start": "a clock",
        "ParamScheduler.record": "a log", "ShowGraphCallback.plot": "drawn from the recorder",
        "ShowGraphCallback.steps": "drawn from the recorder", "TimeReport.row": "times", "TimeReport.epochs": "times",
        "TimeReport.phaseStart": "times", "TimingCallback.mark": "times", "TimingCallback.communicated": "times",
        "TraceCallback.buffer": "times", "TraceCallback.place": "times", "RankLog.start": "a clock",
        "GradientClip.norm": "to be looked at", "SaveModelCallback.lastPath": "to be looked at",
        "FetchPredsCallback.predictions": "of the last validation", "ProgressCallback.bar": "on the screen",
        // Worked out anew in every batch, phase or epoch before it is used.
        "GradientAccumulation.weight": "of the batch", "GradientAccumulation.batchItems": "of the batch",
        "GradientAccumulation.globalLoss": "of the batch", "GradientAccumulation.unscaled": "of the batch",
        "MixedPrecision.hasOverflowed": "of the step", "MixHandler.mixedLoss": "of the batch",
        "Recorder.trainValues": "of the phase", "Recorder.validValues": "of the phase",
        "Recorder.validLoss": "of the phase", "Recorder.isCancelled": "of the phase",
        "Recorder.sawPhase": "of the epoch",
        "Tracker.outcome": "of the epoch",
        "DistributedCallback.state": "between ranks, of the batch, and what it declares: buffers and kept gradients",
        "MCDropoutCallback.saved": "of the phase", "MCDropoutCallback.switchedOn": "of the phase",
        // Declared under the names of what it consists of.
        "Recorder.smooth": "count and sum", "Recorder.metrics": "each under its number",
    ]

    @Test("every callback that keeps state declares it, or is listed with a reason")
    func callbacks() throws {
        let seen = try withTemporaryFolder { folder in
            try InProcessWorld(2).run { c in try DeclaredStateTests.walk(folder.path, c) }
        }
        let undeclared = seen[0].changed.filter { DeclaredStateTests.reasons[$0.key] == nil }
        #expect(undeclared.isEmpty, "change from batch to batch, and are neither declared nor listed: \(undeclared)")
        for (property, reason) in DeclaredStateTests.reasons where seen[0].declared.contains(property) {
            Issue.record("\(property) is declared, so it needs no reason (\(reason))")
        }
        let known = seen[0].types.union(DeclaredStateTests.elsewhere.keys)
        let all = try declaredTypes(below: "Callback")
        #expect(all.count > 40, "the sources are read")
        #expect(all.subtracting(known).isEmpty, "these callbacks have no example: \(all.subtracting(known))")
    }

    struct Walk: Sendable {
        /// Properties that changed, with two of their values.
        var changed: [String: String] = [:]
        var declared: Set<String> = []
        var types: Set<String> = []
    }

    private static func walk(_ folder: String, _ c: any Communicator) throws -> Walk {
        var walk = Walk()
        for index in try callbacks(folder, c).indices {
            let examples = try callbacks(folder, c)[index]
            let learner = learner(c, examples)
            var before: [String: [String: String]] = [:]
            let watch = ClosureCallback(
                [
                    .afterBatch: { learner in
                        guard learner.training else { return }
                        for callback in learner.callbacks {
                            try walk.note(callback, &before, at: "batch")
                        }
                    },
                    .afterEpoch: { learner in
                        for callback in learner.callbacks { try walk.note(callback, &before, at: "epoch") }
                    },
                ], order: 3_000_000)
            try learner.addCallback(watch)
            if !examples.contains(where: { $0 is DistributedCallback }) {
                try learner.addCallback(DistributedCallback(communicator: c))
            }
            try learner.fit(3, lr: 0.05)
            learner.detachDistributed()
        }
        return walk
    }

    private static func learner(_ c: any Communicator, _ examples: [Callback]) -> Learner {
        setSeed(3)
        let items = TensorDataset(
            inputs: [sample([48, 4], seed: 5)], targets: [sampleIntegers([48], seed: 6, in: 0..<3)])
        let learner = Learner(
            dls: DataLoaders(DataLoader(items, batchSize: 12, shuffle: true), DataLoader(items, batchSize: 12)),
            model: Sequential {
                Linear(4, 8); BatchNorm1d(8); ReLU(); Dropout(0.2); Linear(8, 3)
            }, loss: .crossEntropy, callbacks: [Recorder(trainMetrics: true)] + examples, metrics: [.accuracy],
            defaultCallbacks: .core)
        learner.logger = SilentLogger()
        return learner
    }

    // MARK: Modules and losses

    @Test("every module that keeps state declares it")
    func modules() throws {
        let x = sample([4, 3], seed: 1)
        let sequence = sample([2, 5, 3], seed: 2)
        let images = sample([2, 4, 6, 6], seed: 3)
        let tokens = sampleIntegers([2, 5], seed: 4, in: 0..<7)
        let examples: [(Module, Tensor)] = [
            (Linear(3, 2), x), (Dropout(0.5), x), (Identity(), x), (Flatten(), images), (Apply("double") { $0 * 2 }, x),
            (ReLU(), x), (GELU(), x), (SiLU(), x), (Sigmoid(), x), (Tanh(), x), (Softmax(), x), (LogSoftmax(), x),
            (Softplus(), x), (LeakyReLU(), x), (BatchNorm(3), x), (BatchNorm1d(3), x), (BatchNorm2d(4), images),
            (BatchNorm3d(4), images.unsqueezed(axis: 2)), (InstanceNorm2d(4, trackRunningStats: true), images),
            (GroupNorm(2, 4), images), (LayerNorm(3), x), (Embedding(7, 3), tokens),
            (Conv1d(5, 2, kernelSize: 3), sequence),
            (Conv2d(4, 2, kernelSize: 3), images), (ConvTranspose2d(4, 2, kernelSize: 3), images),
            (MaxPool1d(2), sequence),
            (AvgPool1d(2), sequence), (AdaptiveAvgPool1d(2), sequence), (AdaptiveMaxPool1d(2), sequence),
            (MaxPool2d(2), images), (AvgPool2d(2), images), (AdaptiveAvgPool2d(2), images),
            (AdaptiveMaxPool2d(2), images), (LSTM(3, 4, batchFirst: true, carriesState: true), sequence),
            (GRU(3, 4, batchFirst: true, carriesState: true), sequence), (MultiheadAttention(3, 1), sequence),
            (TransformerBlock(3, 1), sequence), (Residual { Linear(3, 3) }, x), (Sequential { Linear(3, 3) }, x),
            (RecurrentLanguageModel(vocabulary: 7, width: 4, hidden: 4, carriesState: true), tokens),
            (GPT(vocabulary: 7, context: 5, width: 4, layers: 1, heads: 2), tokens),
        ]
        var types: Set<String> = ["Recurrent", "TabularModel"]  // LSTM and GRU; embeddings, batch norm and layers
        for (module, input) in examples {
            for part in module.modules() { types.insert(part.typeName) }
            let before = module.modules().map { storedProperties(of: $0) }
            _ = module.forward([input])
            for (part, stored) in zip(module.modules(), before) {
                let declared = try declared(by: part)
                for (property, value) in storedProperties(of: part) where stored[property] != value {
                    let label = String(property.split(separator: ".").last ?? "")
                    // Looked up once, the same for the life of the object.
                    if property == "Module.known" { continue }
                    #expect(declared.contains(label), "\(part.typeName): \(property) was \(stored[property] ?? "")")
                }
            }
        }
        let missing = try declaredTypes(below: "Module").subtracting(types)
        #expect(missing.isEmpty, "these modules have no example: \(missing)")
    }

    @Test("losses keep nothing from batch to batch")
    func losses() throws {
        let (scores, classes) = (sample([4, 3], seed: 1), sampleIntegers([4], seed: 2, in: 0..<3))
        let (numbers, shares) = (sample([4, 3], seed: 3), sample([4, 3], seed: 4, in: 0..<1))
        let examples: [(any LossFunction, Tensor, Tensor)] = [
            (CrossEntropyFlat(), scores, classes), (FocalFlat(), scores, classes), (DiceLoss(), scores, classes),
            (LabelSmoothingCrossEntropy(), scores, classes), (LabelSmoothingCrossEntropyFlat(), scores, classes),
            (MSEFlat(), scores, numbers), (L1Flat(), scores, numbers), (BCEFlat(), shares, shares),
            (BCEWithLogitsFlat(), scores, shares), (CustomLoss("own") { p, t in (p - t).abs() }, scores, numbers),
            (MixedLoss(CrossEntropyFlat()), scores, classes),
        ]
        for (loss, prediction, target) in examples {
            let before = storedProperties(of: loss)
            _ = loss(prediction, target)
            #expect(storedProperties(of: loss) == before, "\(loss.name)")
        }
        let missing = try declaredTypes(below: "LossFunction").subtracting(examples.map { "\(type(of: $0.0))" })
        #expect(missing.isEmpty, "these losses have no example: \(missing)")
    }
}

extension DeclaredStateTests.Walk {
    fileprivate mutating func note(
        _ callback: Callback, _ before: inout [String: [String: String]], at moment: String
    ) throws {
        types.insert(callback.typeName)
        // Subclasses stand for their bases.
        var level = Mirror(reflecting: callback).superclassMirror
        while let mirror = level {
            types.insert("\(mirror.subjectType)")
            level = mirror.superclassMirror
        }
        let key = "\(ObjectIdentifier(callback)) \(moment)"
        let stored = storedProperties(of: callback)
        let labels = try LockstepDistributedTests.declared(by: callback)
        for (property, value) in stored {
            let label = String(property.split(separator: ".").last ?? "")
            if labels.contains(label) {
                declared.insert(property)
            } else if let old = before[key]?[property], old != value {
                changed[property] = "\(old.prefix(80)) → \(value.prefix(80))"
            }
        }
        before[key] = stored
    }
}
