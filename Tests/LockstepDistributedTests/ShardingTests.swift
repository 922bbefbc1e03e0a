// SPDX-License-Identifier: Apache-2.0
// Which rank gets which items.

import LockstepData
import LockstepDistributed
import LockstepTensor
import Testing

@Suite("Sharded loaders") struct ShardingTests {
    func loader(_ n: Int, _ batchSize: Int, shuffle: Bool = false, dropLast: Bool = false) -> DataLoader {
        let rows = Tensor.arange(n).to(.float32).reshaped([n, 1])
        return DataLoader(
            TensorDataset(inputs: [rows], targets: [rows]), batchSize: batchSize, shuffle: shuffle, dropLast: dropLast)
    }

    func batches(_ source: any BatchSource, epoch: Int = 0) throws -> [[Int]] {
        var iterator = try source.makeIterator(epoch: epoch)
        var result: [[Int]] = []
        while let batch = try iterator.next() { result.append(batch.inputs.first?.ints ?? []) }
        return result
    }

    @Test(
        "rank-ordered parts of every global batch are the batches of one process", arguments: 1...4, [0, 1, 5, 9, 20])
    func partsMakeTheWhole(world: Int, n: Int) throws {
        for batchSize in 1...4 {
            for (shuffle, dropLast) in [(false, false), (true, false), (true, true)] {
                let whole = try batches(loader(n, batchSize, shuffle: shuffle, dropLast: dropLast), epoch: 3)
                let parts = try (0..<world).map { rank in
                    try batches(
                        ShardedDataLoader(
                            loader(n, batchSize, shuffle: shuffle, dropLast: dropLast), rank: rank, size: world),
                        epoch: 3)
                }
                #expect(parts.allSatisfy { $0.count == whole.count })
                for (index, batch) in whole.enumerated() {
                    #expect(parts.flatMap { $0[index] } == batch)
                    let sizes = parts.map { $0[index].count }
                    #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
                }
            }
        }
    }

    @Test("[DIST-08] with a batch per rank the global batch grows with the ranks, and lengths are true")
    func perRank() throws {
        for (n, dropLast) in [(10, false), (13, false), (13, true), (2, true)] {
            let ranks = (0..<2).map {
                ShardedDataLoader(loader(n, 2, dropLast: dropLast), rank: $0, size: 2, batch: .perRank)
            }
            let all = try ranks.map { try batches($0) }
            #expect(all.allSatisfy { $0.count == ranks[0].batchCount })
            let items = (0..<(ranks[0].batchCount ?? 0)).flatMap { index in all.flatMap { $0[index] } }
            #expect(items == Array(0..<(dropLast ? n / 4 * 4 : n)))
        }
    }

    @Test("a foreign source is cut into rows")
    func foreign() throws {
        let rows = Tensor.arange(5).to(.float32).reshaped([5, 1])
        let list = BatchList([Batch(inputs: [rows], targets: []), Batch(inputs: [rows[0..<1]], targets: [])])
        let parts = try (0..<3).map { try batches(ShardedDataLoader(list, rank: $0, size: 3)) }
        #expect(parts == [[[0], []], [[1, 2], []], [[3, 4], [0]]])
    }
}
