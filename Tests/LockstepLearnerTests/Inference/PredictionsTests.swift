// SPDX-License-Identifier: Apache-2.0
// Every option of predictions, alone and together.

import Foundation
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Predictions")
struct PredictionsTests {
    /// Five rows 0 … 4 with targets ten times as large, and a model that returns its input.
    private func fiveRows(shuffle: Bool = false, dropLast: Bool = false) -> DataLoader {
        let x = Tensor.arange(5).to(.float32).reshaped([5, 1])
        return DataLoader(
            TensorDataset(inputs: [x], targets: [x * 10]), batchSize: 2, shuffle: shuffle, dropLast: dropLast, seed: 3)
    }

    private func learner(_ loader: DataLoader? = nil, loss: some LossFunction = .mse) -> Learner {
        Learner(
            dls: DataLoaders(loader ?? fiveRows(), loader ?? fiveRows()), model: Identity(), loss: loss,
            defaultCallbacks: .core)
    }

    @Test(
        "[INF-10] every combination of flags puts the parts in the order inputs, predictions, targets, decoded, losses")
    func combinations() throws {
        let learner = learner()
        for bits in 0..<32 {
            func has(_ bit: Int) -> Bool { bits & 1 << bit != 0 }
            let (input, decoded, loss, preds, targets) = (has(0), has(1), has(2), has(3), has(4))
            let result = try learner.predictions(
                withInput: input, withDecoded: decoded, withLoss: loss, withPredictions: preds, withTargets: targets)
            let expected =
                (input ? ["inputs"] : []) + ["predictions", "targets"] + (decoded && preds ? ["decoded"] : [])
                + (loss ? ["losses"] : [])
            #expect(result.parts.map(\.name) == expected, "flags \(bits)")
            for part in result.parts {
                let values: [Double]? =
                    switch part.name {
                    case "predictions": preds ? [0, 1, 2, 3, 4] : nil
                    case "targets": targets ? [0, 10, 20, 30, 40] : nil
                    case "losses": [0, 81, 324, 729, 1296]
                    default: [0, 1, 2, 3, 4]
                    }
                #expect(part.tensors?.first?.doubles == values, "\(part.name) with flags \(bits)")
            }
            let isEmpty = !input && !loss && !preds && !targets
            #expect(result.count == (isEmpty ? 0 : 5))
        }
        #expect(learner.lossFunction.reduction == .mean)
    }

    @Test("[INF-11] a shuffled loader comes out in the data set's order with every part, or consistently in its own")
    func reorder() throws {
        let learner = learner()
        let source = DataSource.loader(fiveRows(shuffle: true))
        let ordered = try learner.predictions(on: source, withInput: true, withDecoded: true, withLoss: true)
        #expect(ordered.predictions.doubles == [0, 1, 2, 3, 4])
        #expect(ordered.losses?.doubles == [0, 81, 324, 729, 1296])
        #expect(ordered.inputs?.first?.doubles == [0, 1, 2, 3, 4] && ordered.decoded?.doubles == [0, 1, 2, 3, 4])
        let own = try learner.predictions(on: source, withInput: true, withLoss: true, reorder: false)
        let preds = own.predictions.doubles
        #expect(preds != [0, 1, 2, 3, 4] && preds.sorted() == [0, 1, 2, 3, 4])
        #expect(own.target?.doubles == preds.map { 10 * $0 } && own.losses?.doubles == preds.map { 81 * $0 * $0 })
        #expect(own.inputs?.first?.doubles == preds)
    }

    /// A loader that takes its items back to front, whatever it is told.
    private final class Backwards: DataLoader {
        override func indices(epoch: Int) -> [Int] { super.indices(epoch: epoch).reversed() }
    }

    @Test("[INF-11] a loader that samples in its own way is put in order too")
    func ownSampling() throws {
        let x = Tensor.arange(5).to(.float32).reshaped([5, 1])
        let loader = Backwards(TensorDataset(inputs: [x], targets: [x * 10]), batchSize: 2)
        let result = try learner().predictions(on: .loader(loader), withInput: true, withLoss: true)
        #expect(result.predictions.doubles == [0, 1, 2, 3, 4] && result.target?.doubles == [0, 10, 20, 30, 40])
        #expect(result.inputs?.first?.doubles == [0, 1, 2, 3, 4])
        #expect(result.losses?.doubles == [0, 81, 324, 729, 1296])
        let own = try learner().predictions(on: .loader(loader), reorder: false)
        #expect(own.predictions.doubles == [4, 3, 2, 1, 0])
    }

    @Test("[INF-12] a loader that drops its last batch predicts all items, and stays as it is")
    func dropLast() throws {
        let loader = fiveRows(dropLast: true)
        let result = try learner(loader).predictions(on: .train)
        #expect(result.predictions.doubles == [0, 1, 2, 3, 4])
        #expect(loader.dropLast && loader.batchCount == 2)
    }

    @Test("[INF-13] saved predictions lie in one file per batch, with their items in an index, and are not kept")
    func files() throws {
        try withTemporaryFolder { folder in
            let (preds, targets) = (folder.appending(path: "p").path, folder.appending(path: "t").path)
            for path in [preds, targets] { try Files.createFolder(path) }
            let learner = learner(loss: .crossEntropy)
            let x = Tensor.arange(10).to(.float32).reshaped([5, 2])
            let data = TensorDataset(inputs: [x], targets: [Tensor([0, 1, 0, 1, 0] as [Int64])])
            let loader = DataLoader(data, batchSize: 2, shuffle: true, seed: 5)
            let result = try learner.predictions(
                on: .loader(loader), withLoss: true, reorder: false, savePredictions: preds, saveTargets: targets)
            #expect(result.outputs == nil && result.targets.isEmpty && result.losses?.count == 5)
            let order = loader.indices(epoch: 0)
            let saved = try SavedPredictions(preds)
            #expect(saved.batchCount == 3 && saved.count == 5)
            #expect((0..<3).map { saved.items(ofBatch: $0) } == [Array(order[0..<2]), Array(order[2..<4]), [order[4]]])
            for batch in 0..<3 {
                let rows = saved.items(ofBatch: batch)
                #expect(try saved.batch(batch).doubles == rows.flatMap { x[$0].doubles }, "raw, as the model gave them")
            }
            expectClose(try #require(try saved.all()), x)
            #expect(try SavedPredictions(targets).all()?.ints == [0, 1, 0, 1, 0])
        }
    }

    @Test("[INF-13] a folder that is not there, and an index that is damaged, are errors that name them")
    func filesThatFail() throws {
        let learner = learner()
        let missing = #expect(throws: CallbackError.self) {
            _ = try learner.predictions(savePredictions: "/nonexistent/preds")
        }
        #expect(missing?.description.contains("/nonexistent/preds") == true)
        #expect(learner.callbacks.count == 1)
        try withTemporaryFolder { folder in
            let path = folder.path
            _ = try learner.predictions(savePredictions: path)
            #expect(throws: CallbackError.self) { try learner.predictions(savePredictions: path + "/0.npy") }
            try Files.writeAtomically([Array("rubbish".utf8)], to: path + "/1.npy")
            let saved = try SavedPredictions(path)
            #expect(throws: DataError.self) { try saved.all() }
            try NPY.write(try #require(NumericArray(shape: [2], elements: .int64([0, 1]))), to: path + "/index.npy")
            #expect(throws: DataError.self) { try SavedPredictions(path) }
            try NPY.write(
                try #require(NumericArray(shape: [1, 2], elements: .int64([1 << 40, 0]))), to: path + "/index.npy")
            #expect(throws: DataError.self) { try SavedPredictions(path) }
        }
    }

    @Test("[INF-13] batches that are streamed to files leave nothing in memory")
    func streaming() throws {
        try withTemporaryFolder { folder in
            let rows = 64
            let x = sample([rows, 1000])
            let loader = DataLoader(TensorDataset(inputs: [x], targets: []), batchSize: 8)
            let learner = learner()
            var live: [Int] = []
            let watch = ClosureCallback(
                [.afterBatch: { _ in live.append(Memory.report.liveBlocks) }], order: 99)
            _ = try learner.predictions(on: .loader(loader), callbacks: [watch], savePredictions: folder.path)
            let growth = try #require(live.last) - live[1]
            #expect(growth < 3, "tensors alive grew by \(growth) over six batches: \(live)")
            expectClose(try #require(try SavedPredictions(folder.path).all()), x)
        }
    }

    @Test("[INF-14] losses of targets with several axes are averaged per item")
    func lossPerItem() throws {
        let x = Tensor.arange(12).to(.float32).reshaped([3, 2, 2])
        let loader = DataLoader(TensorDataset(inputs: [x], targets: [x * 0]), batchSize: 2)
        let losses = try #require(try learner().predictions(on: .loader(loader), withLoss: true).losses)
        #expect(losses.shape == [3])
        expectClose(losses, (x * x).mean(axes: [1, 2]))
    }

    @Test("[INF-15] loss, callbacks and loaders are back after an error")
    func afterError() throws {
        struct Oops: Error {}
        let loader = fiveRows(shuffle: true)
        let learner = learner(loader)
        #expect(throws: CallbackError.self) {
            try learner.predictions(withLoss: true, callbacks: [Throwing(Oops(), at: .afterLoss)])
        }
        #expect(learner.lossFunction.reduction == .mean && learner.callbacks.count == 1 && !learner.isInferring)
        #expect(learner.dls.train === loader && loader.shuffle && learner.dl == nil)
    }

    @Test("[INF-16] several inputs and outputs, along another axis too")
    func multiple() throws {
        final class SumAndDifference: Module {
            override func forward(_ inputs: [Tensor]) -> [Tensor] { [inputs[0] + inputs[1], inputs[0] - inputs[1]] }
        }
        let learner = learner()
        learner.model = SumAndDifference()
        let (a, b) = (sample([3, 4], seed: 1), sample([3, 4], seed: 2))
        let batches = [0..<3, 3..<4].map { part in
            Batch(inputs: [a[.all, part], b[.all, part]], targets: [], size: part.count)
        }
        let result = try learner.predictions(
            on: .batches(batches), withInput: true, activation: { $0 * 2 }, concatDim: 1)
        #expect(result.count == 4 && result.inputs?.count == 2 && result.outputs?.count == 2)
        expectClose(try #require(result.outputs)[0], (a + b) * 2)
        expectClose(try #require(result.outputs)[1], (a - b) * 2)
        expectClose(try #require(result.inputs)[1], b)
        try withTemporaryFolder { folder in
            _ = try learner.predictions(on: .batches(batches), savePredictions: folder.path, concatDim: 1)
            let saved = try SavedPredictions(folder.path)
            expectClose(try #require(try saved.all(axis: 1)), a + b)
            expectClose(try #require(try saved.all(column: 1, axis: 1)), a - b)
        }
    }

    /// Puts the items of a batch along axis 1, as sequence models with time first do.
    private func timeFirst(shuffle: Bool) -> DataLoader {
        var hooks = DataLoader.Hooks()
        hooks.afterBatch = { batch, _ in
            Batch(
                inputs: batch.inputs.map { $0.transposed(0, 1) }, targets: batch.targets.map { $0.transposed(0, 1) },
                size: batch.size)
        }
        let x = Tensor.arange(10).to(.float32).reshaped([5, 2])
        return Backwards(TensorDataset(inputs: [x], targets: [x * 0]), options: options(hooks))
    }
    private func options(_ hooks: DataLoader.Hooks) -> DataLoader.Options {
        var options = DataLoader.Options()
        (options.batchSize, options.hooks) = (2, hooks)
        return options
    }

    @Test("[INF-16] items along axis 1 are put in order along axis 1, with one loss each")
    func orderAlongAxis1() throws {
        let result = try learner().predictions(on: .loader(timeFirst(shuffle: true)), withLoss: true, concatDim: 1)
        let x = Tensor.arange(10).to(.float32).reshaped([5, 2])
        expectClose(result.predictions, x.transposed())
        expectClose(try #require(result.losses), (x * x).mean(axis: 1))
    }

    @Test("[INF-17] items without targets have none, and no losses")
    func unlabelled() throws {
        let x = Tensor.arange(5).to(.float32).reshaped([5, 1])
        let loader = DataLoader(TensorDataset(inputs: [x], targets: []), batchSize: 2)
        let result = try learner().predictions(on: .loader(loader), withLoss: true)
        #expect(result.parts.map(\.name) == ["predictions", "targets"] && result.parts[1].tensors == nil)
        #expect(result.predictions.doubles == [0, 1, 2, 3, 4])
    }

    @Test("[INF-18] an activation of one's own replaces the loss's, decisions follow from it, and losses do not")
    func activation() throws {
        let logits = Tensor([[0, 0], [1, -1], [-2, 2]])
        let loader = DataLoader(TensorDataset(inputs: [logits], targets: [Tensor([0, 0, 0] as [Int64])]), batchSize: 2)
        let learner = learner(loader, loss: .crossEntropy)
        let usual = try learner.predictions(withDecoded: true, withLoss: true)
        expectClose(usual.predictions, [0.5, 0.5, 0.8808, 0.1192, 0.0180, 0.9820], absolute: 1e-4)
        #expect(usual.decoded?.ints == [0, 0, 1])
        let own = try learner.predictions(withDecoded: true, withLoss: true, activation: { -$0 })
        expectClose(own.predictions, -logits)
        #expect(own.decoded?.ints == [0, 1, 0])
        expectClose(try #require(own.losses), try #require(usual.losses))
    }

    @Test(
        "[CORE-20] FetchPredsCallback fetches after each validation, in a fit, in validate and in itself, and never hangs"
    )
    func fetch() throws {
        let fetch = FetchPredsCallback(withInput: true)
        let learner = goldenLearner(metrics: [.mae], callbacks: [fetch])
        let plain = goldenLearner(metrics: [.mae])
        var seen: [[Double]] = []
        try learner.on(.afterEpoch, order: 99) { _ in seen.append(fetch.predictions?.predictions.doubles ?? []) }
        try learner.fit(2)
        try plain.fit(2)
        #expect(seen.count == 2 && seen[0] != seen[1] && seen[0].count == 6)
        #expect(fetch.predictions?.inputs?.count == 1)
        #expect(
            learner.recorder?.values == plain.recorder?.values && learner.recorder?.losses == plain.recorder?.losses)
        let direct = learner.model.forward(lineDataset(6).inputs)[0].doubles
        expectClose(try #require(fetch.predictions?.predictions), direct)
        let validated = try learner.validate()
        #expect(validated == Array(learner.finalRecord.dropFirst()))
        expectClose(try learner.predictions().predictions, direct)
    }

    @Test("[CORE-20] callbacks given to FetchPredsCallback sit its run out and come back")
    func fetchWithout() throws {
        let verbose = VerboseCallback()
        let fetch = FetchPredsCallback(callbacks: [verbose])
        let learner = tinyLearner([verbose, fetch])
        try learner.fit(1)
        #expect(verbose.events.count { $0 == .beforeValidate } == 1 && learner.callbacks.contains { $0 === verbose })
    }
}
