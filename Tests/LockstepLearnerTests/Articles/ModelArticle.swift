// SPDX-License-Identifier: Apache-2.0
// The code of the articles "Write a model" and "From fastai to Lockstep", and what it does.

import Foundation
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

/// A perceptron whose outputs have a scale that is learnt.
final class Scaled: Module, UnaryLayer {
    let body = Sequential {
        Linear(8, 16); ReLU(); Dropout(0.1)
    }
    let head = Linear(16, 3)
    @Parameter var scale = Tensor([1])

    func callAsFunction(_ x: Tensor) -> Tensor { head(body(x)) * scale }
}

/// Looks at numbers and at a category.
final class Mixed: Module {
    let category = Embedding(10, 4)
    let head = Linear(12, 1)

    override func forward(_ inputs: [Tensor]) -> [Tensor] {
        let (numbers, index) = (inputs[0], inputs[1])
        return [head(Tensor.concatenated([numbers, category(index)], axis: 1))]
    }
}

final class Halve: Callback {
    override func afterLoss(_ learner: Learner) {
        if learner.training { learner.lossGrad = learner.lossGrad.map { $0 * 0.5 } }
    }
}

@Suite("Articles: write a model, from fastai")
struct ModelArticle {
    private func loaders() -> DataLoaders {
        let x = sample([48, 8], seed: 1)
        let data = TensorDataset(inputs: [x], targets: [(x.argmax(axis: 1) .> 3).to(.int64)])
        return DataLoaders(DataLoader(data, batchSize: 8), DataLoader(data, batchSize: 8))
    }

    @Test("groups of parameters; what no part names does not train")
    func groups() throws {
        let dls = loaders()
        let learner = Learner(
            dls: dls, model: Scaled(), loss: .crossEntropy,
            splitter: .parts { (model: Scaled) in [model.body, model.head] }, metrics: [.accuracy])
        learner.logger = SilentLogger()
        let model = try #require(learner.model as? Scaled)
        var bodies = [model.body.parameters()[0].value.floats]
        try learner.on(.afterFit) { _ in bodies.append(model.body.parameters()[0].value.floats) }
        try learner.freeze()
        try learner.fitOneCycle(1, lrMax: 1e-2)
        try learner.unfreeze()
        try learner.fitOneCycle(3, lrMax: .slice(1e-4, 1e-2))
        #expect(bodies.count == 3 && bodies[0] == bodies[1] && bodies[1] != bodies[2])
        #expect(model.scale.item() == 1)
        #expect(
            model.stateDictionary().map(\.name)
                == ["body.0.weight", "body.0.bias", "head.weight", "head.bias", "scale"])
    }

    @Test("several inputs")
    func inputs() throws {
        let data = TensorDataset(
            inputs: [sample([12, 8], seed: 2), sampleIntegers([12], seed: 3, in: 0..<10)],
            targets: [sample([12, 1], seed: 4)])
        let learner = Learner(
            dls: DataLoaders(DataLoader(data, batchSize: 4), DataLoader(data, batchSize: 4)), model: Mixed(),
            loss: .mse, defaultCallbacks: .core)
        let before = try #require(try learner.validate()[0])
        try learner.fit(5, lr: 1e-2)
        #expect(try #require(try learner.validate()[0]) < before)
    }

    @Test("the program of the first page, and a callback that names the learner")
    func program() throws {
        try withTemporaryFolder { folder in
            let (dls, model) = (loaders(), Scaled())
            dls.path = folder.path
            let learner = Learner(
                dls: dls, model: model, loss: .crossEntropy,
                callbacks: [GradientClip(maxNorm: 0.5), SaveModelCallback(filename: "best")], metrics: [.accuracy])
            try learner.fitOneCycle(5, lrMax: 1e-2)
            let result = try learner.predictions(withDecoded: true)
            #expect(result.count == 48 && result.decoded?.shape == [48])
            expectClose(result.predictions.sum(axis: 1), Array(repeating: 1, count: 48), relative: 1e-5)
        }
        let (plain, half) = (goldenLearner(lr: 0.025), goldenLearner(callbacks: [Halve()]))
        for learner in [plain, half] { try learner.fit(1) }
        expectClose(
            half.model.parameters().map { $0.value.item() }, plain.model.parameters().map { $0.value.item() },
            relative: 1e-6)
    }
}
