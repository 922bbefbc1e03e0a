// SPDX-License-Identifier: Apache-2.0
// Checks that a batch which batch normalisation cannot normalise ends all ranks alike.

import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor

extension DistributedChecks {
    static let singleValue: [(name: String, body: @Sendable (any Communicator) throws -> Void)] = [
        ("one value per channel ends all ranks alike", singleValues)
    ]

    @Sendable static func singleValues(_ c: any Communicator) throws {
        func learner(_ rows: Int, batchSize: Int) -> Learner {
            let learner = Learner(
                dls: DataLoaders(DataLoader(labelledRows(rows), batchSize: batchSize)),
                model: Sequential {
                    Linear(3, 4); BatchNorm1d(4); ReLU(); Linear(4, 2)
                }, loss: .crossEntropy, optimizer: .sgd(), defaultCallbacks: .core)
            return learner
        }
        func ends(_ rows: Int, _ batchSize: Int, _ policy: BatchNormPolicy, over ranks: any Communicator) -> String {
            let learner = learner(rows, batchSize: batchSize)
            do {
                try learner.addCallback(DistributedCallback(communicator: ranks, batchNorm: policy))
                try learner.withoutLogging { try learner.fit(1) }
                let layers = learner.model.modules().compactMap { $0 as? BatchNorm }
                try require(layers.allSatisfy { $0.statisticsReducer == nil }, "a layer still communicates")
                return ""
            } catch {
                return "\(error)"
            }
        }
        // A last batch of one item: whoever has it, all say the same.
        for (rows, batchSize) in [(9, 4), (1, 4), (3, 1)] {
            let text = ends(rows, batchSize, .sync, over: c)
            try require(text.contains("one value per channel has no variance: [1, 4]"), "rank \(c.rank) says: \(text)")
            let all = try c.allGather(text, name: "sentences")
            try require(all.allSatisfy { $0 == all[0] }, "the ranks say: \(all)")
        }
        // Two items are enough, on however many ranks.
        for (rows, batchSize) in [(6, 4), (2, 4)] {
            let text = ends(rows, batchSize, .sync, over: c)
            try require(text.isEmpty, "\(rows) rows in batches of \(batchSize): \(text)")
        }
        // Statistics of each rank's own: the part counts, and the ranks end together.
        for policy in [BatchNormPolicy.averageStatistics, .local] {
            guard let own = try c.split(color: 0, key: c.rank) else { return }
            let text = ends(c.size, c.size, policy, over: own)
            try require(text.contains("one value per channel has no variance"), "rank \(c.rank) says: \(text)")
        }
    }
}
