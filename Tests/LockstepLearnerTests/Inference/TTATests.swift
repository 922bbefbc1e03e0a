// SPDX-License-Identifier: Apache-2.0
// Test-time augmentation: what is averaged, in which order, and what is left behind.

import LockstepData
import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Test-time augmentation")
struct TTATests {
    /// Two items 2 and 3, and a training loader whose augmentation adds 1, 2, 3 in epochs 0, 1, 2.
    private func learner(shuffle: Bool = false) -> Learner {
        var hooks = DataLoader.Hooks()
        hooks.afterItem = { sample, context in
            Sample(inputs: sample.inputs.map { $0 + Double(context.epoch + 1) }, targets: sample.targets)
        }
        let data = TensorDataset(inputs: [Tensor([[2], [3]])], targets: [Tensor([[20], [30]])])
        return Learner(
            dls: DataLoaders(
                DataLoader(data, batchSize: 1, shuffle: shuffle, dropLast: true, hooks: hooks),
                DataLoader(data, batchSize: 1)), model: Identity(), loss: .mse, defaultCallbacks: .core)
    }

    @Test("[INF-30] mean of the augmented passes and the plain one, their maximum, or both apart")
    func values() throws {
        let learner = learner()
        let combined = try learner.tta(n: 3).predictions
        expectClose(combined.predictions, [3.5, 4.5])
        expectClose(try #require(combined.target), [20, 30])
        expectClose(try learner.tta(n: 3, useMax: true).predictions.predictions, [5, 6])
        expectClose(try learner.tta(n: 3, beta: 1).predictions.predictions, [2, 3])
        guard case .separate(let augmented, let plain) = try learner.tta(n: 3, beta: nil) else {
            Issue.record("beta nil gives both apart")
            return
        }
        expectClose(augmented.predictions, [4, 5])
        expectClose(plain.predictions, [2, 3])
    }

    @Test("[INF-30] probabilities are averaged, not scores")
    func activation() throws {
        let learner = learner()
        learner.lossFunction = BCEWithLogitsFlat()
        let expected = (Tensor([[3], [4]]).sigmoid() + Tensor([[4], [5]]).sigmoid()) / 2
        expectClose(try learner.tta(n: 2, beta: 0).predictions.predictions, expected)
    }

    @Test("[INF-31] augmentations are off again afterwards, also after an error")
    func afterwards() throws {
        struct Oops: Error {}
        let learner = learner()
        let before = try learner.predictions().predictions
        _ = try learner.tta()
        expectClose(try learner.predictions().predictions, before)
        #expect(throws: CallbackError.self) { try learner.tta(callbacks: [Throwing(Oops(), at: .afterLoss)]) }
        expectClose(try learner.predictions().predictions, before)
        #expect(learner.epoch == 0 && learner.callbacks.count == 1 && !learner.isInferring)
    }

    @Test("[INF-32] a shuffled, short-cutting training loader gives all items in the data set's order")
    func shuffled() throws {
        let learner = learner(shuffle: true)
        let result = try learner.tta(on: .train, n: 3).predictions
        expectClose(result.predictions, [3.5, 4.5])
        expectClose(try #require(result.target), [20, 30])
    }

    @Test("[INF-33] one pass") func single() throws {
        expectClose(try learner().tta(n: 1).predictions.predictions, [2.75, 3.75])
    }

    @Test("transforms of one's own take the place of the loader's; those for training act in the augmented passes only")
    func ownTransforms() throws {
        let learner = learner()
        learner.dls = DataLoaders(learner.dls[1], learner.dls[1])
        let tenfold = FunctionTransform(splitIndex: 0) { (x: Tensor) in x * 10 }
        let half = FunctionTransform { (x: Tensor) in x * 0.5 }
        let items = try learner.tta(n: 2, itemTransforms: [tenfold, half], beta: nil)
        guard case .separate(let augmented, let plain) = items else { return }
        expectClose(augmented.predictions, [10, 15])
        expectClose(plain.predictions, [1, 1.5])
        let batches = try learner.tta(n: 2, batchTransforms: [tenfold], beta: 0.5)
        expectClose(batches.predictions.predictions, [11, 16.5])
    }

    /// Adds a random number to each item.
    private struct Shift: RandomTransform {
        var encodes: [TypedFunction] {
            [
                TypedFunction { (n: Int, context: TransformContext) in
                    var generator = context.generator()
                    return n * 100 + Int.random(in: 1...9, using: &generator)
                }
            ]
        }
    }

    @Test("[INF-31] [DS-02] the training part's random transforms act in the augmented passes, each pass other ones")
    func randomTransforms() throws {
        let data = try Datasets(
            0..<6, transforms: [[Shift()], []], splits: Split(train: [0, 1, 2], valid: [3, 4, 5]))
        let toFloat = FunctionTransform { (x: Tensor) in x.to(.float32) }
        let learner = Learner(
            dls: try data.dataLoaders(batchSize: 2, afterBatch: [toFloat]), model: Identity(), loss: .mse,
            defaultCallbacks: .core)
        guard case .separate(let augmented, let plain) = try learner.tta(n: 3, beta: nil) else { return }
        #expect(plain.predictions.doubles == [3, 4, 5] && plain.target?.doubles == [3, 4, 5])
        let values = augmented.predictions.doubles
        #expect(zip(values, [3.0, 4, 5]).allSatisfy { $0 - 100 * $1 >= 1 && $0 - 100 * $1 <= 9 })
        #expect(try learner.tta(n: 3, beta: 0).predictions.predictions.doubles == values, "the same again")
        #expect(values.contains { $0 * 3 != ($0 * 3 / 3).rounded() * 3 }, "a mean of different numbers: \(values)")
        #expect(try learner.predictions().predictions.doubles == [3, 4, 5])
    }

    @Test("events: one fit around n + 1 validations; the epoch counts the passes")
    func events() throws {
        let learner = learner()
        let verbose = VerboseCallback()
        var epochs: [Int] = []
        try learner.addCallback(verbose)
        try learner.on(.beforeValidate) { epochs.append($0.epoch) }
        _ = try learner.tta(n: 2)
        let outer = verbose.events.filter {
            $0 != .beforeBatch && $0 != .afterBatch && $0 != .afterPred && $0 != .afterLoss
        }
        #expect(
            names(outer) == "before_fit before_epoch before_validate after_validate before_validate after_validate "
                + "before_validate after_validate after_epoch after_fit")
        #expect(epochs == [0, 1, 2])
    }

    @Test("batches at hand cannot be augmented")
    func batches() {
        #expect(throws: LearnerError.self) { try learner().tta(on: .batches([Batch(inputs: [Tensor([[1]])])])) }
    }

    @Test("a cancelled run has no average")
    func cancelled() throws {
        let result = try learner().tta(callbacks: [Throwing(CancelSignal.fit, at: .afterLoss)])
        #expect(result.predictions.count == 0)
    }

    @Test("no augmented pass is a mistake of the caller")
    func none() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = try synthLearner().tta(n: 0)
        }
        expectTrap(result, says: "tta: 0 augmented passes are none")
    }
}
