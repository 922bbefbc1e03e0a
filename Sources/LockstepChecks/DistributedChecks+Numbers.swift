// SPDX-License-Identifier: Apache-2.0
// Checks of numbers that go wrong unseen: one that is none on a single rank, and statistics of numbers far from 0.

import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting

extension DistributedChecks {
    static let numbers: [(name: String, body: @Sendable (any Communicator) throws -> Void)] = [
        ("a prediction that is not a number makes every metric none, whichever rank has it", undefinedMetrics),
        ("batch norm of numbers far from 0 is that of the same numbers near 0", normFarFromZero),
    ]

    /// Gives back what it is given.
    private final class Given: Module, UnaryLayer {
        func callAsFunction(_ x: Tensor) -> Tensor { x }
    }

    @Sendable static func undefinedMetrics(_ c: any Communicator) throws {
        let targets = sampleIntegers([13], seed: 2, in: 0..<2)
        for place in [0, 9, 25] {
            var outputs = sample([13, 2], seed: 1).doubles
            outputs[place] = .nan
            let data = TensorDataset(inputs: [Tensor(outputs, shape: [13, 2]).to(.float32)], targets: [targets])
            for batchSize in [1, 5, 13] {
                let loader = DataLoader(data, batchSize: batchSize)
                let learner = Learner(
                    dls: DataLoaders(loader, loader), model: Given(), loss: .crossEntropy,
                    metrics: [
                        .accuracy, .topKAccuracy(k: 1), F1Score(), RocAucBinary(), APScoreBinary(), CohenKappa(),
                        HammingLoss(), BrierScore(), Dice(), DiceMulti(), .foregroundAcc, Perplexity(),
                    ], defaultCallbacks: .core)
                let values = try learner.distributed(over: c) { try learner.validate() }
                for (name, value) in zip(["loss"] + learner.metrics.map(\.name), values) {
                    try require(
                        value?.isNaN == true,
                        "NaN at \(place), batches of \(batchSize): \(name) is \(value.map { "\($0)" } ?? "nothing")")
                }
            }
        }
    }

    @Sendable static func normFarFromZero(_ c: any Communicator) throws {
        let far = (sample([24, 4], seed: 5, dtype: .float64) * 0.02 + 1e4).to(.float32)
        let y = sampleIntegers([24], seed: 6, in: 0..<3)
        func weights(_ x: Tensor, _ train: (Learner) throws -> Void) throws -> [Double] {
            setSeed(3)
            let model = Sequential {
                BatchNorm1d(4); Linear(4, 8); BatchNorm1d(8); ReLU(); Linear(8, 3)
            }
            let data = DataLoader(TensorDataset(inputs: [x], targets: [y]), batchSize: 8)
            let learner = Learner(
                dls: DataLoaders(data, data), model: model, loss: .crossEntropy, optimizer: .sgd(), lr: 0.05,
                callbacks: [Recorder()], defaultCallbacks: .core)
            try learner.withoutLogging { try train(learner) }
            return model.parameters().flatMap { $0.value.doubles }
        }
        // Neighbours in float32: the difference is exact.
        let near = try weights(far - 1e4) { try $0.fit(2) }
        let found = try weights(far) { learner in try learner.distributed(over: c) { try learner.fit(2) } }
        try require(close(found, near, 2e-5), "near 10,000: \(found), near 0: \(near)")
    }
}
