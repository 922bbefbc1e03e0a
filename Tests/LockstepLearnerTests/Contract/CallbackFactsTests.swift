// SPDX-License-Identifier: Apache-2.0
// Facts of the behaviour contract about callbacks that have no number of their own.

import LockstepData
import LockstepLearner
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Callbacks: facts of the contract")
struct CallbackFactsTests {
    private struct Oops: Error {}

    @Test("[CB-01] the events of a batch, and no others, are gated")
    func innerEvents() {
        #expect(
            Event.allCases.filter(\.isInner) == [
                .beforeBatch, .afterPred, .afterLoss, .beforeBackward, .afterCancelBackward, .afterBackward,
                .beforeStep, .afterCancelStep, .afterStep, .afterCancelBatch, .afterBatch,
            ])
        #expect(Event.allCases.count == 24 && Event.allCases.first == .afterCreate && Event.allCases.last == .afterFit)
    }

    @Test("[CB-02] a callback that sits out does not see after_fit either, only that it is on again")
    func sittingOut() throws {
        final class Shy: Callback {
            var seen: [Event] = []
            override func beforeFit(_ learner: Learner) {
                seen.append(.beforeFit)
                run = false
            }
            override func afterEpoch(_ learner: Learner) { seen.append(.afterEpoch) }
            override func afterFit(_ learner: Learner) { seen.append(.afterFit) }
        }
        let shy = Shy()
        let learner = tinyLearner([shy])
        try learner.fit(1)
        #expect(shy.seen == [.beforeFit] && shy.run)
        struct Stop: Error {}
        #expect(throws: CallbackError.self) { try learner.fit(1, callbacks: [Throwing(Stop(), at: .afterStep)]) }
        #expect(shy.run, "also after an error")
    }

    @Test("[CB-03] scopes of several callbacks, nested, and with a throw inside")
    func scopes() throws {
        let learner = synthLearner()
        let (a, b) = (VerboseCallback(), TestTrainEvalCallback())
        try learner.withAddedCallbacks([a, b]) {
            #expect(learner.callbacks.count == 3)
            try learner.withRemovedCallbacks([a]) { learner in
                #expect(learner.callbacks.count == 2 && a.learner == nil)
                try learner.fit(1)
            }
            #expect(learner.callbacks[1] === a && a.learner === learner)
        }
        #expect(learner.callbacks.count == 1 && a.learner == nil && b.learner == nil)
        #expect(throws: Oops.self) {
            try learner.withAddedCallbacks([a, b]) {
                try learner.withRemovedCallbacks(ofType: VerboseCallback.self) { _ in throw Oops() }
            }
        }
        #expect(learner.callbacks.count == 1)
    }

    @Test("[CB-04] a removed class is gone by name and by type, and nobody is called any more")
    func removedClass() throws {
        let added = [VerboseCallback(), VerboseCallback()]
        let learner = tinyLearner(added)
        #expect(learner.callback(named: "verbose") === added[1])
        learner.removeCallback(added[1])
        #expect(learner.callback(named: "verbose") === added[0])
        try learner.addCallback(added[1])
        learner.removeCallbacks(ofType: VerboseCallback.self)
        #expect(learner.callback(named: "verbose") == nil && learner.callback(ofType: VerboseCallback.self) == nil)
        #expect(added.allSatisfy { $0.learner == nil })
        try learner.fit(1)
        #expect(added.allSatisfy { $0.events == [.afterCreate] })
    }

    @Test("[§4.3] one instance twice is refused, whole or not at all; removing what is not there is harmless")
    func twice() throws {
        let learner = synthLearner()
        let callback = VerboseCallback()
        #expect(throws: LearnerError.self) { try learner.addCallbacks([callback, callback]) }
        #expect(learner.callbacks.count == 1 && callback.learner == nil)
        learner.removeCallback(callback)
        learner.removeCallbacks(ofType: EarlyStoppingCallback.self)
        #expect(learner.callbacks.count == 1)
    }

    @Test("[§4.4] the orders others slot between")
    func orders() throws {
        let orders: [(Callback, Int)] = [
            (ActivationStats(), -20), (TrainEvalCallback(), -10), (TerminateOnNaNCallback(), -9),
            (GatherPredsCallback(), 0), (FetchPredsCallback(), 0), (RNNCallback(), 0), (RNNRegularizer(), 1),
            (MixedPrecision(), 10), (CSVLogger(), 60), (ShowGraphCallback(), 65), (MixUp(), 0),
            (CutMix(), 0), (ShortEpochCallback(), 0),
            (CollectDataCallback(), 0), (MCDropoutCallback(), 0), (BnFreeze(), 0), (ModelResetter(), 0),
            (HookCallback(), 0), (GradientAccumulation(), 6), (GradientClip(), 11), (Recorder(), 50),
            (ParamScheduler(["lr": .constant(1)]), 60), (ProgressCallback(), 60), (Tracker(), 60),
            (SaveModelCallback(), 61), (ReduceLROnPlateau(), 62), (EarlyStoppingCallback(), 63), (SkipToEpoch(1), 70),
            (CSVLogger(), 60), (RNNCallback(), 0), (RNNRegularizer(), 1),
        ]
        for (callback, order) in orders { #expect(callback.order == order, "\(callback.typeName)") }
        #expect(Callback().order == 0 && Callback().run && Callback().runTrain && Callback().runValid)
        let learner = synthLearner(callbacks: [BnFreeze(), ActivationStats()])
        #expect(
            learner.runningOrder.map(\.typeName) == ["ActivationStats", "TrainEvalCallback", "BnFreeze"])
    }

    @Test("[S18] [CB-10] a class that changes the batch in before_batch does what the function does")
    func beforeBatchClass() throws {
        final class Shift: Callback {
            override func beforeBatch(_ learner: Learner) {
                learner.xb = learner.xb + 1000
                learner.yb = learner.yb - 1000
            }
        }
        let data = lineDataset(4)
        let plain = data.inputs[0].doubles
        for change in [Shift(), BeforeBatchCallback { _, xb, yb in (xb + 1000, yb - 1000) }] as [Callback] {
            let learner = tinyLearner([change])
            learner.dls = DataLoaders(DataLoader(data, batchSize: 4), DataLoader(data, batchSize: 4))
            var seen: [(x: Tensor, y: Tensor, pred: Tensor, loss: Double)] = []
            try learner.on(.afterLoss, order: 1) { learner in
                guard let x = learner.x, let y = learner.y, let pred = learner.pred, let loss = learner.loss else {
                    return
                }
                seen.append((x, y, pred.detached, loss.item()))
            }
            try learner.fit(1, lr: 0)
            #expect(seen.count == 2, "training and validation")
            for batch in seen {
                expectClose(batch.x, data.inputs[0] + 1000)
                expectClose(batch.y, data.targets[0] - 1000)
                expectClose(batch.pred, batch.x * 0.5 - 0.5, relative: 1e-6)
                expectClose(batch.loss, (batch.pred - batch.y).square().mean().item(), relative: 1e-5)
            }
            #expect(data.inputs[0].doubles == plain)
        }
    }

    @Test("[LOOP-31] the original error is reachable, and an escaping signal names where it came from")
    func reachable() throws {
        struct Detailed: Error, Equatable { let code: Int }
        let error = #expect(throws: CallbackError.self) {
            try tinyLearner().fit(1, callbacks: [Throwing(Detailed(code: 7), at: .afterValidate)])
        }
        #expect(error?.underlying as? Detailed == Detailed(code: 7) && error?.event == .afterValidate)
        let escaped = #expect(throws: EscapedCancelError.self) {
            try tinyLearner().fit(1, callbacks: [Throwing(CancelSignal.epoch, at: .beforeFit)])
        }
        #expect(escaped?.signal == .epoch && escaped?.callback == "Throwing" && escaped?.event == .beforeFit)
    }
}
