// SPDX-License-Identifier: Apache-2.0
// Tests of loaders that draw items by weight, or some of them.

import LockstepTensor
import Testing

@testable import LockstepData

@Suite("Sampling")
struct SamplingTests {
    @Test("weighted draws: as many as there are, by weight, with replacement, from seed and epoch")
    func weighted() throws {
        let weights = (0..<1000).map { $0 < 500 ? 1.0 : 3.0 } + [0]
        let loader = try WeightedDataLoader(Numbers(count: 1001), weights: weights, batchSize: 100, seed: 5)
        let drawn = try batches(loader, epoch: 2).flatMap { $0 }
        #expect(drawn.count == 1001 && loader.batchCount == 11)
        #expect(!drawn.contains(1000) && Set(drawn).count < 1001)
        let heavy = drawn.filter { $0 >= 500 }.count
        #expect(heavy > 690 && heavy < 810)
        #expect(try batches(loader, epoch: 2).flatMap { $0 } == drawn)
        #expect(try batches(loader, epoch: 3).flatMap { $0 } != drawn)
        #expect(try batches(loader.new(numWorkers: 2), epoch: 2).flatMap { $0 } == drawn)
        #expect(try batches(loader.new(shuffle: false)).flatMap { $0 } == Array(0..<1001))
        #expect(try batches(loader.new(dataset: Numbers(count: 3), shuffle: false)) == [[0, 1, 2]])
        let one = try WeightedDataLoader(Numbers(count: 3), weights: [0, 2, 0])
        #expect(try batches(one) == [[1, 1, 1]])
        #expect(try batches(WeightedDataLoader(Numbers(count: 0), weights: [])).isEmpty)
    }

    @Test("a partial loader: distinct items, fewer batches, another choice every epoch")
    func partial() throws {
        let loader = try PartialDataLoader(Numbers(count: 10), count: 4, batchSize: 3)
        #expect(loader.batchCount == 2 && loader.itemCount == 4)
        #expect(loader.new(dropLast: true).batchCount == 1)
        var seen: Set<[Int]> = []
        for epoch in 0..<20 {
            let items = try batches(loader, epoch: epoch).flatMap { $0 }
            #expect(items.count == 4 && Set(items).count == 4)
            #expect(items == loader.indices(epoch: epoch))
            seen.insert(items)
        }
        #expect(seen.count > 15)
        #expect(try PartialDataLoader(Numbers(count: 3), count: 7).itemCount == 3)
        #expect(try batches(PartialDataLoader(Numbers(count: 3), count: 0)).isEmpty)
    }

    @Test("sampling through datasets acts on training only, and every rank can work the order out")
    func datasets() throws {
        let data = Datasets(Numbers(count: 10), split: Split(train: [1, 2, 3], valid: [4, 5]))
        let dls = data.dataLoaders(batchSize: 4, dropLast: false, sampling: .weighted([0, 1, 0]))
        #expect(try batches(#require(dls.train as? DataLoader)) == [[2, 2, 2]])
        #expect(try batches(#require(dls.valid as? DataLoader)) == [[4, 5]])
        let transformed = try data.dataLoaders(
            batchSize: 4, dropLast: false, sampling: .partial(2), afterItem: [ToTensor()])
        #expect(transformed.train.batchCount == 1 && transformed.valid?.batchCount == 1)
        final class Own: TransformedDataLoader {}
        let loader = try #require(transformed.train as? TransformedDataLoader)
        #expect(loader.ordersBySeed && !Own(data, options: loader.options.every).ordersBySeed)
    }

    @Test("weights that do not fit stop with a sentence")
    func traps() async {
        let short = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = try WeightedDataLoader(Numbers(count: 3), weights: [1])
        }
        #expect(sentence(short).contains("1 weights for 3 items"))
        let zero = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = try WeightedDataLoader(Numbers(count: 2), weights: [0, 0])
        }
        #expect(sentence(zero).contains("not all 0"))
    }
}

extension DataLoader.Options {
    /// These options for any dataset.
    fileprivate var every: DataLoader.Options {
        var options = self
        options.sampling = .every
        return options
    }
}
