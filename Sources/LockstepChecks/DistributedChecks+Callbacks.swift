// SPDX-License-Identifier: Apache-2.0
// Checks of training callbacks on several ranks: W ranks do what one process does.

import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting

extension DistributedChecks {
    /// Trains the same learner alone and on all ranks and compares weights, losses and rows.
    static func compare(
        _ c: any Communicator, _ what: String, epochs: Int = 3, withRows: Bool = true, _ make: () -> Learner
    ) throws {
        let (alone, together) = (make(), make())
        var steps = (alone: 0, together: 0)
        try alone.on(.afterStep) { _ in steps.alone += 1 }
        try together.on(.afterStep) { _ in steps.together += 1 }
        try alone.withoutLogging { try alone.fit(epochs) }
        try together.withoutLogging { try together.distributed(over: c) { try together.fit(epochs) } }
        try require(steps.alone == steps.together, "\(what): \(steps.together) steps, one process \(steps.alone)")
        let (one, many) = (parameters(alone).map(Double.init), parameters(together).map(Double.init))
        try require(close(many, one), "\(what): weights \(many), one process \(one)")
        let (first, second) = (alone.recorder?.losses ?? [], together.recorder?.losses ?? [])
        try require(close(second, first), "\(what): losses \(second), one process \(first)")
        guard withRows else { return }
        let rows = [together, alone].map { ($0.recorder?.values ?? []).flatMap { $0.map { $0 ?? .nan } } }
        try require(close(rows[0], rows[1]), "\(what): rows \(rows[0]), one process \(rows[1])")
    }

    @Sendable static func accumulation(_ c: any Communicator) throws {
        // Batches of 1 leave ranks without items; 23 rows leave an uneven last batch and a left-over.
        for (rows, batchSize, samples) in [(16, 4, 8), (23, 5, 10), (7, 1, 3), (9, 3, 7)] {
            for factory in [OptimizerFactory.sgd(mom: 0.9), .adam()] {
                try compare(c, "\(rows) rows in batches of \(batchSize), a step every \(samples)") {
                    learner(
                        rows: rows, batchSize: batchSize, shuffle: true, optimizer: factory,
                        callbacks: [GradientAccumulation(samples: samples)])
                }
            }
        }
        // The validation column averages what batches say, so a summed loss depends on how they are cut.
        try compare(c, "a loss that adds up its items", withRows: false) {
            let learner = learner(
                rows: 11, batchSize: 3, optimizer: .sgd(), lr: 0.01, callbacks: [GradientAccumulation(samples: 6)])
            learner.lossFunction.reduction = .sum
            return learner
        }
        try accumulationWithNorm(c)
    }

    /// Batch norm communicates in the backward pass, and class weights make items count differently.
    private static func accumulationWithNorm(_ c: any Communicator) throws {
        func make() -> Learner {
            let x = sample([24, 4], seed: 5)
            let y = sampleIntegers([24], seed: 6, in: 0..<3)
            setSeed(3)
            let model = Sequential {
                Linear(4, 8); BatchNorm1d(8); ReLU(); Linear(8, 3)
            }
            let data = DataLoader(TensorDataset(inputs: [x], targets: [y]), batchSize: 6)
            return Learner(
                dls: DataLoaders(data, data), model: model,
                loss: CrossEntropyFlat(weight: Tensor([1, 2, 0.5] as [Float])), optimizer: .sgd(mom: 0.9), lr: 0.05,
                callbacks: [Recorder(), GradientAccumulation(samples: 12)], defaultCallbacks: .core)
        }
        let (alone, together) = (make(), make())
        try alone.withoutLogging { try alone.fit(2) }
        try together.withoutLogging { try together.distributed(over: c) { try together.fit(2) } }
        let states = [together, alone].map { $0.model.stateDictionary().flatMap { $0.tensor.doubles } }
        try require(
            close(states[0], states[1], 2e-4),
            "with batch norm and class weights: \(states[0]), one process \(states[1])")
    }

    @Sendable static func clipping(_ c: any Communicator) throws {
        for limit in [0.5, 4] {
            try compare(c, "clipped to \(limit)") {
                learner(rows: 11, batchSize: 4, callbacks: [GradientClip(maxNorm: limit)])
            }
            try compare(c, "accumulated and clipped to \(limit)") {
                learner(
                    rows: 11, batchSize: 2, callbacks: [GradientClip(maxNorm: limit), GradientAccumulation(samples: 4)])
            }
        }
    }

    @Sendable static func finder(_ c: any Communicator) throws {
        func make() -> Learner { learner(rows: 12, batchSize: 4, shuffle: true, optimizer: .adam()) }
        let (alone, together) = (make(), make())
        let one = try alone.lrFind(iterations: 30)
        let before = parameters(together)
        try together.distributed(over: c) {
            let many = try together.lrFind(iterations: 30)
            try require(close(many.losses, one.losses), "losses \(many.losses), one process \(one.losses)")
            try require(many.valley == one.valley, "suggests \(many.valley as Any), one process \(one.valley as Any)")
            try require(parameters(together) == before, "weights \(parameters(together)), before \(before)")
            try together.withoutLogging { try together.fit(1) }
        }
        try alone.withoutLogging { try alone.fit(1) }
        let (first, second) = (parameters(alone).map(Double.init), parameters(together).map(Double.init))
        try require(close(second, first), "after it: weights \(second), one process \(first)")
    }

    @Sendable static func trackers(_ c: any Communicator) throws {
        let silent = Console { _ in }
        func make(_ stop: EarlyStoppingCallback) -> Learner {
            self.learner(rows: 8, batchSize: 4, lr: 0.3, callbacks: [stop, ReduceLROnPlateau(console: silent)])
        }
        let alone = make(EarlyStoppingCallback(patience: 2, console: silent))
        try alone.withoutLogging { try alone.fit(30) }
        let stop = EarlyStoppingCallback(patience: 2, console: silent)
        let learner = make(stop)
        try learner.withoutLogging { try learner.distributed(over: c) { try learner.fit(30) } }
        let (one, many) = (alone.recorder?.rows.count ?? 0, learner.recorder?.rows.count ?? 0)
        try require(one == many && one < 30, "\(many) epochs, one process \(one)")
        let epochs = try c.allGather([Double(learner.recorder?.rows.count ?? 0), stop.best ?? .nan])
        try require(
            (0..<c.size).allSatisfy { epochs[2 * $0] == epochs[0] && epochs[2 * $0 + 1] == epochs[1] },
            "epochs and best values of the ranks: \(epochs)")
    }
}
