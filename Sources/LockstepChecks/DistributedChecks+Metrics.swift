// SPDX-License-Identifier: Apache-2.0
// Checks of metrics on several ranks, whatever is merged: counts, tables, whole columns, n-grams.

import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting

/// Gives back what it is given: the data set holds the predictions.
private final class Given: Module, UnaryLayer {
    func callAsFunction(_ x: Tensor) -> Tensor { x }
}

extension DistributedChecks {
    private static func compareMetrics(
        _ c: any Communicator, _ what: String, _ predictions: Tensor, _ targets: Tensor, _ loss: some LossFunction,
        batchSize: Int, _ metrics: () -> [Metric]
    ) throws {
        func make() -> Learner {
            let data = DataLoader(TensorDataset(inputs: [predictions], targets: [targets]), batchSize: batchSize)
            return Learner(
                dls: DataLoaders(data, data), model: Given(), loss: loss, metrics: metrics(), defaultCallbacks: .core)
        }
        let (alone, together) = (make(), make())
        let one = try alone.validate()
        let many = try together.distributed(over: c) { try together.validate() }
        for (index, name) in (["loss"] + alone.metrics.map(\.name)).enumerated() {
            guard let expected = one[index] else { throw CheckFailure("\(what): \(name) has no value in one process") }
            let actual = many[index] ?? .nan
            try require(
                close([actual], [expected], 1e-6), "\(what): \(name) is \(actual), in one process \(expected)")
        }
    }

    @Sendable static func wholeSetMetrics(_ c: any Communicator) throws {
        let classes = sampleIntegers([17], seed: 2, in: 0..<3)
        for batchSize in [1, 4, 17] {
            try compareMetrics(
                c, "one class", sample([17, 3], seed: 1), classes, .crossEntropy, batchSize: batchSize
            ) {
                [
                    .accuracy, .topKAccuracy(k: 2), F1Score(average: .macro), RocAuc(), CohenKappa(),
                    MatthewsCorrCoef(),
                    BalancedAccuracy(),
                ]
            }
            try compareMetrics(
                c, "numbers", sample([17], seed: 3), sample([17], seed: 4), .mse, batchSize: batchSize
            ) { [.rmse, .mae, R2Score(), PearsonCorrCoef(), SpearmanCorrCoef()] }
            try compareMetrics(
                c, "regions", sample([7, 3, 4, 4], seed: 5), sampleIntegers([7, 4, 4], seed: 6, in: 0..<3),
                CrossEntropyFlat(axis: 1), batchSize: batchSize
            ) { [DiceMulti(), JaccardCoeffMulti(), .foregroundAcc] }
            try compareMetrics(
                c, "words", sample([5, 9, 4], seed: 7), sampleIntegers([5, 9], seed: 8, in: 0..<4), .crossEntropy,
                batchSize: batchSize
            ) { [CorpusBLEU(), Perplexity()] }
        }
    }

    @Sendable static func summedValidation(_ c: any Communicator) throws {
        for (rows, batchSize) in [(6, 2), (7, 3), (5, 8), (1, 4)] {
            func make() -> Learner {
                let learner = learner(rows: 4, batchSize: batchSize, validRows: rows)
                learner.lossFunction.reduction = .sum
                return learner
            }
            let (alone, together) = (make(), make())
            let one = try alone.validate().map { $0 ?? .nan }
            let many = try together.distributed(over: c) { try together.validate() }.map { $0 ?? .nan }
            try require(close(many, one), "\(rows) rows in batches of \(batchSize): \(many), one process \(one)")
        }
    }
}
