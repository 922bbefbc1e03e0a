// SPDX-License-Identifier: Apache-2.0
// Facts of the behaviour contract about the loop that have no number of their own.

import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("The loop: facts of the contract")
struct LoopFactsTests {
    /// Counts how often it was told to forget its state.
    private final class Forgetful: Module, UnaryLayer {
        let line = Linear(1, 1)
        var resets = 0
        func callAsFunction(_ x: Tensor) -> Tensor { line(x) }
        override func reset() {
            resets += 1
            super.reset()
        }
    }

    private func weights(_ learner: Learner) -> [Double] { learner.model.parameters().flatMap { $0.value.doubles } }

    @Test("[§2.1] default callbacks come first, then the given ones; afterCreate is for those given at once")
    func construction() throws {
        let (first, second, late) = (VerboseCallback(), VerboseCallback(), VerboseCallback())
        let learner = synthLearner(callbacks: [first, second], defaultCallbacks: .all)
        #expect(
            learner.callbacks.map(\.typeName) == [
                "TrainEvalCallback", "Recorder", "ProgressCallback", "VerboseCallback", "VerboseCallback",
            ])
        #expect(learner.callbacks[3] === first && learner.callbacks[4] === second)
        #expect(first.events == [.afterCreate] && second.events == [.afterCreate])
        try learner.addCallback(late)
        #expect(late.events.isEmpty)
        #expect(learner.optimizer == nil && !learner.training && learner.showsProgress && learner.nEpoch == 1)
        #expect(synthLearner(defaultCallbacks: .none).callbacks.isEmpty)
        #expect(learner.moms == (0.95, 0.85, 0.95) && learner.wd == nil && !learner.wdBnBias && learner.trainBn)
        #expect(learner.path == "." && learner.modelDirectory == "models")
    }

    @Test("[§2.4] a model without parameters can be evaluated, and is told apart from a frozen one in a fit")
    func noParameters() throws {
        let learner = goldenLearner()
        learner.model = Identity()
        // The mean of (x − (2x + 3))² over six points.
        expectClose(try #require(try learner.validate()[0]), 9 + 28.0 / 15, relative: 1e-5)
        let error = #expect(throws: NothingToTrainError.self) { try learner.fit(1) }
        #expect(error?.description.contains("no parameters") == true, "\(String(describing: error))")
    }

    @Test("[§3.2] a loader swapped in before_validate is the one that is evaluated, all of it and nothing else")
    func swappedLoader() throws {
        let learner = goldenLearner(metrics: [.mae])
        let other = BatchList([Batch(inputs: [Tensor([[1]])], targets: [Tensor([[2]])])])
        try learner.on(.beforeValidate) { $0.dl = other }
        try learner.fit(1, lr: 0)
        expectClose(learner.finalRecord.compactMap { $0 }.suffix(2).map { $0 }, [4, 2], relative: 1e-6)  // a + b = 0
        #expect(learner.nIter == 1)
    }

    @Test("[LOOP-07] fit(0) opens and closes only; the optimizer is there at before_fit, training is off")
    func openAndClose() throws {
        let verbose = VerboseCallback()
        let learner = tinyLearner([verbose])
        var seen: [Bool] = []
        try learner.on(.beforeFit) { seen += [$0.optimizer != nil, !$0.training] }
        try learner.fit(0)
        #expect(verbose.events == [.afterCreate, .beforeFit, .afterFit])
        #expect(seen == [true, true])
        #expect(learner.optimizer != nil && learner.dl == nil && learner.x == nil && learner.y == nil)
    }

    @Test("[LOOP-13] a cancelled backward pass steps along what gradients there are")
    func cancelledBackward() throws {
        let learner = goldenLearner()
        let before = weights(learner)
        try learner.fit(1, callbacks: [Throwing(CancelSignal.backward, at: .beforeBackward)])
        #expect(weights(learner) == before, "nothing was there")
        let along = goldenLearner(lr: 0.5, trainRows: 4)
        try along.on(.beforeBackward) { learner in
            for parameter in learner.model.parameters() { parameter.gradient = Tensor([2] as [Float]) }
            throw CancelSignal.backward
        }
        try along.fit(1)
        expectClose(weights(along), [0.5 - 1, -0.5 - 1], relative: 1e-6)
    }

    @Test("[LOOP-15] after a cancelled step gradients are zeroed")
    func cancelledStep() throws {
        let learner = goldenLearner(callbacks: [Throwing(CancelSignal.step, at: .beforeStep, when: { $0.iter == 0 })])
        let fresh = goldenLearner()
        let second = try #require(try fresh.dls.train.allBatches().last)
        fresh.dls.train = BatchList([second])
        try learner.fit(1)
        try fresh.fit(1)
        #expect(weights(learner) == weights(fresh), "only the second batch counts")
    }

    @Test("[LOOP-11] after a cancelled batch gradients stay, and add up")
    func cancelledBatch() throws {
        let learner = goldenLearner(callbacks: [Throwing(CancelSignal.batch, at: .beforeStep, when: { $0.iter == 0 })])
        try learner.fit(1)
        let both = goldenLearner(lr: 0.1, batchSize: 8)  // the sum of two means of four is twice the mean of eight
        try both.fit(1)
        expectClose(weights(learner), weights(both), relative: 1e-5)
    }

    @Test("[CORE-01] cancelled batches count; the model forgets its state at the start of a fit")
    func cancelledCount() throws {
        let learner = tinyLearner(train: 3, [Throwing(CancelSignal.batch, at: .beforeBatch)])
        let model = Forgetful()
        learner.model = model
        var seen: [Double] = []
        try learner.on(.beforeBatch, order: 4) { if $0.training { seen.append($0.pctTrain) } }
        try learner.fit(1)
        #expect(learner.trainIter == 3)
        expectClose(seen, [0, 1.0 / 3, 2.0 / 3])
        #expect(model.resets == 1)
        try learner.fit(1, callbacks: [ModelResetter()])
        #expect(
            model.resets == 1 + 1 + 3, "the fit, and the resetter before training, before validation, after the fit")
    }

    @Test("[§3.3] a fit always writes the learning rate, for every group")
    func rateIsWritten() throws {
        let learner = groupedLearner(2)
        try learner.fit(1, lr: 0.5)
        #expect(learner.optimizer?.hypers.map { $0["lr"] } == [0.5, 0.5])
        try learner.optimizer?.setHyper("lr", .perGroup([1, 2]))
        try learner.fit(1)
        #expect(learner.optimizer?.hypers.map { $0["lr"] } == [1e-3, 1e-3])
        #expect(learner.lr == 1e-3)
    }

    @Test("[TL-05] a frozen parameter belongs to the optimizer all the same, so that unfreezing reaches it")
    func frozenByHand() throws {
        let learner = goldenLearner()
        let parameter = learner.model.parameters()[0]
        parameter.isTrainable = false
        try learner.createOptimizer()
        #expect(learner.optimizer?.groups.map(\.count) == [2])
        parameter.isTrainable = false
        try learner.fit(1)
        #expect(parameter.value.item() == 0.5)
        try learner.unfreeze()
        try learner.fit(1)
        #expect(parameter.value.item() != 0.5)
    }
}

extension BatchSource {
    /// All batches of epoch 0.
    fileprivate func allBatches() throws -> [Batch] {
        var iterator = try makeIterator(epoch: 0)
        var batches: [Batch] = []
        while let batch = try iterator.next() { batches.append(batch) }
        return batches
    }
}
