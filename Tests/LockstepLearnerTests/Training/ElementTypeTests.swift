// SPDX-License-Identifier: Apache-2.0
// Whole models of other element types than float32: trained, clipped, accumulated, saved, exported and gone on with.

import Foundation
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Models of bfloat16 and float64") struct ElementTypeTests {
    private static let factories: [OptimizerFactory] = [
        .sgd(), .sgd(mom: 0.9), .rmsProp(), .rmsProp(mom: 0.9), .adam(), .adamW(), .radam(), .qhadam(), .larc(),
        .larc(clips: false), .lamb(), .lookahead(.sgd()), .ranger(),
    ]

    private func learner(_ dtype: DType, _ factory: OptimizerFactory, path: String = ".") -> Learner {
        setSeed(4)
        let model = Sequential {
            Embedding(9, 4)
            LSTM(4, 6, batchFirst: true, bidirectional: true)
            Flatten(); Linear(36, 8); BatchNorm1d(8); ReLU(); Dropout(0.2); Linear(8, 3)
        }
        model.convert(to: dtype)
        let data = DataLoader(
            TensorDataset(
                inputs: [sampleIntegers([16, 3], seed: 1, in: 0..<9)],
                targets: [sampleIntegers([16], seed: 2, in: 0..<3)]),
            batchSize: 4)
        return Learner(
            dls: DataLoaders(data, data, path: path), model: model, loss: .crossEntropy, optimizer: factory, lr: 0.01,
            callbacks: [Recorder()], metrics: [.accuracy], defaultCallbacks: .core)
    }

    private func values(_ learner: Learner) -> [[Double]] {
        learner.model.stateDictionary().map(\.tensor.doubles)
    }

    @Test(
        "every optimizer trains them, with clipping and accumulation, near what float32 learns",
        arguments: factories.indices, [DType.bfloat16, .float64])
    func optimizers(_ index: Int, _ dtype: DType) throws {
        func train(_ dtype: DType) throws -> Learner {
            let learner = learner(dtype, Self.factories[index])
            try learner.addCallback(GradientClip(maxNorm: 0.5))
            try learner.addCallback(GradientAccumulation(samples: 8))
            try learner.withoutLogging { try learner.fit(2) }
            return learner
        }
        let (trained, wide) = (try train(dtype), try train(.float32))
        #expect(trained.model.parameters().allSatisfy { $0.value.dtype == dtype })
        let losses = (trained.recorder?.losses ?? [], wide.recorder?.losses ?? [])
        #expect(losses.0.count == 8 && losses.0.allSatisfy(\.isFinite))
        expectClose(losses.0, losses.1, absolute: dtype == .float64 ? 1e-3 : 0.1)
    }

    @Test("they come back from files and go on as if nothing had been", arguments: [DType.bfloat16, .float64])
    func files(_ dtype: DType) throws {
        try withTemporaryFolder { folder in
            let first = learner(dtype, .adam(), path: folder.path)
            try first.withoutLogging { try first.fit(1) }
            try first.save("model")
            let second = learner(dtype, .adam(), path: folder.path)
            try second.load("model")
            #expect(values(first) == values(second))
            #expect(second.model.parameters().allSatisfy { $0.value.dtype == dtype })
            for learner in [first, second] { try learner.withoutLogging { try learner.fit(1) } }
            #expect(values(first) == values(second))
            let loaded = try Learner.load(contentsOf: try first.export(to: folder.path + "/export.bundle"))
            #expect(loaded.model.parameters().allSatisfy { $0.value.dtype == dtype })
            let x = sampleIntegers([5, 3], seed: 3, in: 0..<9)
            #expect(
                try loaded.predictions(on: .batches([Batch(inputs: [x])])).predictions.floats
                    == first.predictions(on: .batches([Batch(inputs: [x])])).predictions.floats)
        }
    }

    @Test("a model that is converted between two fits, or trained by another learner, goes on training")
    func convertedBetweenFits() throws {
        let converted = learner(.float32, .adam())
        try converted.withoutLogging { try converted.fit(1) }
        let steps = try #require(converted.optimizer).stateDictionary.entries[0].steps
        converted.model.convert(to: .bfloat16)
        let before = values(converted)
        try converted.withoutLogging { try converted.fit(1) }
        #expect(values(converted) != before && converted.model.parameters()[0].value.dtype == .bfloat16)
        #expect(converted.optimizer?.stateDictionary.entries[0].steps == 2 * steps)

        let first = learner(.float32, .adam())
        let second = Learner(
            dls: first.dls, model: first.model, loss: .crossEntropy, lr: 0.01, defaultCallbacks: .core)
        var last = values(first)
        for learner in [first, second, first] {
            try learner.withoutLogging { try learner.fit(1) }
            #expect(values(first) != last)
            last = values(first)
        }
        #expect(first.optimizer?.stateDictionary.entries[0].steps == 2 * steps)
    }
}
