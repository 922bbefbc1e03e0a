// SPDX-License-Identifier: Apache-2.0
// Fits: arguments, what they leave behind, errors, empty data.

import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Fit")
struct FitTests {
    struct Oops: Error {}
    struct Silent: Error, CustomStringConvertible { let description = "" }

    @Test("[S02] training lowers the loss")
    func learns() throws {
        let learner = synthLearner(lr: 5e-2)
        let batch = try learner.dls.oneBatch()
        func loss() -> Double {
            MSEFlat()(learner.model.forward(batch.inputs)[0], batch.targets[0]).item()
        }
        let before = loss()
        try learner.fit(6)
        #expect(loss() < before / 2)
    }

    @Test("[S03] one batch by hand, in evaluation mode")
    func oneBatch() throws {
        let learner = synthLearner()
        let batch = try learner.dls.oneBatch()
        try learner.oneBatch(0, batch)
        #expect(learner.x?.floats == batch.inputs[0].floats)
        #expect(learner.y?.floats == batch.targets[0].floats)
        let out = learner.model.forward(batch.inputs)[0]
        expectClose(try #require(learner.pred), out.detached)
        expectClose(try #require(learner.loss).item(), MSEFlat()(out, batch.targets[0]).item())
        #expect(learner.optimizer == nil)
    }

    @Test("one batch by hand in training mode makes the optimizer and steps")
    func oneTrainingBatch() throws {
        let learner = synthLearner(lr: 0.1)
        learner.training = true
        try learner.oneBatch(0, try learner.dls.oneBatch())
        #expect(learner.optimizer != nil)
        #expect((learner.model as? RegressionModel)?.a.item() != 0.5)
    }

    @Test("[LOOP-02] callbacks of a fit are gone after success, cancel and error")
    func temporaryCallbacks() throws {
        let learner = tinyLearner()
        try learner.fit(1, callbacks: [VerboseCallback()])
        #expect(learner.callbacks.count == 1)
        try learner.fit(1, callbacks: [Throwing(CancelSignal.fit, at: .beforeBatch)])
        #expect(learner.callbacks.count == 1)
        #expect(throws: CallbackError.self) { try learner.fit(1, callbacks: [Throwing(Oops(), at: .beforeBatch)]) }
        #expect(learner.callbacks.count == 1)
        #expect(throws: EscapedCancelError.self) {
            try learner.fit(1, callbacks: [Throwing(CancelSignal.train, at: .afterEpoch)])
        }
        #expect(learner.callbacks.count == 1)
    }

    @Test("[LOOP-03] a slice with one group means its end")
    func slice() throws {
        let learner = tinyLearner()
        try learner.fit(1, lr: .slice(1e-5, 1e-3))
        #expect(learner.optimizer?.hypers[0]["lr"] == 1e-3)
    }

    @Test("[LOOP-04] weight decay stays until the optimizer is reset")
    func weightDecay() throws {
        let learner = goldenLearner(optimizer: .adam())
        func wd() -> Double? { learner.optimizer?.hypers[0]["wd"] }
        try learner.fit(1)
        #expect(wd() == 0.01)
        try learner.fit(1, wd: 0.1)
        #expect(wd() == 0.1)
        try learner.fit(1)
        #expect(wd() == 0.1)
        try learner.fit(1, resetOptimizer: true)
        #expect(wd() == 0.01)
        learner.wd = 0
        try learner.fit(1)
        #expect(wd() == 0)
    }

    @Test("[LOOP-05] an empty training loader: nothing is learnt, the loss is unknown")
    func emptyTraining() throws {
        let learner = goldenLearner(trainRows: 0)
        try learner.fit(1)
        #expect(learner.trainIter == 0)
        #expect(learner.finalRecord.count == 2)
        #expect(learner.finalRecord[0] == nil)
        #expect(learner.finalRecord[1] != nil)
    }

    @Test("[LOOP-06] an empty validation loader: loss and metrics are unknown")
    func emptyValidation() throws {
        let learner = goldenLearner(metrics: [.mae])
        learner.dls.valid = DataLoader(lineDataset(0), batchSize: 4)
        try learner.fit(1)
        #expect(learner.finalRecord[0] != nil)
        #expect(learner.finalRecord[1...] == [nil, nil])
        #expect(try learner.validate() == [nil, nil])
    }

    @Test("[§2.4] without a validation loader epochs train only")
    func noValidation() throws {
        let learner = goldenLearner(callbacks: [VerboseCallback()])
        learner.dls.valid = nil
        try learner.fit(2)
        #expect(learner.callback(ofType: VerboseCallback.self)?.events.contains(.beforeValidate) == false)
        #expect(learner.finalRecord.count == 2 && learner.finalRecord[1] == nil)
        #expect(!learner.training && !learner.model.isTraining)
        #expect(throws: LearnerError.self) { try learner.validate() }
    }

    @Test("fit(0) only opens and closes")
    func noEpochs() throws {
        let verbose = VerboseCallback()
        try tinyLearner([verbose]).fit(0)
        #expect(verbose.events == [.afterCreate, .beforeFit, .afterFit])
    }

    @Test("at before_fit the optimizer is there and training is off")
    func beforeFit() throws {
        let learner = tinyLearner()
        var seen: (Bool, Bool)?
        try learner.on(.beforeFit) { seen = ($0.optimizer != nil, $0.training) }
        try learner.fit(1)
        #expect(try #require(seen) == (true, false))
    }

    @Test("[§2.4] gradients from before a fit do not count")
    func staleGradients() throws {
        let (clean, stale) = (tinyLearner(), tinyLearner())
        try stale.createOptimizer()
        for parameter in stale.model.parameters() { parameter.gradient = Tensor([Float(1000)]) }
        try clean.fit(1)
        try stale.fit(1)
        let values = [clean, stale].map { $0.model.parameters().map { $0.value.item() } }
        #expect(values[0] == values[1])
    }

    @Test("a fit inside a fit is refused")
    func nestedFit() throws {
        let learner = tinyLearner()
        try learner.on(.afterEpoch) { try $0.fit(1) }
        let error = #expect(throws: CallbackError.self) { try learner.fit(1) }
        #expect((error?.underlying as? LearnerError)?.code == .busy)
    }

    @Test("after a fit the batch is let go of; counters stay")
    func cleanup() throws {
        let learner = goldenLearner()
        try learner.fit(2)
        #expect(learner.dl == nil && learner.xb.isEmpty && learner.yb.isEmpty && learner.preds.isEmpty)
        #expect(learner.loss == nil && learner.lossGrad == nil)
        #expect(learner.trainIter == 4 && learner.smoothLoss != nil && learner.finalRecord.count == 2)
        #expect(abs(learner.pctTrain - 1) < 1e-9)
    }

    @Test("changing loss changes logs only, changing lossGrad training only")
    func lossAndLossGrad() throws {
        let (plain, logged, scaled) = (goldenLearner(), goldenLearner(), goldenLearner())
        try logged.on(.afterLoss) { $0.loss = $0.loss.map { $0 * 2 } }
        try scaled.on(.afterLoss) { $0.lossGrad = $0.lossGrad.map { $0 * 2 } }
        for learner in [plain, logged, scaled] { try learner.fit(1) }
        func a(_ learner: Learner) -> Double { learner.model.parameters()[0].value.item() }
        #expect(a(plain) == a(logged))
        #expect(a(plain) != a(scaled))
        let losses = [plain, logged, scaled].map { $0.recorder?.losses[0] ?? 0 }
        expectClose(losses[1], 2 * losses[0], relative: 1e-6)
        #expect(losses[2] == losses[0])
    }

    @Test("predictions replaced in after_pred are what the loss sees")
    func replacedPredictions() throws {
        let learner = goldenLearner()
        try learner.on(.afterPred) { learner in learner.pred = learner.yb[0] }
        #expect(try learner.validate() == [0])
    }

    // MARK: Errors

    @Test("[LOOP-30] after an error everything replaced is back in place")
    func errorRestores() throws {
        final class Replacer: Callback {
            var old: (any RowLogger, any LossFunction)?
            override func beforeFit(_ learner: Learner) {
                old = (learner.logger, learner.lossFunction)
                learner.logger = SilentLogger()
                learner.lossFunction = L1Flat()
            }
            override func teardown(_ learner: Learner) {
                if let old { (learner.logger, learner.lossFunction) = old }
                old = nil
            }
        }
        let learner = tinyLearner([Replacer()])
        let (model, logger, loaders) = (learner.model, learner.logger, learner.dls)
        let error = #expect(throws: CallbackError.self) {
            try learner.fit(1, callbacks: [Throwing(Oops(), at: .afterStep)])
        }
        #expect(error?.callback == "Throwing" && error?.event == .afterStep && error?.underlying is Oops)
        #expect(learner.callbacks.count == 2)
        #expect(learner.model === model && learner.logger === logger && learner.dls === loaders)
        #expect(learner.lossFunction is MSEFlat)
        #expect(!learner.training && !learner.model.isTraining && learner.dl == nil && !learner.isFitting)
        try learner.fit(1)
    }

    @Test("teardown runs last callback first, on every way out")
    func teardownOrder() throws {
        final class Noting: Callback {
            let label: String
            let log: (String) -> Void
            init(_ label: String, _ log: @escaping (String) -> Void) { (self.label, self.log) = (label, log) }
            override var name: String { label }
            override func teardown(_ learner: Learner) { log(label) }
        }
        for error in [nil, CancelSignal.fit, CancelSignal.train, Oops()] as [(any Error)?] {
            var log: [String] = []
            let learner = tinyLearner([Noting("a") { log.append($0) }, Noting("b") { log.append($0) }])
            let thrower = error.map { [Throwing($0, at: .beforeFit)] } ?? []
            try? learner.fit(1, callbacks: thrower + [Noting("c") { log.append($0) }])
            // Removing a callback after the fit must not tear it down again.
            #expect(log == ["c", "b", "a"], "\(String(describing: error))")
        }
    }

    @Test("[LOOP-31] an error without a message names callback and event all the same")
    func silentError() throws {
        let error = #expect(throws: CallbackError.self) {
            try tinyLearner().fit(1, callbacks: [Throwing(Silent(), at: .beforeBatch)])
        }
        #expect(error?.description == "Throwing failed in before_batch: Silent")
        let plain = #expect(throws: CallbackError.self) {
            try tinyLearner().fit(1, callbacks: [Throwing(Oops(), at: .afterEpoch)])
        }
        #expect(plain?.description == "Throwing failed in after_epoch: Oops")
    }

    @Test("what a loader throws comes out as it is")
    func loaderError() throws {
        final class Broken: BatchSource {
            let batchCount: Int? = 3
            let inputCount = 1
            var epoch = 0
            func makeIterator(epoch: Int) -> BatchIterator { BatchIterator { throw Oops() } }
        }
        let learner = tinyLearner()
        learner.dls.train = Broken()
        #expect(throws: Oops.self) { try learner.fit(1) }
        #expect(learner.dl == nil)
    }

    @Test("a loader of unknown length is refused with its type")
    func unsized() throws {
        final class Endless: BatchSource {
            let batchCount: Int? = nil
            let inputCount = 1
            var epoch = 0
            func makeIterator(epoch: Int) -> BatchIterator { BatchIterator { nil } }
        }
        let learner = tinyLearner()
        learner.dls.train = Endless()
        let error = #expect(throws: LearnerError.self) { try learner.fit(1) }
        #expect(error?.message.contains("Endless") == true)
    }

    // MARK: Loaders

    @Test("a loader swapped in before_train is the one that is iterated")
    func swappedLoader() throws {
        let learner = tinyLearner(train: 2)
        try learner.on(.beforeTrain) { $0.dl = BatchList([Batch(inputs: [Tensor([[1]])], targets: [Tensor([[5]])])]) }
        var iterations = 0
        try learner.on(.afterStep) { iterations += $0.nIter }
        try learner.fit(1)
        #expect(iterations == 1)
    }

    @Test("no two epochs shuffle alike, within a fit and from fit to fit; resuming takes the right one")
    func shuffling() throws {
        func orders(_ body: (Learner) throws -> Void) throws -> [[Double]] {
            let learner = synthLearner(nTrain: 1, nValid: 1)
            var seen: [[Double]] = []
            try learner.on(.beforeBatch) { if $0.training { seen.append($0.xb[0].doubles) } }
            try body(learner)
            return seen
        }
        let twice = try orders {
            try $0.fit(2)
            try $0.fit(1)
        }
        #expect(Set(twice).count == 3)
        #expect(try orders { try $0.fit(3) } == twice)
        #expect(try orders { try $0.fit(3, startEpoch: 2) } == [twice[2]])
    }

    @Test("dropout drops other values in every batch and fit, and the same ones when a run is resumed")
    func dropout() throws {
        func masks(_ body: (Learner) throws -> Void) throws -> [[Double]] {
            let learner = Learner(
                dls: DataLoaders(DataLoader(lineDataset(64), batchSize: 32)),
                model: Sequential {
                    Dropout(0.5); Linear(1, 1)
                },
                loss: .mse, defaultCallbacks: .core, seed: 3)
            var seen: [[Double]] = []
            learner.model.children()[0].addOutputObserver { _, y in seen.append(y.doubles.map { $0 == 0 ? 0 : 1 }) }
            try body(learner)
            return seen
        }
        let twice = try masks {
            try $0.fit(2)
            try $0.fit(1)
        }
        #expect(twice.count == 6 && Set(twice).count == 6)
        #expect(try masks { try $0.fit(3) } == twice)
        #expect(try masks { try $0.fit(3, startEpoch: 2) } == Array(twice[4...]))
    }

    @Test("startEpoch skips epochs and keeps the schedule's place")
    func startEpoch() throws {
        let learner = tinyLearner()
        var seen: [Double] = []
        try learner.on(.beforeBatch) { if $0.training { seen.append($0.pctTrain) } }
        try learner.fit(3, startEpoch: 1)
        expectClose(seen, [1.0 / 3, 0.5, 2.0 / 3, 5.0 / 6])
        #expect(learner.trainIter == 4)
        #expect(learner.callbacks.count == 2)
    }

    @Test("no callback sees an event of an epoch that is skipped", arguments: [1, 2, 3, 7], [false, true])
    func skippedEpochs(first: Int, isCallback: Bool) throws {
        let verbose = VerboseCallback()
        let learner = tinyLearner([verbose])
        verbose.events = []
        if isCallback {
            try learner.fit(3, callbacks: [SkipToEpoch(first)])
        } else {
            try learner.fit(3, startEpoch: first)
        }
        func count(_ event: Event) -> Int { verbose.events.count { $0 == event } }
        let left = max(0, 3 - first)
        for event in [Event.beforeEpoch, .afterEpoch, .beforeTrain, .afterTrain, .beforeValidate, .afterValidate] {
            #expect(count(event) == left, "\(event)")
        }
        #expect(count(.afterCancelEpoch) == 0)
        #expect(count(.beforeFit) == 1 && count(.afterFit) == 1 && count(.afterCancelFit) == 0)
        #expect(learner.epoch == 2)
    }

    @Test("[CORE-01] pctTrain over two epochs of three batches")
    func pctTrain() throws {
        let learner = tinyLearner(train: 3)
        var (train, valid): ([Double], [Double]) = ([], [])
        try learner.on(.beforeBatch) { if $0.training { train.append($0.pctTrain) } else { valid.append($0.pctTrain) } }
        try learner.fit(2)
        expectClose(train, [0, 1.0 / 6, 1.0 / 3, 0.5, 2.0 / 3, 5.0 / 6])
        expectClose(valid, [0.5, 1])
    }

    @Test("[CORE-02] an epoch that was cut short does not delay the next")
    func cutEpoch() throws {
        let learner = tinyLearner(train: 4)
        var starts: [Double] = []
        try learner.on(.beforeBatch) { if $0.training && $0.iter == 0 { starts.append($0.pctTrain) } }
        try learner.addCallback(Throwing(CancelSignal.train, at: .beforeBatch, when: { $0.training && $0.iter == 2 }))
        try learner.fit(4)
        #expect(starts == [0, 0.25, 0.5, 0.75])
        #expect(learner.trainIter == 8)
    }

    @Test("[LRN-05] training batches without targets train nothing and report nothing")
    func unlabelled() throws {
        let learner = goldenLearner()
        let batch = Batch(inputs: [Tensor([[1], [2]])])
        learner.dls = DataLoaders(BatchList([batch, batch]), BatchList([batch]))
        let verbose = VerboseCallback()
        try learner.addCallback(verbose)
        try learner.fit(1)
        #expect(learner.model.parameters()[0].value.item() == 0.5)
        #expect(learner.finalRecord == [nil, nil])
        #expect(verbose.events.contains(.afterLoss) && !verbose.events.contains(.beforeBackward))
    }

    @Test("[CB-10] [S18] a callback on before_batch changes what model and loss see, not the loader's data")
    func beforeBatchCallback() throws {
        let change = BeforeBatchCallback { _, xb, yb in (xb + 1000, yb - 1000) }
        let learner = tinyLearner([change])
        #expect(change.name == "callback")
        var seen: (Double, Double) = (0, 0)
        try learner.on(.afterLoss, order: 1) { seen = ($0.x?.doubles[0] ?? 0, $0.y?.doubles[0] ?? 0) }
        let batch = Batch(inputs: [Tensor([[1], [2]])], targets: [Tensor([[3], [4]])])
        try learner.oneBatch(0, batch)
        #expect(seen == (1001, -997))
        #expect(batch.inputs[0].doubles == [1, 2])
        expectClose(try #require(learner.pred), [500, 500.5])
    }
}
