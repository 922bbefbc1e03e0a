// SPDX-License-Identifier: Apache-2.0
// The sharding tables of the behaviour contract, with our rule: parts of the global batch, nothing twice.

import LockstepData
import LockstepDistributed
import LockstepTensor
import Testing

/// A line of the table: items, batch size per rank, ranks, and each rank's batches.
struct ShardRow: Sendable, CustomTestStringConvertible {
    let n: Int
    let batchSize: Int
    let world: Int
    var dropLast = false
    let ranks: [[[Int]]]
    var testDescription: String {
        "\(n) items, \(batchSize) per rank, \(world) ranks\(dropLast ? ", full batches" : "")"
    }
}

@Suite("Sharding tables") struct ShardTableTests {
    static func batches(_ row: ShardRow, rank: Int, _ convention: BatchConvention, batchSize: Int) throws -> [[Int]] {
        let items = Tensor.arange(row.n).to(.float32).reshaped([row.n, 1])
        let loader = DataLoader(
            TensorDataset(inputs: [items], targets: [items]), batchSize: batchSize, dropLast: row.dropLast)
        let part = ShardedDataLoader(loader, rank: rank, size: row.world, batch: convention)
        var iterator = try part.makeIterator(epoch: 0)
        var result: [[Int]] = []
        while let batch = try iterator.next() { result.append(batch.inputs.first?.ints ?? []) }
        #expect(part.batchCount == result.count, "the advertised length is not true")
        return result
    }

    /// Both conventions: a batch per rank, and a global batch that is as large as theirs together.
    static func check(_ row: ShardRow) throws {
        for rank in 0..<row.world {
            #expect(try batches(row, rank: rank, .perRank, batchSize: row.batchSize) == row.ranks[rank])
            #expect(try batches(row, rank: rank, .global, batchSize: row.batchSize * row.world) == row.ranks[rank])
        }
        let all = row.ranks.flatMap { $0.flatMap { $0 } }.sorted()
        #expect(all == Array(0..<all.count), "an item is missing or repeated")
    }

    @Test("[DIST-01] 8 items in twos on 2 ranks")
    func even() throws {
        try Self.check(.init(n: 8, batchSize: 2, world: 2, ranks: [[[0, 1], [4, 5]], [[2, 3], [6, 7]]]))
    }

    @Test("[DIST-02] 9 items in twos on 2 ranks: the last one is not repeated for the other rank")
    func odd() throws {
        try Self.check(.init(n: 9, batchSize: 2, world: 2, ranks: [[[0, 1], [4, 5], []], [[2, 3], [6, 7], [8]]]))
    }

    @Test("[DIST-03] 7 items in twos on 2 ranks")
    func seven() throws {
        try Self.check(.init(n: 7, batchSize: 2, world: 2, ranks: [[[0, 1], [4]], [[2, 3], [5, 6]]]))
    }

    @Test("[DIST-04] 10 items in fours on 4 ranks share one batch")
    func oneBatch() throws {
        try Self.check(.init(n: 10, batchSize: 4, world: 4, ranks: [[[0, 1]], [[2, 3, 4]], [[5, 6]], [[7, 8, 9]]]))
    }

    @Test("[DIST-05] 5 items in ones on 4 ranks")
    func ones() throws {
        try Self.check(.init(n: 5, batchSize: 1, world: 4, ranks: [[[0], []], [[1], []], [[2], []], [[3], [4]]]))
    }

    @Test("[DIST-06] 2 items on 4 ranks: two ranks have nothing")
    func fewer() throws {
        try Self.check(.init(n: 2, batchSize: 2, world: 4, ranks: [[[]], [[0]], [[]], [[1]]]))
    }

    @Test("[DIST-07] 1 item on 4 ranks")
    func single() throws { try Self.check(.init(n: 1, batchSize: 1, world: 4, ranks: [[[]], [[]], [[]], [[0]]])) }

    @Test("[DIST-08] 10 items in fours on 2 ranks, full batches only: true lengths")
    func dropped() throws {
        try Self.check(
            .init(n: 10, batchSize: 4, world: 2, dropLast: true, ranks: [[[0, 1, 2, 3]], [[4, 5, 6, 7]]]))
        try Self.check(.init(n: 2, batchSize: 2, world: 2, dropLast: true, ranks: [[], []]))
        try Self.check(
            .init(n: 13, batchSize: 4, world: 2, dropLast: true, ranks: [[[0, 1, 2, 3]], [[4, 5, 6, 7]]]))
    }

    @Test("[DIST-09] no items: no batches on any rank", arguments: 1...4)
    func none(world: Int) throws {
        try Self.check(.init(n: 0, batchSize: 3, world: world, ranks: Array(repeating: [], count: world)))
    }
}
