// SPDX-License-Identifier: Apache-2.0
// The benchmark's step inside a learner: what the loop and its default callbacks cost.

import Lockstep

extension Benchmark {
    /// Epoch 0 of a fit over the same batch again and again; the first ten steps warm up.
    func timeLearner(_ model: Module, over communicator: any Communicator) throws -> StepTimes {
        let warmUp = 10
        // Each rank gets its shard of a global batch, as it would of anyone's loader.
        let batch = benchmark.makeBatch(batchSize * communicator.size, seed: 0)
        let loaders = DataLoaders(
            BatchList(repeatElement(batch, count: warmUp + batches)), BatchList(CollectionOfOne(batch)))
        let stopwatch = Stopwatch()
        let learner = Learner(
            dls: loaders, model: model, loss: benchmark.lossFunction, optimizer: BenchmarkCase.optimizer,
            callbacks: [stopwatch])
        try learner.withoutProgress {
            try learner.withoutLogging {
                try learner.distributed(over: communicator, update: update, compression: compression) {
                    try learner.fit(1, lr: .value(BenchmarkCase.learningRate))
                }
            }
        }
        let stamps = stopwatch.stamps.dropFirst(warmUp - 1)
        return StepTimes(
            first: stopwatch.first, seconds: zip(stamps, stamps.dropFirst()).map { ($1 - $0) / .seconds(1) })
    }
}

/// Records when each training batch ended.
private final class Stopwatch: Callback {
    @exclusivity(unchecked) var first = 0.0
    @exclusivity(unchecked) var stamps: [ContinuousClock.Instant] = []

    override var order: Int { 1000 }

    override func afterBatch(_ learner: Learner) {
        guard learner.training else { return }
        if stamps.isEmpty { first = ProcessFacts.secondsSinceStart }
        stamps.append(.now)
    }
}
