// SPDX-License-Identifier: Apache-2.0
// One item there and back, and losses that follow from the data.

import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("predict")
struct PredictTests {
    /// The seed's: the activation adds one, decisions are twice the activated.
    private struct FakeLoss: LossFunction {
        var reduction = Reduction.none
        func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor { (prediction - target).square().mean() }
        func activation(_ prediction: Tensor) -> Tensor { prediction + 1 }
        func decodes(_ prediction: Tensor) -> Tensor { prediction * 2 }
    }
    /// The seed's: adds one there, takes it off on the way back.
    private struct AddOne: Transform {
        var encodes: [TypedFunction] { [TypedFunction { (x: Tensor) in x + 1 }] }
        var decodes: [TypedFunction] { [TypedFunction { (x: Tensor) in x - 1 }] }
    }

    @Test("[S26] predict gives fully decoded, decoded and activated prediction of one item, and the input when asked")
    func seedExample() throws {
        let learner = synthLearner(nTrain: 5)
        let data = try Datasets((0..<50).map { Tensor(Double($0)) }, transforms: [[], [AddOne()]])
        learner.dls = data.dataLoaders()
        learner.lossFunction = FakeLoss()
        let input = Tensor([2])
        let output = learner.model.forward([input])[0].detached + 1
        let decision = output * 2
        let result = try learner.predict(input)
        expectClose(result.output, output)
        expectClose(result.decision, decision)
        expectClose(try #require(result.decoded as? Tensor), decision - 1)
        #expect(result.input == nil && result.parts.count == 3)
        let withInput = try learner.predict(input, withInput: true)
        #expect(withInput.parts.count == 4)
        expectClose(try #require(withInput.parts[0] as? Tensor), input)
    }

    /// A classifier of the numbers 0 … 5: below 3 is a cat.
    private struct Species: Transform {
        var encodes: [TypedFunction] { [TypedFunction { (n: Int) in n < 3 ? 0 : 1 }] }
        var decodes: [TypedFunction] { [TypedFunction { (index: Tensor) in ["cat", "dog"][index.ints[0]] }] }
        var targetKind: TargetKind? { .category(count: 2) }
        var vocabulary: [String]? { ["cat", "dog"] }
    }
    private struct ToScores: Transform {
        var encodes: [TypedFunction] { [TypedFunction { (n: Int) in Tensor([10 - 4 * Float(n), 4 * Float(n) - 10]) }] }
    }
    private func classifier() throws -> Learner {
        let data = try Datasets(
            0..<6, transforms: [[ToScores()], [Species()]], splits: Split(train: [0, 1, 3, 4], valid: [2, 5]))
        return Learner(dls: data.dataLoaders(batchSize: 2), model: Identity(), defaultCallbacks: .core)
    }

    @Test("a classifier says the class's name, its index and the probabilities")
    func classes() throws {
        let learner = try classifier()
        let result = try learner.predict(1)
        #expect(result.decoded as? String == "cat" && result.decision.ints == [0] && result.decision.rank == 0)
        expectClose(result.output, Tensor([6, -6]).softmax(axis: 0))
        #expect(try learner.predict(5).decoded as? String == "dog")
    }

    @Test("without transforms the decision is a tensor; the item is one too")
    func plain() throws {
        let learner = goldenLearner()
        let result = try learner.predict(Tensor([2]), withInput: true)
        expectClose(result.output, [0.5])
        expectClose(try #require(result.decoded as? Tensor), [0.5])
        expectClose(try #require(result.input?.first as? Tensor), [2])
    }

    @Test("[CORE-12] history, loaders and callbacks are as before; an item of the wrong kind is an error")
    func leavesNothing() throws {
        let learner = try classifier()
        try learner.addCallback(Recorder())
        let before = learner.callbacks.count
        _ = try learner.predict(0)
        #expect(throws: DataError.self) { try learner.predict("a word") }
        #expect(learner.callbacks.count == before && learner.recorder?.rows.isEmpty == true && !learner.worksAlone)
        #expect(learner.coordinator is SoloCoordinator)
    }

    // MARK: Inferred losses

    @Test("the loss follows from what the targets mean")
    func inferred() throws {
        let loss = try classifier().lossFunction
        #expect(loss is CrossEntropyFlat)
        #expect(
            TargetKind.multiCategory(count: 3).loss is BCEWithLogitsFlat
                && TargetKind.regression(count: 1).loss is MSEFlat)
    }

    @Test("where the data do not say, the learner asks for it")
    func notInferred() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Learner(dls: DataLoaders(BatchList([])), model: Identity())
        }
        expectTrap(result, says: "the loss could not be inferred", "pass loss:")
    }
}
