// SPDX-License-Identifier: Apache-2.0
// Every built-in type says what it remembers, or there is a reason why that need not come back in a run that goes on.

import Foundation
import LockstepChecks
import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepModels
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepLearner

@Suite("Declared state") struct DeclaredStateTests {
    // MARK: Callbacks

    /// The listed callbacks, in lists that need each other, and those that only this package adds.
    static func callbacks(_ folder: String, _ c: any Communicator) throws -> [[Callback]] {
        // One wants images, one is in every learner here.
        try Listed.callbacks.filter { !["CutMix", "Recorder"].contains($0.name) }.map { try $0.make(folder, c) } + [
            [SkipToEpoch(0)]
        ]
    }

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
        "CheckpointCallback.keeping": "times", "CheckpointCallback.lastTime": "a clock",
        "CheckpointCallback.isDeferred": "when, not what", "CheckpointCallback.progress": "of the fit at hand",
        "CheckpointCallback.completed": "of the last batch", "CheckpointCallback.modelParts": "of the model",
        "GradientClip.norm": "to be looked at", "SaveModelCallback.lastPath": "to be looked at",
        "FetchPredsCallback.predictions": "of the last validation", "ProgressCallback.bar": "on the screen",
        // Worked out anew in every batch, phase or epoch before it is used.
        "GradientAccumulation.weight": "of the batch", "GradientAccumulation.batchItems": "of the batch",
        "GradientAccumulation.globalLoss": "of the batch", "GradientAccumulation.unscaled": "of the batch",
        "MixedPrecision.hasOverflowed": "of the step", "WeightAverage.wasCancelled": "of the step",
        "MixHandler.mixedLoss": "of the batch",
        "Recorder.trainValues": "of the phase", "Recorder.validValues": "of the phase",
        "Recorder.validLoss": "of the phase", "Recorder.isCancelled": "of the phase",
        "Recorder.sawPhase": "of the epoch",
        "Tracker.outcome": "of the epoch",
        "TensorBoardCallback.writer": "a log; where it goes on is declared",
        "DistributedCallback.state": "between ranks, of the batch, and what it declares: buffers and kept gradients",
        "MCDropoutCallback.switchedOn": "of the phase",
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
        let all = try Listed.declaredTypes(below: "Callback")
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
        var types: Set = ["Recurrent", "TextBody"]  // LSTM and GRU; bodies of texts
        let examples = Listed.layers.map { ($0.make(), $0.inputs(.float32)) }
        for (module, inputs) in examples {
            for part in module.modules() { types.insert(part.typeName) }
            let before = module.modules().map { storedProperties(of: $0) }
            _ = module.forward(inputs)
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
        let missing = try Listed.declaredTypes(below: "Module").subtracting(types)
        #expect(missing.isEmpty, "these modules have no example: \(missing)")
    }

    @Test("losses keep nothing from batch to batch")
    func losses() throws {
        let mixed = { MixedLoss(CrossEntropyFlat()) as any LossFunction }
        let examples = Listed.losses.map { ($0.make(), $0.prediction(), $0.target()) }
        for (loss, prediction, target) in examples + [(mixed(), examples[0].1, examples[0].2)] {
            let before = storedProperties(of: loss)
            _ = loss(prediction, target)
            #expect(storedProperties(of: loss) == before, "\(loss.name)")
        }
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
