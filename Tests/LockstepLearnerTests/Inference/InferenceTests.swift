// SPDX-License-Identifier: Apache-2.0
// validate, predictions, and the scopes around them.

import Foundation
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Inference")
struct InferenceTests {
    private func direct(_ learner: Learner, _ loader: any BatchSource) throws -> Double {
        let dataset = try #require((loader as? DataLoader)?.dataset as? TensorDataset)
        return MSEFlat()(learner.model.forward(dataset.inputs)[0].detached, dataset.targets[0]).item()
    }

    @Test("[INF-01] [S24] validate equals metric and direct computation")
    func validate() throws {
        let learner = synthLearner(nTrain: 5, metrics: [.mse])
        let result = try learner.validate().compactMap { $0 }
        #expect(result.count == 2)
        expectClose(result[0], result[1], relative: 1e-6)
        expectClose(result[0], try direct(learner, try #require(learner.dls.valid)), relative: 1e-5)
        #expect(try learner.validateNamed().map(\.name) == ["valid_loss", "mse"])
    }

    @Test("[INF-02] the training items are taken all, whatever the training loader drops")
    func trainingItems() throws {
        let learner = synthLearner()
        learner.dls.train = DataLoader(lineDataset(13), batchSize: 4, shuffle: true, dropLast: true)
        let whole = try #require(try learner.validate(on: .train)[0])
        expectClose(whole, try direct(learner, learner.dls.train), relative: 1e-5)
        let result = try learner.predictions(on: .train)
        expectClose(try #require(result.target), lineDataset(13).targets[0])
    }

    @Test("[INF-03] every tracker sits validation out: nothing is followed, stopped, saved or printed")
    func trackers() throws {
        try withTemporaryFolder { folder in
            let text = TextCollector()
            let console = text.console()
            let trackers: [Tracker] = [
                EarlyStoppingCallback(console: console), SaveModelCallback(filename: "best", console: console),
                ReduceLROnPlateau(monitor: "mae", console: console), Tracker(monitor: "train_loss"),
            ]
            let learner = goldenLearner(metrics: [.mae], callbacks: trackers + [TerminateOnNaNCallback()])
            learner.path = folder.path
            #expect(try learner.validate().compactMap { $0 }.count == 2)
            #expect(!Files.exists(folder.path + "/models/best.safetensors"))
            try learner.fit(2)
            let (best, said) = (trackers.map(\.best), text.text)
            let lr = learner.optimizer?.hyper("lr", group: 0)
            try Files.remove(folder.path + "/models/best.safetensors")
            for _ in 0..<4 { _ = try learner.validate() }
            _ = try learner.predictions(on: .train)
            #expect(trackers.map(\.best) == best && text.text == said)
            #expect(learner.optimizer?.hyper("lr", group: 0) == lr)
            #expect(!Files.exists(folder.path + "/models/best.safetensors"))
        }
    }

    @Test("the events of a fit of one epoch without training")
    func events() throws {
        let verbose = VerboseCallback()
        let learner = tinyLearner([verbose])
        try learner.validate()
        #expect(
            names(verbose.events)
                == "after_create before_fit before_epoch before_validate before_batch after_pred after_loss after_batch after_validate after_epoch after_fit"
        )
        #expect(!learner.model.isTraining && !learner.training && learner.dl == nil && learner.preds.isEmpty)
    }

    @Test("[INF-04] [CORE-12] history survives validate and predictions")
    func history() throws {
        let learner = goldenLearner(metrics: [.mae])
        try learner.fit(2)
        let recorder = try #require(learner.recorder)
        let before = (
            recorder.values, recorder.losses, recorder.lrs, recorder.iters, learner.finalRecord, learner.smoothLoss
        )
        let metric = learner.metrics[0].value
        let logger = RowCollector()
        learner.logger = logger
        _ = try learner.validate()
        _ = try learner.validate(on: .train)
        _ = try learner.predictions()
        #expect(recorder.values == before.0 && recorder.losses == before.1 && recorder.lrs == before.2)
        #expect(recorder.iters == before.3 && learner.finalRecord == before.4 && learner.smoothLoss == before.5)
        #expect(learner.metrics[0].value == metric)
        #expect(logger.rows.isEmpty && logger.headers.isEmpty && learner.logger === logger)
    }

    @Test("validate inside a fit leaves the fit as it was")
    func nested() throws {
        let (plain, nested) = (
            goldenLearner(optimizer: .adam(), metrics: [.mae]), goldenLearner(optimizer: .adam(), metrics: [.mae])
        )
        var inner: [Double?] = []
        try nested.on(.afterBatch, order: 55) { learner in
            guard learner.training else { return }
            let (iter, loss, model) = (learner.iter, learner.loss?.item(), learner.model.isTraining)
            inner = try learner.validate()
            #expect(learner.iter == iter && learner.loss?.item() == loss && learner.training)
            #expect(learner.model.isTraining == model && learner.isFitting && !learner.isInferring)
        }
        try plain.fit(2)
        try nested.fit(2)
        #expect(plain.recorder?.values == nested.recorder?.values)
        #expect(plain.recorder?.losses == nested.recorder?.losses)
        #expect(inner.count == 2 && inner == Array(nested.finalRecord.dropFirst()))
    }

    @Test("cancel signals for fit and epoch end a validation early", arguments: [CancelSignal.fit, .epoch])
    func cancelled(_ signal: CancelSignal) throws {
        let verbose = VerboseCallback()
        let result = try tinyLearner(valid: 3, [verbose]).validate(callbacks: [Throwing(signal, at: .afterLoss)])
        #expect(result == [nil])
        #expect(names(verbose.events).hasSuffix("after_loss after_epoch after_fit"))
    }

    @Test("an error during validation fires the closing events and comes out")
    func failed() throws {
        struct Oops: Error {}
        let verbose = VerboseCallback()
        let learner = tinyLearner([verbose])
        #expect(throws: CallbackError.self) { try learner.validate(callbacks: [Throwing(Oops(), at: .beforeBatch)]) }
        #expect(names(verbose.events).hasSuffix("after_epoch after_fit"))
        #expect(learner.callbacks.count == 2 && !learner.isInferring && learner.dl == nil)
    }

    @Test("[S25] predictions, with the loss's activation and with another")
    func predictions() throws {
        let learner = synthLearner(nTrain: 5)
        let dataset = try #require(learner.dls.validDataset as? TensorDataset)
        let raw = learner.model.forward(dataset.inputs)[0].detached
        let plain = try learner.predictions()
        expectClose(plain.predictions, raw)
        expectClose(try #require(plain.target), dataset.targets[0])
        expectClose(try learner.predictions(activation: { $0.sigmoid() }).predictions, raw.sigmoid())
        #expect(plain.inputs == nil && plain.decoded == nil && plain.losses == nil && plain.count == 32)
    }

    @Test("inputs, decoded predictions and losses when asked for")
    func parts() throws {
        let logits: [[Float]] = [[0, 0], [1, -1], [-2, 2]]
        let learner = Learner(
            dls: DataLoaders(BatchList([])), model: Identity(), loss: .crossEntropy, defaultCallbacks: .core)
        let batches = logits.map { row in
            Batch(inputs: [Tensor([row])], targets: [Tensor([0] as [Int64])])
        }
        let result = try learner.predictions(on: .batches(batches), withInput: true, withDecoded: true, withLoss: true)
        expectClose(result.predictions, [0.5, 0.5, 0.8808, 0.1192, 0.0180, 0.9820], absolute: 1e-4)
        #expect(try #require(result.decoded).ints == [0, 0, 1])
        expectClose(try #require(result.losses), [0.6931, 0.1269, 4.0181], absolute: 1e-4)
        expectClose(try #require(result.inputs)[0], logits.flatMap { $0.map(Double.init) })
        #expect(learner.lossFunction.reduction == .mean)
        let raw = try learner.predictions(on: .batches(batches), activation: { $0 })
        expectClose(raw.predictions, logits.flatMap { $0.map(Double.init) })
    }

    @Test("a shuffled loader comes out in the data set's order, or in its own when asked")
    func reordering() throws {
        let learner = synthLearner()
        let shuffled = DataLoader(lineDataset(11), batchSize: 3, shuffle: true, dropLast: true)
        let ordered = try learner.predictions(on: .loader(shuffled))
        expectClose(try #require(ordered.target), lineDataset(11).targets[0])
        let own = try learner.predictions(on: .loader(shuffled), reorder: false)
        #expect(try #require(own.target).doubles.sorted() == lineDataset(11).targets[0].doubles.sorted())
        #expect(try #require(own.target).doubles != lineDataset(11).targets[0].doubles)
        expectClose(own.predictions, (try #require(own.target) - 3) * 0.25 - 0.5, absolute: 1e-5)
    }

    @Test("unlabelled items have predictions and no targets")
    func unlabelled() throws {
        let batch = Batch(inputs: [Tensor([[1], [2]])])
        let result = try synthLearner().predictions(on: .batches([batch]), withLoss: true)
        expectClose(result.predictions, [0, 0.5])
        #expect(result.target == nil && result.losses == nil)
        #expect(try synthLearner(metrics: [.mae]).validate(on: .batches([batch])) == [nil, nil])
    }

    @Test("no items give no predictions")
    func empty() throws {
        let result = try synthLearner().predictions(on: .batches([]))
        #expect(result.count == 0 && result.targets.isEmpty)
    }

    @Test("several inputs and outputs")
    func multiple() throws {
        final class SumAndProduct: Module {
            override func forward(_ inputs: [Tensor]) -> [Tensor] { [inputs[0] + inputs[1], inputs[0] * inputs[1]] }
        }
        let learner = Learner(
            dls: DataLoaders(BatchList([])), model: SumAndProduct(), loss: .mse, defaultCallbacks: .core)
        let batch = Batch(inputs: [Tensor([[2], [3]]), Tensor([[5], [7]])])
        let result = try learner.predictions(on: .batches([batch, batch]), withInput: true)
        expectClose(try #require(result.outputs)[0], [7, 10, 7, 10])
        expectClose(try #require(result.outputs)[1], [10, 21, 10, 21])
        #expect(result.inputs?.count == 2)
    }

    // MARK: Scopes

    @Test("[INF-40] [S27] nothing is logged in withoutLogging, and the logger comes back")
    func withoutLogging() throws {
        let learner = goldenLearner(metrics: [.mse])
        let logger = RowCollector()
        learner.logger = logger
        try learner.withoutLogging { try learner.fit(1) }
        #expect(logger.rows.isEmpty && learner.logger === logger)
        try learner.fit(1)
        #expect(logger.rows.count == 1)
    }

    @Test("[LOSS-12] unreduced losses for a scope, also when the body throws")
    func unreduced() throws {
        struct Oops: Error {}
        let learner = synthLearner()
        learner.withUnreducedLoss { #expect(learner.lossFunction.reduction == .none) }
        #expect(throws: Oops.self) { try learner.withUnreducedLoss { throw Oops() } }
        #expect(learner.lossFunction.reduction == .mean)
    }
}
