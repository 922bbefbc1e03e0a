// SPDX-License-Identifier: Apache-2.0
// Transformed, weighted and partial loaders on several ranks: the batches of one process.

import LockstepData
import LockstepDistributed
import LockstepTensor
import Testing

@Suite("Sharded transforms") struct ShardedTransformsTests {
    /// Adds random numbers of the item, to half of the items.
    struct Noise: RandomTransform {
        var probability: Double { 0.5 }
        var encodes: [TypedFunction] {
            [
                TypedFunction { (x: Tensor, context: TransformContext) in
                    guard x.dtype == .float32 else { return x }
                    var generator = context.generator()
                    return x + Tensor.uniform(x.shape, using: &generator)
                }
            ]
        }
    }

    /// 13 items of three numbers, with labels; every fourth is skipped where asked.
    func data(skipping: Bool = false) throws -> Datasets {
        let rows = ItemList(count: 13) { index -> Any in
            if skipping && index % 4 == 3 { throw SkipItem() }
            return Tensor.full([3], Double(index))
        }
        return try Datasets(
            rows, transforms: [[Noise()], [FunctionTransform { (x: Tensor) in Int(x.doubles[0]) }]],
            splits: Split(train: Array((0..<13).reversed()), valid: []))
    }

    func loader(skipping: Bool = false, sampling: Sampling = .every, workers: Int = 0) throws -> DataLoader {
        let dls = try data(skipping: skipping).dataLoaders(
            batchSize: 4, dropLast: false, sampling: sampling, numWorkers: workers, seed: 7, afterItem: [Noise()],
            afterBatch: [Noise()])
        return try #require(dls.train as? DataLoader)
    }

    func batches(_ source: any BatchSource, epoch: Int) throws -> [[(label: Int, values: [Float])]] {
        var iterator = try source.makeIterator(epoch: epoch)
        var result: [[(label: Int, values: [Float])]] = []
        while let batch = try iterator.next() {
            let (labels, values) = (batch.targets[0].ints, batch.inputs[0].floats)
            #expect(batch.inputs[0].shape == [labels.count, 3])
            result.append(labels.enumerated().map { ($1, Array(values[$0 * 3..<$0 * 3 + 3])) })
        }
        return result
    }

    @Test(
        "random items and batches on 1, 2, 3 and 5 ranks are those of one process, bit by bit, with any workers",
        arguments: [1, 2, 3, 5], [Sampling.every, .weighted((0..<13).map(Double.init)), .partial(9)])
    func invariant(world: Int, sampling: Sampling) throws {
        for epoch in 0..<2 {
            let whole = try batches(loader(sampling: sampling), epoch: epoch)
            let parts = try (0..<world).map { rank in
                try batches(
                    ShardedDataLoader(loader(sampling: sampling, workers: rank % 3), rank: rank, size: world),
                    epoch: epoch)
            }
            for (number, batch) in whole.enumerated() {
                let joined = parts.flatMap { $0[number] }
                #expect(joined.map(\.label) == batch.map(\.label))
                #expect(joined.map(\.values) == batch.map(\.values))
            }
        }
    }

    @Test(
        "where items are skipped, the following ones move up as in one process: on any number of ranks, from any batch on",
        arguments: [1, 2, 3, 5])
    func skipped(world: Int) throws {
        let whole = try batches(loader(skipping: true), epoch: 1)
        #expect(whole.map(\.count) == [4, 4, 2])
        let parts = try (0..<world).map { rank in
            try batches(ShardedDataLoader(loader(skipping: true, workers: rank % 3), rank: rank, size: world), epoch: 1)
        }
        for (number, batch) in whole.enumerated() {
            let joined = parts.flatMap { $0[number] }
            #expect(joined.map(\.label) == batch.map(\.label))
            #expect(joined.map(\.values) == batch.map(\.values))
            // As a resumed run begins: by the number of the batch alone, and told where in the order it begins.
            let single = try loader(skipping: true)
            var all = try single.makeIterator(epoch: 1)
            var position: Int?
            for _ in 0..<number { position = try all.next()?.endPosition }
            for position in [nil, position] {
                let rests = try (0..<world).map { rank in
                    try ShardedDataLoader(single, rank: rank, size: world).makeIterator(
                        epoch: 1, from: number, position: position
                    ).labels()
                }
                for later in 0..<whole.count - number {
                    #expect(rests.flatMap { $0[later] } == whole[number + later].map(\.label))
                }
                #expect(rests.allSatisfy { $0.count == whole.count - number })
            }
        }
    }
}

extension BatchIterator {
    /// The labels of every batch that is left.
    fileprivate func labels() throws -> [[Int]] {
        var (iterator, result) = (self, [[Int]]())
        while let batch = try iterator.next() { result.append(batch.targets[0].ints) }
        return result
    }
}
