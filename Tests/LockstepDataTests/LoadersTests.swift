// SPDX-License-Identifier: Apache-2.0
// Tests of the loader: lengths, order, hooks, skipping, workers, collation, copies, streams.

import LockstepTensor
import Synchronization
import Testing

@testable import LockstepData

@Suite("DataLoader")
struct LoadersTests {
    @Test(
        "[DL-01] items / batch size, rounded up, or down when short batches are dropped",
        arguments: [
            (10, 4, false, [4, 4, 2]), (10, 4, true, [4, 4]), (8, 4, false, [4, 4]), (8, 4, true, [4, 4]),
            (3, 4, false, [3]),
            (3, 4, true, []), (0, 4, false, []), (0, 4, true, []), (5, 1, false, [1, 1, 1, 1, 1]),
        ])
    func lengths(items: Int, size: Int, dropLast: Bool, expected: [Int]) throws {
        let loader = DataLoader(Numbers(count: items), batchSize: size, dropLast: dropLast)
        #expect(loader.batchCount == expected.count)
        #expect(loader.itemCount == items)
        #expect(try batches(loader).map(\.count) == expected)
        #expect(try batches(loader).flatMap { $0 } == Array(0..<expected.reduce(0, +)))
        #expect(loader.indexBatches(epoch: 0).map(\.count) == expected)
    }

    @Test("[DL-01] without a batch size every item is a batch as it is")
    func prebatched() throws {
        let data = MapDataset([[1, 2], [3]], inputs: [{ Tensor($0.map(Double.init)) }])
        let loader = DataLoader(data, batchSize: nil)
        #expect(loader.batchCount == 2)
        #expect(try batches(loader) == [[1, 2], [3]])
    }

    @Test("[DL-01] a stream without a count has no length")
    func unknownLength() {
        var options = DataLoader.Options()
        #expect(DataLoader(stream: Counter(length: 3), options: options).batchCount == nil)
        options.batchSize = 2
        #expect(DataLoader(stream: Counter(length: 3, count: 3), options: options).batchCount == 2)
    }

    @Test("[DL-02] the steps of an epoch, in order; one batch runs no afterIter", arguments: [false, true])
    func hookOrder(subclassed: Bool) throws {
        final class Log { var lines: [String] = [] }
        let log = Log()
        final class Logging: DataLoader {
            var log = Log()
            override func beforeIter(epoch: Int) { log.lines.append("beforeIter \(epoch)") }
            override func indices(epoch: Int) -> [Int] {
                log.lines.append("indices")
                return super.indices(epoch: epoch)
            }
            override func createItem(_ context: ItemContext) throws -> Sample {
                log.lines.append("createItem \(context.index)")
                return try super.createItem(context)
            }
            override func afterItem(_ sample: Sample, context: ItemContext) -> Sample {
                log.lines.append("afterItem \(context.index)")
                return sample
            }
            override func beforeBatch(_ samples: [Sample]) -> [Sample] {
                log.lines.append("beforeBatch \(samples.count)")
                return samples
            }
            override func createBatch(_ samples: [Sample]) throws -> Batch {
                log.lines.append("createBatch")
                return try super.createBatch(samples)
            }
            override func afterBatch(_ batch: Batch, context: BatchContext) -> Batch {
                log.lines.append("afterBatch \(batch.size) \(context.indices)")
                return batch
            }
            override func afterIter() { log.lines.append("afterIter") }
        }
        let data = TensorDataset(inputs: [Tensor([0, 1, 2])])
        var expected: [String]
        let loader: DataLoader
        if subclassed {
            let logging = Logging(data, batchSize: 2)
            logging.log = log
            loader = logging
            expected = [
                "beforeIter 0", "indices", "createItem 0", "afterItem 0", "createItem 1", "afterItem 1",
                "beforeBatch 2",
                "createBatch", "afterBatch 2 [0, 1]", "createItem 2", "afterItem 2", "beforeBatch 1", "createBatch",
                "afterBatch 1 [2]", "afterIter",
            ]
        } else {
            var hooks = DataLoader.Hooks()
            hooks.beforeIter = { log.lines.append("beforeIter \($0)") }
            hooks.afterItem = { sample, context in
                log.lines.append("afterItem \(context.index)")
                return sample
            }
            hooks.beforeBatch = { samples in
                log.lines.append("beforeBatch \(samples.count)")
                return samples
            }
            hooks.afterBatch = { batch, context in
                log.lines.append("afterBatch \(batch.size) \(context.indices)")
                return batch
            }
            hooks.afterIter = { log.lines.append("afterIter") }
            loader = DataLoader(data, batchSize: 2, hooks: hooks)
            expected = [
                "beforeIter 0", "afterItem 0", "afterItem 1", "beforeBatch 2", "afterBatch 2 [0, 1]", "afterItem 2",
                "beforeBatch 1", "afterBatch 1 [2]", "afterIter",
            ]
        }
        #expect(try batches(loader) == [[0, 1], [2]])
        #expect(log.lines == expected)
        log.lines = []
        _ = try loader.oneBatch()
        #expect(log.lines == Array(expected.prefix { !$0.hasPrefix("afterBatch") }) + ["afterBatch 2 [0, 1]"])
    }

    @Test("[DL-03] the same seed gives the same two epochs, which differ; another seed gives others")
    func seeds() throws {
        func twoEpochs(_ seed: UInt64) -> [[Int]] {
            let loader = DataLoader(Numbers(count: 50), batchSize: 7, shuffle: true, seed: seed)
            return (0..<2).map { _ in loader.flatMap { $0.inputs[0].ints } }
        }
        let first = twoEpochs(1)
        #expect(first == twoEpochs(1))
        #expect(first[0] != first[1])
        #expect(first[0] != twoEpochs(2)[0])
        #expect(first.allSatisfy { $0.sorted() == Array(0..<50) })
    }

    @Test("[DL-03] an epoch's order does not depend on what ran before; oneBatch counts as an iteration")
    func pureOrder() throws {
        let loader = DataLoader(Numbers(count: 20), batchSize: 4, shuffle: true, seed: 3)
        let third = try batches(loader, epoch: 3)
        let batch = try loader.oneBatch()
        #expect(loader.epoch == 1)
        #expect(batch.inputs[0].ints == loader.indexBatches(epoch: 0)[0])
        #expect(loader.first { _ in true }?.inputs[0].ints == loader.indexBatches(epoch: 1)[0])
        #expect(try batches(loader, epoch: 3) == third)
        #expect(third == loader.indexBatches(epoch: 3))
        #expect(third.flatMap { $0 } == loader.indices(epoch: 3))
    }

    @Test("[DL-04] n takes the first n items, shuffled among themselves")
    func firstItems() throws {
        let loader = DataLoader(Numbers(count: 100), batchSize: 4, shuffle: true, n: 10)
        #expect(loader.batchCount == 3)
        for epoch in 0..<5 { #expect(try batches(loader, epoch: epoch).flatMap { $0 }.sorted() == Array(0..<10)) }
        #expect(DataLoader(Numbers(count: 3), batchSize: 4, n: 10).itemCount == 3)
    }

    @Test("[DL-05] skipped items vanish and the next ones fill the batch", arguments: [0, 1, 2, 4])
    func skipping(workers: Int) throws {
        let third = Numbers(count: 10) { $0 % 3 == 2 }
        let loader = DataLoader(third, batchSize: 2, numWorkers: workers)
        #expect(loader.batchCount == 5)
        #expect(try batches(loader) == [[0, 1], [3, 4], [6, 7], [9]])
        let dropping = DataLoader(third, batchSize: 2, dropLast: true, numWorkers: workers)
        #expect(try batches(dropping) == [[0, 1], [3, 4], [6, 7]])
        // The items a dropped tail would have had fill what skipping left.
        let odd = DataLoader(Numbers(count: 11) { $0 == 1 }, batchSize: 5, dropLast: true, numWorkers: workers)
        #expect(try batches(odd) == [[0, 2, 3, 4, 5], [6, 7, 8, 9, 10]])
        let all = DataLoader(Numbers(count: 9) { _ in true }, batchSize: 2, numWorkers: workers)
        #expect(try batches(all).isEmpty)
        var hooks = DataLoader.Hooks()
        hooks.afterItem = { sample, context in
            if context.index < 5 { throw SkipItem() }
            return sample
        }
        #expect(
            try batches(DataLoader(Numbers(count: 8), batchSize: 2, numWorkers: workers, hooks: hooks)) == [
                [5, 6], [7],
            ])
    }

    @Test("[DL-06] any number of workers gives the same batches in the same order", arguments: [1, 2, 4, 7])
    func workers(workers: Int) throws {
        var hooks = DataLoader.Hooks()
        hooks.afterItem = { sample, context in
            // Random, and slower for some items: neither may change the result.
            var generator = context.generator()
            let shift = Double(UInt64.random(in: 0..<1000, using: &generator))
            if context.index % 5 == 0 { _ = (0..<2000).reduce(0, &+) }
            return Sample(inputs: [sample.inputs[0] + 1000 * shift], targets: [])
        }
        for size in [1, 3, 64] {
            let plain = DataLoader(Numbers(count: 50), batchSize: size, shuffle: true, hooks: hooks)
            let threaded = plain.new(numWorkers: workers)
            for epoch in 0..<3 { #expect(try batches(plain, epoch: epoch) == batches(threaded, epoch: epoch)) }
        }
        let tensors = TensorDataset(inputs: [Tensor.arange(1000)])
        let plain = DataLoader(tensors, batchSize: 8, shuffle: true)
        #expect(try batches(plain) == batches(plain.new(numWorkers: workers)))
    }

    @Test("[DL-06] an error of an item surfaces at its batch, whatever the workers", arguments: [0, 1, 2, 4])
    func errors(workers: Int) throws {
        struct Failing: Dataset {
            let count = 20
            func item(at index: Int) throws -> Sample {
                if index == 9 { throw Broken(index: index) }
                return Sample(inputs: [Tensor(Double(index))])
            }
        }
        var iterator = try DataLoader(Failing(), batchSize: 4, numWorkers: workers).makeIterator(epoch: 0)
        #expect(try iterator.next()?.inputs[0].ints == [0, 1, 2, 3])
        #expect(try iterator.next()?.inputs[0].ints == [4, 5, 6, 7])
        #expect(throws: Broken(index: 9)) { try iterator.next() }
        #expect(try iterator.next() == nil)
    }

    @Test("[DL-06] giving an iteration up joins the workers", arguments: [1, 3])
    func abandoned(workers: Int) throws {
        let running = Atomic<Int>(0)
        let made = Atomic<Int>(0)
        func count() throws {
            let data = MapDataset(0..<1000) { index -> Sample in
                running.add(1, ordering: .sequentiallyConsistent)
                made.add(1, ordering: .sequentiallyConsistent)
                defer { running.subtract(1, ordering: .sequentiallyConsistent) }
                return Sample(inputs: [Tensor(Double(index))])
            }
            var iterator = try DataLoader(data, batchSize: 2, numWorkers: workers).makeIterator(epoch: 0)
            _ = try iterator.next()
        }
        try count()
        let after = made.load(ordering: .sequentiallyConsistent)
        #expect(running.load(ordering: .sequentiallyConsistent) == 0)
        #expect(after <= 4 * workers * 2 + 2, "the queue is bounded")
        #expect(made.load(ordering: .sequentiallyConsistent) == after)
    }

    @Test("[DL-07] items that do not fit together are named with index and shape")
    func collation() throws {
        let ragged = MapDataset([2, 2, 3], inputs: [{ _ in Tensor(0) }, { Tensor.zeros([$0]) }])
        let error = try #require(dataError { try batches(DataLoader(ragged, batchSize: 4)) })
        #expect(
            error.description
                == "data loader: the items do not fit into one batch: input 1 of item 0 has shape [2], of item 2 [3]. "
                + "Bring the items to one size first, for example in the loader's afterItem hook")
        let types = MapDataset([DType.float32, .int64], inputs: [{ Tensor(0, dtype: $0) }])
        #expect(
            dataError { try batches(DataLoader(types)) }?.description.contains("of item 0 is float32, of item 1 int64")
                == true)
        let counts = MapDataset([0, 1]) { Sample(inputs: [Tensor(0)], targets: Array(repeating: Tensor(0), count: $0)) }
        #expect(
            dataError { try batches(DataLoader(counts)) }?.description.contains("item 0 has 1 inputs and 0 targets")
                == true)
    }

    @Test("[DL-08] a copy keeps class, settings and hooks, not n; given ones change")
    func copies() throws {
        final class Special: DataLoader {}
        var hooks = DataLoader.Hooks()
        hooks.afterBatch = { batch, _ in Batch(inputs: [batch.inputs[0] + 100], size: batch.size) }
        let loader = Special(
            Numbers(count: 10), batchSize: 4, shuffle: true, dropLast: true, n: 6, numWorkers: 1, seed: 9, hooks: hooks)
        _ = try loader.oneBatch()
        let copy: Special = loader.new()
        #expect(copy.batchSize == 4 && copy.shuffle && copy.dropLast && copy.numWorkers == 1 && copy.seed == 9)
        #expect(copy.itemCount == 10)
        #expect(copy.epoch == 0)
        let other = loader.new(dataset: Numbers(count: 5), shuffle: false)
        #expect(
            try batches(other.new(hooks: DataLoader.Hooks())) == [[0, 1, 2, 3]],
            "dropLast is carried to the new dataset")
        var iterator = try other.makeIterator(epoch: 0)
        #expect(try iterator.next()?.inputs[0].ints == [100, 101, 102, 103])
        #expect(loader.new(batchSize: .some(nil), dropLast: false).batchSize == nil)
    }

    @Test("[DL-09] one batch of nothing is an error that says why")
    func nothing() throws {
        let empty = try #require(dataError { try DataLoader(Numbers(count: 0)).oneBatch() })
        #expect(empty.description == "data loader: there are no batches: 0 items, batch size 64")
        let dropped = try #require(
            dataError { try DataLoader(Numbers(count: 1), batchSize: 2, dropLast: true).oneBatch() })
        #expect(
            dropped.description
                == "data loader: there are no batches: 1 item, batch size 2, short batches dropped. Use a smaller batchSize, or dropLast: false"
        )
    }

    @Test("a stream stops at n or at its end, whichever is first; a worker reads ahead", arguments: [0, 1, 3])
    func streams(workers: Int) throws {
        var options = DataLoader.Options()
        options.batchSize = 2
        options.numWorkers = workers
        #expect(try batches(DataLoader(stream: Counter(length: 5), options: options)) == [[0, 1], [2, 3], [4]])
        #expect(
            try batches(DataLoader(stream: Counter(length: 5), options: options), epoch: 2) == [
                [200, 201], [202, 203], [204],
            ])
        options.n = 3
        #expect(try batches(DataLoader(stream: Counter(), options: options)) == [[0, 1], [2]])
        options.dropLast = true
        #expect(try batches(DataLoader(stream: Counter(), options: options)) == [[0, 1]])
        options.hooks.afterItem = { sample, context in
            if context.index == 0 { throw SkipItem() }
            return sample
        }
        #expect(try batches(DataLoader(stream: Counter(), options: options)) == [[1, 2]])
        options.n = 0
        #expect(try batches(DataLoader(stream: Counter(), options: options)).isEmpty)
    }

    @Test("given index lists become exactly these batches, empty ones included", arguments: [0, 2])
    func givenBatches(workers: Int) throws {
        let lists = [[3, 1], [], [0], [5, 4, 3, 2]]
        let tensors = TensorDataset(
            inputs: [Tensor([[0, 0], [1, 1], [2, 2], [3, 3], [4, 4], [5, 5]])], targets: [Tensor.arange(6)])
        for dataset in [tensors, Subset(tensors, Array(0..<6)), ItemsOnly(base: tensors)] as [any Dataset] {
            let loader = DataLoader(dataset, batchSize: 2, shuffle: true, dropLast: true, numWorkers: workers)
            var iterator = try loader.makeIterator(epoch: 0, batches: lists)
            for list in lists {
                let batch = try #require(try iterator.next())
                #expect(batch.size == list.count)
                #expect(batch.inputs[0].shape == [list.count, 2])
                #expect(batch.targets[0].ints == list)
                #expect(batch.targets[0].dtype == .int64)
                #expect(try loader.batch(of: list, epoch: 0).targets[0].ints == list)
            }
            #expect(try iterator.next() == nil)
        }
    }

    /// Hides the fast path of another dataset.
    struct ItemsOnly: Dataset {
        let base: any Dataset
        var count: Int { base.count }
        func item(at index: Int) throws -> Sample { try base.item(at: index) }
    }

    @Test("batches of your own are a source too")
    func foreign() throws {
        let list = BatchList([Batch(inputs: [Tensor([1, 2])]), Batch(inputs: [Tensor([3])])])
        #expect(list.batchCount == 2)
        for epoch in 0..<2 {
            var iterator = list.makeIterator(epoch: epoch)
            #expect(try iterator.next()?.size == 2)
            #expect(try iterator.next()?.size == 1)
            #expect(try iterator.next() == nil)
        }
    }

    @Test("mistakes in the settings stop with a sentence")
    func traps() async {
        let dropping = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = DataLoader(Numbers(count: 3), batchSize: nil, dropLast: true)
        }
        #expect(sentence(dropping).contains("dropLast needs a batchSize"))
        let shuffling = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            var options = DataLoader.Options()
            options.shuffle = true
            _ = DataLoader(stream: Counter(), options: options)
        }
        #expect(sentence(shuffling).contains("a stream cannot be shuffled"))
    }
}
