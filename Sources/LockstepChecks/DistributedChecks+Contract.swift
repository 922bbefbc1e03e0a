// SPDX-License-Identifier: Apache-2.0
// Checks of the rules of the distributed contract (D1–D27) that need no comparison with one process.

import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting

/// A loader with an order of its own, different on every rank unless somebody sees to it.
private final class OwnOrder: DataLoader {
    var shift = 0
    override func indices(epoch: Int) -> [Int] {
        (itemCount ?? 0) == 0 ? [] : (0..<(itemCount ?? 0)).map { ($0 + shift) % (itemCount ?? 1) }
    }
    override var readsWholeBatches: Bool { true }
}

/// `a·x + b`, without `b` where it is not wanted.
private final class Branching: Module, UnaryLayer {
    @Parameter var a = Tensor([0.5])
    @Parameter var b = Tensor([-0.5])
    let usesBoth: Bool
    init(usesBoth: Bool) {
        self.usesBoth = usesBoth
        super.init()
    }
    func callAsFunction(_ x: Tensor) -> Tensor { usesBoth ? x * a + b : x * a }
}

extension DistributedChecks {
    private static func sameEverywhere(_ c: any Communicator, _ values: [Double], _ what: String) throws {
        let all = try c.allGather(values)
        for rank in 0..<c.size {
            let own = Array(all[rank * values.count..<(rank + 1) * values.count])
            try require(own == Array(all[0..<values.count]), "\(what): rank \(rank) has \(own), rank 0 \(all)")
        }
    }

    @Sendable static func refusesTwice(_ c: any Communicator) throws {
        guard c.size > 1 else { return }
        let learner = learner(rows: 8, batchSize: 4)
        try learner.distributed(over: c) {
            do {
                try learner.toDistributed(over: c)
                throw CheckFailure("a second DistributedCallback was taken")
            } catch let error as LearnerError {
                try require(error.code == .duplicate, "\(error)")
            }
        }
    }

    @Sendable static func unusedParameters(_ c: any Communicator) throws {
        let rows = Tensor.linspace(-2, 2, count: 8).reshaped([8, 1])
        let data = DataLoader(TensorDataset(inputs: [rows], targets: [rows * 2 + 3]), batchSize: 4)
        // Rank 0 alone has a gradient for b; without it nobody has.
        for (first, others) in [(true, false), (false, false)] {
            let learner = Learner(
                dls: DataLoaders(data, data), model: Branching(usesBoth: c.rank == 0 ? first : others), loss: .mse,
                optimizer: .sgd(mom: 0.9), lr: 0.05,
                callbacks: [DistributedCallback(communicator: c, checkInterval: 1)], defaultCallbacks: .core)
            try learner.withoutLogging { try learner.fit(2) }
            try sameEverywhere(c, parameters(learner).map(Double.init), "a parameter unused on some ranks")
            try require((parameters(learner)[1] == -0.5) == !first, "b is \(parameters(learner)[1])")
        }
    }

    @Sendable static func repeatable(_ c: any Communicator) throws {
        let runs = try (0..<2).map { _ in
            let learner = learner(rows: 23, batchSize: 5, shuffle: true, optimizer: .adam())
            try learner.withoutLogging { try learner.distributed(over: c) { try learner.fit(3) } }
            return parameters(learner)
        }
        try require(runs[0] == runs[1], "two runs end with \(runs)")
        try sameEverywhere(c, runs[0].map(Double.init), "weights")
    }

    @Sendable static func drift(_ c: any Communicator) throws {
        guard c.size > 1 else { return }
        let watched = DistributedCallback(communicator: c, checkInterval: 2)
        let learner = learner(rows: 16, batchSize: 4, callbacks: [watched])
        let model = learner.model
        try learner.on(.afterStep, order: -5) { learner in
            guard c.rank == c.size - 1, learner.trainIter == 2, let b = model.parameters().last else { return }
            b.wrappedValue = b.value + 1
        }
        let before = learner.dls.train
        do {
            try learner.withoutLogging { try learner.fit(2) }
            throw CheckFailure("replicas drifted apart unnoticed")
        } catch let error as CallbackError {
            guard let found = error.underlying as? ReplicaError else { throw error }
            try require(found.code == .replicasDrifted && "\(found)".contains("parameter b"), "\(found)")
            try sameEverywhere(c, [Double(learner.trainIter)], "the step at which it was noticed")
        }
        // An error leaves nothing behind either.
        try require(learner.dls.train === before && learner.dl == nil, "the loaders were not put back")
        try c.barrier()
    }

    @Sendable static func averagedStatistics(_ c: any Communicator) throws {
        setSeed(3)
        let items = TensorDataset(inputs: [sample([24, 4], seed: 5)], targets: [.zeros([24, 2])])
        let data = DataLoader(items, batchSize: 8)
        let learner = Learner(
            dls: DataLoaders(data, data),
            model: Sequential {
                Linear(4, 6); BatchNorm1d(6); Linear(6, 2)
            }, loss: .mse,
            optimizer: .sgd(), lr: 0.05,
            callbacks: [DistributedCallback(communicator: c, batchNorm: .averageStatistics)], defaultCallbacks: .core)
        try learner.withoutLogging { try learner.fit(2) }
        try sameEverywhere(c, learner.model.stateDictionary().flatMap { $0.tensor.doubles }, "running statistics")
    }

    @Sendable static func batchPerRank(_ c: any Communicator) throws {
        for rows in [16, 13, 3] {
            let alone = learner(rows: rows, batchSize: 2 * c.size, shuffle: true)
            let together = learner(rows: rows, batchSize: 2, shuffle: true)
            try alone.withoutLogging { try alone.fit(2) }
            try together.withoutLogging { try together.distributed(over: c, batch: .perRank) { try together.fit(2) } }
            let (one, many) = (parameters(alone).map(Double.init), parameters(together).map(Double.init))
            try require(close(many, one), "\(rows) rows: weights \(many), one process \(one)")
        }
    }

    @Sendable static func ownSampling(_ c: any Communicator) throws {
        func make(_ shift: Int) -> Learner {
            let rows = Tensor.linspace(-2, 2, count: 9).reshaped([9, 1])
            let own = OwnOrder(TensorDataset(inputs: [rows], targets: [rows * 2 + 3]), batchSize: 4)
            own.shift = shift
            return Learner(
                dls: DataLoaders(own), model: RegressionModel(), loss: .mse, optimizer: .sgd(), lr: 0.05,
                defaultCallbacks: .core)
        }
        let (alone, together) = (make(2), make(2 + 3 * c.rank))
        try alone.fit(2)
        try together.distributed(over: c) { try together.fit(2) }
        let (one, many) = (parameters(alone).map(Double.init), parameters(together).map(Double.init))
        try require(close(many, one), "weights \(many), with rank 0's order \(one)")
    }

    @Sendable static func failedReads(_ c: any Communicator) throws {
        let learner = learner(rows: 4, batchSize: 2)
        try learner.distributed(over: c) {
            do {
                try learner.load("/nowhere/model")
                throw CheckFailure("a file that is not there was loaded")
            } catch let error where !(error is CheckFailure) {
                try require("\(error)".contains("/nowhere/model.safetensors"), "rank \(c.rank) was told: \(error)")
            }
            try learner.withoutLogging { try learner.fit(1) }
        }
    }
}
