// SPDX-License-Identifier: Apache-2.0
// Callbacks that follow a column of the report.

import Foundation
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

/// A learner whose column `name` takes the given values, one an epoch; nil is a column without a value.
private func scripted(
    _ values: [Double?], name: String = "valid_score_loss", path: String = ".", _ callbacks: [Callback]
) -> Learner {
    final class Script { var epoch = 0 }
    let script = Script()
    let learner = goldenLearner(
        lr: 1e-2, metrics: [ValueMetric(name) { values[min(script.epoch, values.count - 1)] }],
        callbacks: [ClosureCallback([.beforeEpoch: { script.epoch = $0.epoch }])] + callbacks)
    learner.path = path
    return learner
}

private func folder() throws -> String {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("lockstep-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url.path
}

@Suite("Trackers")
struct TrackerTests {
    private let column = "valid_score_loss"

    @Test("[TRK-01] the direction follows from the name")
    func direction() {
        let less = ["valid_loss", "train_loss", "error_rate", "LogLoss"]
        for name in less { #expect(Tracker(monitor: name).direction == .less, "\(name)") }
        for name in ["accuracy", "lossless_score"] { #expect(Tracker(monitor: name).direction == .greater, "\(name)") }
        #expect(Tracker(monitor: "mae", direction: .less).direction == .less)
    }

    @Test("[TRK-01] orders: tracker 60, saving 61, plateau 62, stopping 63, NaN −9")
    func orders() {
        let callbacks: [Callback] = [
            Tracker(), SaveModelCallback(), ReduceLROnPlateau(), EarlyStoppingCallback(), TerminateOnNaNCallback(),
        ]
        #expect(callbacks.map(\.order) == [60, 61, 62, 63, -9])
    }

    @Test("[TRK-01] stops after patience: 5, 4, 4, 4 with 2 in epoch 3")
    func earlyStopping() throws {
        let out = TextCollector()
        let stop = EarlyStoppingCallback(monitor: column, patience: 2, console: out.console())
        let learner = scripted([5, 4, 4, 4, 3, 2], [stop])
        try learner.fit(6)
        #expect(learner.recorder?.rows.count == 4)
        #expect(out.text == "No improvement since epoch 1: early stopping\n")
        #expect(stop.best == 4)
    }

    @Test("[TRK-02] an improvement must exceed the least difference")
    func minDelta() throws {
        let out = TextCollector()
        let learner = scripted(
            [5, 4.5, 4.4, 1], [EarlyStoppingCallback(monitor: column, minDelta: 0.2, console: out.console())])
        try learner.fit(4)
        #expect(learner.recorder?.rows.count == 3)
        let exact = Tracker(monitor: column, minDelta: 0.5)
        try scripted([5, 4.5], [exact]).fit(2)
        #expect(exact.best == 5, "4.5 beats 5 by 0.5, not by more")
    }

    @Test("[TRK-03] the best value can outlive a fit")
    func resetOnFit() throws {
        let (kept, forgotten) = (Tracker(monitor: column, resetOnFit: false), Tracker(monitor: column))
        let learner = scripted([2], [kept, forgotten])
        try learner.fit(1)
        learner.metrics = [ValueMetric(column) { 3 }]
        try learner.fit(1)
        #expect(kept.best == 2 && forgotten.best == 3)
    }

    @Test("[TRK-04] NaN from the first batch on: nothing is recorded, the fit ends")
    func terminate() throws {
        let learner = goldenLearner(callbacks: [TerminateOnNaNCallback()])
        try learner.on(.afterPred) { learner in
            if learner.training, learner.trainIter == 1 { learner.pred = learner.pred.map { $0 * Double.nan } }
        }
        var cancelled = false
        try learner.on(.afterCancelFit) { _ in cancelled = true }
        try learner.fit(3)
        #expect(learner.recorder?.losses.count == 1)
        #expect(learner.recorder?.rows.isEmpty == true)
        #expect(cancelled)
    }

    @Test("[TRK-04] a column that is always NaN never improves; the model stays as it is")
    func allNaN() throws {
        let path = try folder()
        let out = TextCollector()
        let save = SaveModelCallback(monitor: column, console: out.console())
        let learner = scripted([.nan], path: path, [save])
        try learner.fit(2)
        #expect(save.best == nil && save.lastPath == nil && out.text.isEmpty)
    }

    @Test("[TRK-05] a column without a value is no improvement; a skipped epoch is nothing at all")
    func noValue() throws {
        let stop = EarlyStoppingCallback(monitor: column, patience: 2, console: TextCollector().console())
        let learner = scripted([5, nil, nil, 1], [stop])
        try learner.fit(5)
        #expect(learner.recorder?.rows.count == 3)
        let resumed = scripted([5, 4, 3, 2], [EarlyStoppingCallback(monitor: column, patience: 1)])
        try resumed.fit(4, startEpoch: 2)
        #expect(resumed.recorder?.rows.map(\.epoch) == [2, 3])
    }

    @Test("a model that cannot be written is tried again for some seconds")
    func badMoment() throws {
        let path = try folder()
        let models = path + "/models"
        let save = SaveModelCallback(monitor: column, console: TextCollector().console())
        let learner = scripted([3, 2, 1], path: path, [save])
        try learner.on(.beforeEpoch) { learner in
            guard learner.epoch == 1 else { return }
            try FileManager.default.removeItem(atPath: models)
            try Files.writeAtomically([Array("in the way".utf8)], to: models)
            Thread.detachNewThread {
                usleep(500_000)
                unlink(models)
            }
        }
        try learner.fit(3)
        #expect(save.lastPath == models + "/model.safetensors" && Files.exists(models + "/model.safetensors"))
    }

    @Test("[TRK-06] the best model is back at the end of the fit, even if stopped early")
    func bestRestored() throws {
        let path = try folder()
        let out = TextCollector()
        let save = SaveModelCallback(monitor: column, filename: "best", console: out.console())
        let stop = EarlyStoppingCallback(monitor: column, patience: 2, console: out.console())
        let learner = scripted([3, 1, 2, 2, 0], path: path, [stop, save])
        var weights: [[Float]] = []
        try learner.on(.afterValidate) { weights.append($0.model.parameters().flatMap { $0.value.floats }) }
        try learner.fit(5)
        #expect(learner.model.parameters().flatMap { $0.value.floats } == weights[1])
        #expect(
            out.text == """
                Better model found at epoch 0 with \(column) value: 3.0.
                Better model found at epoch 1 with \(column) value: 1.0.
                No improvement since epoch 1: early stopping\n
                """)
    }

    @Test("[TRK-01] saving every so many epochs, and at the end")
    func savingMoments() throws {
        let path = try folder()
        let learner = scripted([1, 2, 3, 4, 5], path: path, [])
        let quiet = TextCollector().console()
        try learner.fit(5, callbacks: [SaveModelCallback(monitor: column, saving: .everyEpoch(2), console: quiet)])
        let files = try FileManager.default.contentsOfDirectory(atPath: path + "/models").sorted()
        #expect(files == ["model_0.safetensors", "model_2.safetensors", "model_4.safetensors"])
        let last = SaveModelCallback(monitor: column, filename: "last", saving: .atEnd, console: quiet)
        try learner.fit(2, callbacks: [last])
        let weights = learner.model.parameters().flatMap { $0.value.floats }
        try learner.load("last")
        #expect(learner.model.parameters().flatMap { $0.value.floats } == weights)
    }

    @Test("[TRK-01] the rate falls after each plateau: epochs 3 and 5")
    func plateau() throws {
        let out = TextCollector()
        let reduce = ReduceLROnPlateau(monitor: column, patience: 2, console: out.console())
        let learner = scripted([5, 4, 4, 4, 4, 4], [reduce])
        try learner.fit(6, lr: 1e-2)
        #expect(out.text == "Epoch 3: reducing lr to 0.001\nEpoch 5: reducing lr to 0.0001\n")
        #expect(learner.recorder?.lrs == [0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.001, 0.001, 0.001, 0.001])
        let floor = ReduceLROnPlateau(monitor: column, factor: 10, minLR: 5e-3, console: out.console())
        let other = scripted([4], [floor])
        try other.fit(4, lr: 1e-2)
        #expect(other.optimizer?.hyper("lr", group: 0) == 5e-3)
    }

    @Test("[TRK-01] a column that does not exist is an error that names those that do")
    func unknownColumn() throws {
        let learner = goldenLearner(metrics: [.mae], callbacks: [Tracker(monitor: "accuracy")])
        let error = #expect(throws: CallbackError.self) { try learner.fit(1) }
        #expect((error?.underlying as? TrackerError)?.columns == ["train_loss", "valid_loss", "mae"])
    }

    @Test("[TRK-06] fine-tuning keeps the best of both phases")
    func fineTune() throws {
        let tracker = Tracker(monitor: "valid_loss")
        let learner = groupedLearner(2, [tracker])
        var values: [Double] = []
        try learner.on(.afterEpoch, order: 55) { values.append($0.finalRecord[1] ?? .nan) }
        try learner.fineTune(2)
        #expect(values.count == 3 && tracker.best == values.min())
        #expect(tracker.resetOnFit)
    }
}
