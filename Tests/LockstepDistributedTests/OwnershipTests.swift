// SPDX-License-Identifier: Apache-2.0
// Divided updates and bitwise training on ranks that are threads.

import LockstepChecks
import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Divided updates", .serialized) struct OwnershipTests {
    @Test("every check", arguments: OwnershipChecks.all.indices, [1, 2, 3, 4])
    func together(_ index: Int, ranks: Int) throws {
        let check = OwnershipChecks.all[index]
        do {
            try InProcessWorld(ranks).run { communicator in try check.body(communicator) }
        } catch {
            Issue.record("\(check.name) on \(ranks) ranks: \(error)")
        }
    }

    @Test("where nodes do not share memory every rank makes all updates")
    func severalNodes() throws {
        try InProcessWorld(4, ranksPerNode: 2).run { communicator in
            try OwnershipChecks.all[0].body(communicator)
            try OwnershipChecks.all[7].body(communicator)
        }
    }

    @Test("[DIST-34] a checkpoint of 2 ranks goes on with 3, as one process would")
    func resume() throws {
        @Sendable func learner() -> Learner {
            setSeed(5)
            let model = Sequential {
                Linear(4, 33); ReLU(); Linear(33, 2)
            }
            let data = DataLoader(
                TensorDataset(inputs: [sample([30, 4], seed: 1)], targets: [sample([30, 2], seed: 2)]), batchSize: 7,
                shuffle: true, seed: 3)
            return Learner(
                dls: DataLoaders(data, data), model: model, loss: .mse, optimizer: .adam(), lr: 0.01,
                defaultCallbacks: .core)
        }
        let alone = learner()
        try alone.fit(2)
        let saved = try InProcessWorld(2).run { ranks in
            let learner = learner()
            return try learner.distributed(over: ranks) {
                try learner.fit(1)
                #expect(learner.callback(ofType: DistributedCallback.self)?.dividesUpdates == true)
                return try learner.checkpoint()
            }
        }
        #expect(saved[0] == saved[1], "every rank can save the same whole tensors")
        let resumed = try InProcessWorld(3).run { ranks in
            let learner = learner()
            try learner.load(checkpoint: saved[0], withOptimizer: true)
            try learner.distributed(over: ranks) { try learner.fit(1) }
            return learner.model.namedParameters().flatMap { $0.parameter.value.doubles }
        }
        let expected = alone.model.namedParameters().flatMap { $0.parameter.value.doubles }
        for weights in resumed {
            let worst = zip(weights, expected).map { abs($0 - $1) }.max() ?? 1
            #expect(worst < 1e-6)
        }
    }

    @Test("state is kept by slices, and whole for who asks")
    func slices() throws {
        let sizes = try InProcessWorld(2).run { ranks in
            let parameter = Parameter(wrappedValue: sample([100], seed: 1))
            let optimizer = OptimizerFactory.adam()([[parameter]], lr: 0.1)
            let exchange = try GradientExchange(optimizer.arena, over: ranks)
            #expect(try exchange.divideUpdates(of: optimizer) == nil)
            for _ in 0..<3 {
                parameter.gradient = sample([100], seed: 2)
                try exchange.step(optimizer, weight: Double(ranks.rank + 1))
                optimizer.zeroGradients()
            }
            try ranks.barrier()
            let state = optimizer.stateDictionary.entries[0]
            #expect(state.steps == 3)
            #expect(state.tensors.map(\.tensor.count) == [100, 100])
            #expect(state.tensors[1].tensor.floats.allSatisfy { $0 > 0 })
            try ranks.barrier()
            return optimizer.flatState().map(\.count)
        }
        #expect(sizes == [[112, 112], [112, 112]], "asked for whole state, a rank keeps a copy of its own")
    }
}
