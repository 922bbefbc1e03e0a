// SPDX-License-Identifier: Apache-2.0
// What is recorded, tracked and scheduled: facts of the contract that the numbered tests leave open.

import Foundation
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Records and trackers: facts of the contract")
struct RecordFactsTests {
    private let quiet = Console { _ in }
    private func weights(_ learner: Learner) -> [Double] { learner.model.parameters().flatMap { $0.value.doubles } }

    @Test("[CORE-10] training metrics are those of the predictions the batches trained with")
    func trainMetrics() throws {
        let learner = goldenLearner(
            metrics: [.mae], defaultCallbacks: [TrainEvalCallback(), Recorder(trainMetrics: true)])
        var errors: [Double] = []
        try learner.on(.afterLoss) { learner in
            guard learner.training, let pred = learner.pred?.detached else { return }
            errors.append((pred - learner.yb[0]).abs().mean().item())
        }
        try learner.fit(1)
        let row = try #require(learner.recorder?.rows.first)
        #expect(errors.count == 2)
        expectClose(try #require(row["train_mae"]), (errors[0] + errors[1]) / 2, relative: 1e-6)
        #expect(row["train_mae"] != row["valid_mae"])
    }

    @Test("[CORE-11] a training phase cut short reports nothing for itself; the next epoch is whole again")
    func cutOnce() throws {
        let learner = goldenLearner(
            metrics: [.mae],
            callbacks: [Throwing(CancelSignal.train, at: .afterBatch, when: { $0.training && $0.epoch == 0 })])
        try learner.fit(2)
        let known = (learner.recorder?.values ?? []).map { $0.map { $0 != nil } }
        #expect(known == [[false, true, true], [true, true, true]])
        #expect(learner.recorder?.iters == [0, 2], "the callback stopped before the recorder's turn")
    }

    @Test("[S23] [CORE-14] a row's text: whole epoch, six decimals, minutes and seconds")
    func rowText() throws {
        let learner = goldenLearner(metrics: [.mse])
        let text = TextCollector()
        learner.logger = PrintLogger(text.console())
        try learner.fit(2)
        let lines = text.text.split(separator: "\n")
        #expect(lines.count == 2)
        for (epoch, line) in lines.enumerated() {
            #expect(
                line.wholeMatch(of: /\[(\d+), \d+\.\d{6}, \d+\.\d{6}, \d+\.\d{6}, 00:\d\d\]/)?.output.1 == "\(epoch)",
                "\(line)")
        }
    }

    // MARK: Trackers

    /// A learner whose column `score_loss` takes the given values, one an epoch.
    private func scripted(_ values: [Double], path: String = ".", _ callbacks: [Callback]) -> Learner {
        final class Script { var epoch = 0 }
        let script = Script()
        let learner = goldenLearner(
            lr: 1e-2, metrics: [ValueMetric("score_loss") { values[min(script.epoch, values.count - 1)] }],
            callbacks: [ClosureCallback([.beforeEpoch: { script.epoch = $0.epoch }])] + callbacks)
        learner.path = path
        return learner
    }

    @Test("[TRK-01] on ties the first best model is kept; an older file of that name is never taken for it")
    func ties() throws {
        try withTemporaryFolder { folder in
            let save = SaveModelCallback(monitor: "score_loss", console: quiet)
            let learner = scripted([2, 1, 1, 1], path: folder.path, [save])
            var after: [[Double]] = []
            try learner.on(.afterValidate) { after.append(weights($0)) }
            try learner.fit(4)
            #expect(weights(learner) == after[1] && save.best == 1)
            let stale = scripted([.nan], path: folder.path, [SaveModelCallback(monitor: "score_loss", console: quiet)])
            var last: [Double] = []
            try stale.on(.afterValidate) { last = weights($0) }
            stale.coordinator = SilentCoordinator()
            try stale.fit(4)
            #expect(weights(stale) == last && weights(stale) != after[1])
        }
    }

    @Test("[TRK-01] saving at the end saves improvements too; the last model stays")
    func atEnd() throws {
        try withTemporaryFolder { folder in
            let out = TextCollector()
            let learner = scripted(
                [2, 1, 3], path: folder.path,
                [SaveModelCallback(monitor: "score_loss", filename: "m", saving: .atEnd, console: out.console())])
            var last: [Double] = []
            try learner.on(.afterValidate) { last = weights($0) }
            try learner.fit(3)
            #expect(out.text.components(separatedBy: "Better model found").count == 3)
            #expect(weights(learner) == last)
            try learner.load("m")
            #expect(weights(learner) == last)
        }
    }

    @Test("[TRK-04] an infinite loss in validation ends the fit too", arguments: [Double.infinity, -.infinity, .nan])
    func badValidation(_ bad: Double) throws {
        let learner = goldenLearner(callbacks: [TerminateOnNaNCallback()])
        try learner.on(.afterPred) { if !$0.training { $0.pred = $0.pred.map { $0 + bad } } }
        try learner.fit(3)
        #expect(learner.recorder?.losses.count == 2 && learner.recorder?.rows.isEmpty == true)
        #expect(try learner.validate().count == 1, "inference is not stopped")
    }

    @Test("[TRK-02] greater values: an improvement must exceed the least difference as well")
    func greater() throws {
        func best(_ values: [Double], minDelta: Double) throws -> Double? {
            let tracker = Tracker(monitor: "score_loss", direction: .greater, minDelta: minDelta)
            try scripted(values, [tracker]).fit(values.count)
            return tracker.best
        }
        #expect(try best([1, 1.25, 1.5], minDelta: 0.25) == 1.5)
        #expect(try best([1, 1.25], minDelta: 0.25) == 1)
        #expect(try best([1, 0.5, 1.25], minDelta: 0) == 1.25)
    }

    @Test("[CORE-12] history survives predict, tta and showResults")
    func untouched() throws {
        let data = try Datasets(
            (0..<8).map { Tensor([Float($0)]) },
            transforms: [[], [FunctionTransform { (x: Tensor) in x * 2 + 3 }]],
            splits: Split(train: [0, 1, 2, 3], valid: [4, 5, 6, 7]))
        let learner = goldenLearner(lr: 1e-3, metrics: [.mae])
        learner.dls = data.dataLoaders(batchSize: 2)
        try learner.fit(2)
        let recorder = try #require(learner.recorder)
        func history() -> ([EpochRow], [Double], [Double], [Int], [Double?], Double?) {
            (recorder.rows, recorder.losses, recorder.lrs, recorder.iters, learner.finalRecord, learner.smoothLoss)
        }
        let (before, events) = (history(), VerboseCallback())
        try learner.addCallback(events)
        _ = try learner.predict(Tensor([1 as Float]))
        _ = try learner.tta(n: 2)
        _ = try learner.showResults(console: nil)
        #expect(events.events.contains(.beforeValidate) && !events.events.contains(.beforeTrain))
        #expect(history() == before && before.0.count == 2)
        #expect(learner.isFitting == false && learner.isInferring == false && learner.dl == nil)
    }

    // MARK: Finder

    @Test("[SCH-20] the next layer made starts from the same random numbers, with and without the finder")
    func generators() throws {
        func next(_ finds: Bool) throws -> [Float] {
            setSeed(9)
            let learner = goldenLearner(batchSize: 2, trainRows: 20)
            learner.model = Sequential {
                Linear(1, 4); Dropout(0.5); Linear(4, 1)
            }
            if finds { _ = try learner.lrFind(iterations: 20) }
            return Linear(3, 3).parameters().flatMap { $0.value.floats }
        }
        #expect(try next(true) == next(false))
    }

    @Test("[§21.4] top losses come from validation unless told otherwise, and say which items they are")
    func topLosses() throws {
        let interpretation = try Interpretation(learner: goldenLearner())
        expectClose(interpretation.losses, [0.25, 2.89, 8.41, 16.81, 28.09, 42.25], relative: 1e-5)
        #expect(interpretation.topLosses(3).map(\.index) == [5, 4, 3])
    }
}

/// One process that writes files, but says nothing: warnings of a test that provokes them do not reach the console.
private final class SilentCoordinator: TrainingCoordinator {
    var isWriter: Bool { false }
    func enter(_ phase: Phase) {}
    func agree(on signal: CancelSignal?, leaving phase: Phase) -> CancelSignal? { signal }
    func values(of metrics: [Metric]) -> [Double?] { metrics.map(\.value) }
    func gather(_ rows: BatchRows) -> BatchRows { rows }
    func write(_ body: () throws -> Void) throws { try body() }
    func read(_ body: () throws -> [UInt8]) throws -> [UInt8] { try body() }
    func abandon(because error: any Error) {}
}
