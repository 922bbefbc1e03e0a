// SPDX-License-Identifier: Apache-2.0
// Every built-in callback either comes back from a bundle or is left out of it; none makes export fail.

import Foundation
import LockstepData
import LockstepDistributed
@testable import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Export: callbacks") struct ExportedCallbacksTests {
    /// One of each; those of code that cannot be stored are refused by name, as `refused` in `ExportTests` wants.
    private func examples() -> [Callback] {
        let preds = GatherPredsCallback()
        return [
            TrainEvalCallback(), ProgressCallback(), BnFreeze(), CollectDataCallback(), MCDropoutCallback(),
            ModelResetter(), TerminateOnNaNCallback(), RNNCallback(), RNNRegularizer(),
            GradientAccumulation(samples: 7),
            MixUp(), CutMix(), Recorder(), GradientClip(), ShortEpochCallback(), EarlyStoppingCallback(),
            ReduceLROnPlateau(), SaveModelCallback(), ActivationStats(), ActivationStats(every: 2),
            ParamScheduler(["lr": .cosine(1e-2, 0)]), SkipToEpoch(1), CSVLogger(), ShowGraphCallback(),
            MixedPrecision(), ResumeCallback(ResumePoint(epoch: 1)), preds, FetchPredsCallback(), EvaluationCallback(),
            LossCollector { _, _ in [] }, DistributedCallback(), PreemptionCallback(), TimeReport(), TraceCallback("t"),
        ]
    }

    @Test("a learner with it is exported, and comes back with it or without") func exported() throws {
        for callback in examples() {
            let learner = Learner(
                dls: DataLoaders(DataLoader(lineDataset(4))), model: Identity(), loss: .mse, defaultCallbacks: .none)
            // Not through the checks of what goes together: only whether it can be stored matters.
            learner.callbacks = [callback]
            let loaded = try Learner.load(exported: learner.exported())
            #expect(loaded.callbacks.map(\.typeName) == (callback.isExported ? [callback.typeName] : []))
        }
    }

    @Test("nothing that the sources declare is forgotten") func complete() throws {
        let root = URL(fileURLWithPath: #filePath).pathComponents.dropLast(4).joined(separator: "/").dropFirst()
        let tried = Set(examples().map { "\(type(of: $0))" })
        // Bases, functions, what needs ranks to be made, the finder of rates, probes, and other executables.
        let exceptions: Set = [
            "ClosureCallback", "BeforeBatchCallback", "TimingCallback", "RankLog", "LRFinder", "StopAtNoon", "Waiting",
            "Tracker",
            "HookCallback", "MixHandler",
        ]
        var found = 0
        for module in ["LockstepLearner", "LockstepDistributed"] {
            let files = FileManager.default.enumerator(atPath: root + "/Sources/" + module)
            while let file = files?.nextObject() as? String {
                guard file.hasSuffix(".swift"), !file.hasSuffix("OverriddenEvents.swift") else { continue }
                let text = try String(contentsOfFile: "\(root)/Sources/\(module)/\(file)", encoding: .utf8)
                for match in text.matches(
                    of: /class (\w+): (Callback|Tracker|HookCallback|MixHandler|TimingCallback)\b/)
                {
                    found += 1
                    let name = String(match.1)
                    #expect(tried.contains(name) || exceptions.contains(name), "add \(name) to the list")
                }
            }
        }
        #expect(found > 35)
    }

    @Test("a learner is exported in the middle of a fit with a schedule, and of a validation") func inTheMiddle() throws
    {
        final class Exporting: Callback {
            var bundles: [[UInt8]] = []
            override var isExported: Bool { false }
            override func afterEpoch(_ learner: Learner) throws { bundles.append(try learner.exported()) }
        }
        let exporting = Exporting()
        let learner = goldenLearner()
        learner.model = Sequential { Linear(1, 1) }
        try learner.addCallback(exporting)
        try learner.fitOneCycle(2, lrMax: 0.1, startEpoch: 1)
        try learner.validate()
        #expect(exporting.bundles.count >= 2)
        for bundle in exporting.bundles {
            #expect(try Learner.load(exported: bundle).callbacks.map(\.typeName) == ["TrainEvalCallback", "Recorder"])
        }
    }
}
