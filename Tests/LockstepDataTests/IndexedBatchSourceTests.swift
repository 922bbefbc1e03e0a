// SPDX-License-Identifier: Apache-2.0
// A loader of one's own that says little gives what a `DataLoader` over the same items gives.

import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepData

/// A loader that makes batches of a data set in its own way.
final class OwnLoader: IndexedBatchSource {
    var options = DataLoader.Options()
    var epoch = 0
    let inputCount = 1
    let items: any Dataset
    let skipsItems: Bool
    /// Whether it tells the data set it is made of.
    var isOpen = false

    init(_ items: any Dataset, skips: Bool = false, _ change: (inout DataLoader.Options) -> Void = { _ in }) {
        (self.items, skipsItems) = (items, skips)
        options.batchSize = 2
        change(&options)
    }

    var dataset: (any Dataset)? { isOpen ? items : nil }
    func indices(epoch: Int) -> [Int] { options.indices(of: items.count, epoch: epoch) }

    func batch(of indices: [Int], epoch: Int) throws -> Batch {
        #expect(!indices.isEmpty, "a loader is never asked for no items")
        var samples: [Sample] = []
        for index in indices {
            let context = ItemContext(seed: options.seed, epoch: epoch, index: index)
            do { samples.append(try items.item(at: index, context: context)) } catch is SkipItem { continue }
        }
        return try Collation.batch(samples)
    }
}

@Suite("Loaders of one's own") struct IndexedBatchSourceTests {
    private func all(_ source: any BatchSource, epoch: Int = 0, from first: Int = 0) throws -> [[Int]] {
        var iterator = try source.makeIterator(epoch: epoch, from: first)
        var result: [[Int]] = []
        while let batch = try iterator.next() { result.append(batch.size == 0 ? [] : batch.inputs[0].ints) }
        return result
    }

    private func pair(
        _ items: Numbers, skips: Bool = false, _ change: (inout DataLoader.Options) -> Void
    ) -> (own: OwnLoader, ours: DataLoader) {
        let own = OwnLoader(items, skips: skips, change)
        return (own, DataLoader(items, options: own.options))
    }

    @Test("the same epochs, counts and places to go on from, with and without workers", arguments: [0, 2])
    func epochs(workers: Int) throws {
        for (shuffle, dropLast, n) in [(false, false, nil), (true, false, nil), (true, true, 7), (true, true, nil)]
            as [(Bool, Bool, Int?)]
        {
            let (own, ours) = pair(Numbers(count: 9)) {
                ($0.shuffle, $0.dropLast, $0.n, $0.numWorkers) = (shuffle, dropLast, n, workers)
            }
            for epoch in [0, 3] {
                #expect(try all(own, epoch: epoch) == all(ours, epoch: epoch))
                #expect(try all(own, epoch: epoch, from: 2) == all(ours, epoch: epoch, from: 2))
            }
            #expect(own.batchCount == ours.batchCount && own.itemCount == ours.itemCount)
            #expect(own.batchSize == 2 && own.indexed === own && own.numWorkers == workers)
        }
    }

    @Test("sampled orders and epochs with skipped items, too")
    func sampledAndSkipped() throws {
        let weights = (0..<9).map { Double($0 % 3) }
        for sampling in [Sampling.weighted(weights), .partial(4)] {
            let (own, ours) = pair(Numbers(count: 9)) { ($0.sampling, $0.shuffle) = (sampling, true) }
            #expect(try all(own, epoch: 2) == all(ours, epoch: 2))
        }
        let (own, ours) = pair(Numbers(count: 9, skipped: { $0 % 4 == 1 }), skips: true) { $0.batchSize = 3 }
        #expect(try all(own) == all(ours) && all(own).joined().count == 7)
    }

    @Test("items that go missing without a word are an error that says what to do")
    func missingItems() throws {
        let own = OwnLoader(Numbers(count: 6, skipped: { $0 == 3 }))
        let error = #expect(throws: DataError.self) { try all(own) }
        #expect("\(try #require(error))".contains("OwnLoader makes a batch of 1 for 2 items"))
        #expect("\(try #require(error))".contains("skipsItems"))
    }

    @Test("hooks and transforms among its options act")
    func hooks() throws {
        let (own, ours) = pair(Numbers(count: 5)) { options in
            options.hooks.afterItem = { sample, _ in Sample(inputs: [sample.inputs[0] * 3], targets: []) }
            options.hooks.afterBatch = { batch, _ in Batch(inputs: [batch.inputs[0] + 1]) }
        }
        #expect(try all(own) == all(ours) && all(own)[0] == [1, 4])
    }

    @Test("complete and in order, or in its own, or at random: as of a DataLoader")
    func complete() throws {
        let (own, ours) = pair(Numbers(count: 7)) { ($0.shuffle, $0.dropLast) = (true, true) }
        for shuffle in [false, true, nil] {
            let (a, b) = (own.complete(shuffle: shuffle, seed: 11), ours.complete(shuffle: shuffle, seed: 11))
            #expect(a.batchCount == 4)
            // Its own order is made with its own seed.
            if shuffle != nil { #expect(try all(a, epoch: 1) == all(b, epoch: 1)) }
            #expect(try all(a, epoch: 1).joined().sorted() == Array(0..<7))
        }
        #expect(try all(own.complete(shuffle: nil, seed: nil), epoch: 2).joined().elementsEqual(own.indices(epoch: 2)))
        #expect(try all(own.complete(shuffle: false, seed: nil)).joined().elementsEqual(0..<7))
    }

    @Test("numbers need not begin at 0 nor be without gaps")
    func sparseNumbers() throws {
        final class Sparse: IndexedBatchSource {
            var options = DataLoader.Options()
            var epoch = 0
            let inputCount = 1
            func indices(epoch: Int) -> [Int] { [40, 7, 1000] }
            func batch(of indices: [Int], epoch: Int) -> Batch { Batch(inputs: [Tensor(indices.map { Int64($0) })]) }
        }
        let sparse = Sparse()
        sparse.options.batchSize = 2
        #expect(try all(sparse) == [[40, 7], [1000]])
        #expect(try all(sparse.complete(shuffle: false, seed: nil)) == [[7, 40], [1000]])
        let shards = try (0..<4).map { try all(sparse.shard(BatchShard($0, of: 4))) }
        #expect(shards == [[[], []], [[40], []], [[], []], [[7], [1000]]])
    }

    @Test("shards of any number of ranks make the batches", arguments: 1...4)
    func shards(size: Int) throws {
        for (count, skipped) in [(9, false), (2, false), (0, false), (11, true)] {
            for together in [1, size] {
                let (own, ours) = pair(Numbers(count: count, skipped: { skipped && $0 % 3 == 1 }), skips: skipped) {
                    ($0.batchSize, $0.shuffle) = (3, true)
                }
                for rank in 0..<size {
                    var shard = BatchShard(rank, of: size)
                    shard.batchesTogether = together
                    #expect(try all(own.shard(shard), epoch: 1) == all(ours.shard(shard), epoch: 1))
                    #expect(own.shard(shard).batchCount == ours.shard(shard).batchCount)
                }
            }
        }
    }

    @Test("what its transforms have made of items, decoding takes back, through a wrapper too")
    func decoding() throws {
        let (own, ours) = pair(Numbers(count: 6)) { options in
            options.transforms.afterItem.insert([
                FunctionTransform({ (x: Tensor) in x * 3 }, decode: { (x: Tensor) in x / 3 })
            ])
            options.transforms.afterBatch.insert([
                FunctionTransform({ (x: Tensor) in x + 1 }, decode: { (x: Tensor) in x - 1 })
            ])
        }
        let transformed = TransformedDataLoader(Numbers(count: 6), options: ours.options)
        #expect(try all(own) == [[1, 4], [7, 10], [13, 16]])
        let batch = try transformed.oneBatch()
        let shown = try transformed.decodeBatch(batch).map { "\($0)" }
        #expect(shown.count == 2 && shown[1].contains("1"))
        let complete = own.complete(shuffle: true, seed: 1)
        for source in [own, complete, own.shard(BatchShard(0, of: 2)), Watching(own)] as [any BatchSource] {
            #expect(try source.decodeBatch(batch, maxCount: 9, full: true).map { "\($0)" } == shown)
        }
    }

    /// What looks at the batches of another source.
    private final class Watching: WrappingBatchSource {
        let inner: any BatchSource
        init(_ inner: any BatchSource) { self.inner = inner }
        func makeIterator(epoch: Int, from first: Int, position: Int?) throws -> BatchIterator {
            try inner.makeIterator(epoch: epoch, from: first, position: position)
        }
    }

    @Test("a wrapper says the lengths of what it wraps; a shard has others, and only what watches hands on numbers")
    func wrappers() {
        let ours = DataLoader(Numbers(count: 7), batchSize: 2)
        for source in [ours, OwnLoader(Numbers(count: 7))] as [any BatchSource] {
            let wrapped = Watching(Watching(source))
            #expect(wrapped.itemCount == 7 && wrapped.batchSize == 2 && wrapped.batchCount == 4)
            #expect(wrapped.indexed == nil)
            for shard in [source.shard(BatchShard(0, of: 2)), Watching(source).shard(BatchShard(0, of: 2))] {
                #expect(shard.itemCount == nil && shard.batchSize == nil && shard.batchCount == 4)
            }
        }
    }

    /// Takes other items, or more of them, in each epoch, and tells no data set.
    private final class Drawing: IndexedBatchSource {
        var options = DataLoader.Options()
        var epoch = 0
        let inputCount = 1
        let grows: Bool
        init(grows: Bool) {
            self.grows = grows
            options.batchSize = 2
        }
        func indices(epoch: Int) -> [Int] {
            Array(grows ? 0..<(4 + epoch) : epoch..<(4 + epoch))
        }
        func batch(of indices: [Int], epoch: Int) -> Batch { Batch(inputs: [Tensor(indices.map { Int64($0) })]) }
    }

    @Test("an epoch of another length than was told is an error, from any place and on ranks")
    func unevenEpochs() throws {
        let (growing, moving) = (Drawing(grows: true), Drawing(grows: false))
        #expect(try all(growing) == [[0, 1], [2, 3]] && all(moving, epoch: 3) == [[3, 4], [5, 6]])
        for start in [
            { try self.all(growing, epoch: 2) }, { try self.all(growing, epoch: 1, from: 1) },
            { try self.all(growing.shard(BatchShard(1, of: 2)), epoch: 1) },
        ] as [() throws -> [[Int]]] {
            let error = #expect(throws: DataError.self) { try start() }
            #expect("\(error as Any)".contains("Drawing takes") && "\(error as Any)".contains("of 4 that it tells"))
        }
    }

    @Test("what draws other items in each epoch cannot be completed by somebody else")
    func incomplete() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Drawing(grows: false).complete(shuffle: false, seed: nil)
        }
        expectTrap(result, says: "Drawing.complete: each epoch takes other items")
    }

    @Test("the numbers of items are worked out once, however often they are counted")
    func numbersOnce() {
        let own = OwnLoader(Numbers(count: 9)) { $0.shuffle = true }
        final class Counting: IndexedBatchSource {
            let base: OwnLoader
            var asked = 0
            init(_ base: OwnLoader) { self.base = base }
            var options: DataLoader.Options {
                get { base.options }
                set { base.options = newValue }
            }
            var epoch: Int {
                get { base.epoch }
                set { base.epoch = newValue }
            }
            let inputCount = 1
            func indices(epoch: Int) -> [Int] {
                asked += 1
                return base.indices(epoch: epoch)
            }
            func batch(of indices: [Int], epoch: Int) throws -> Batch { try base.batch(of: indices, epoch: epoch) }
        }
        let counting = Counting(own)
        let ordered = counting.complete(shuffle: true, seed: 1)
        _ = ordered.itemCount
        let before = counting.asked
        for epoch in 0..<5 {
            #expect(ordered.itemCount == 9 && ordered.batchCount == 5 && ordered.indices(epoch: epoch).count == 9)
        }
        #expect(counting.asked == before)
    }

    @Test("new data go the way of its options; what its data set knows is known; emptied it keeps that")
    func facts() throws {
        let items = EmptyDataset(inputCount: 1, targetKind: .category(count: 2), vocabulary: ["no", "yes"])
        let own = OwnLoader(items)
        let dls = DataLoaders(own)
        #expect(dls.vocabulary == nil && dls.trainDataset == nil)
        own.isOpen = true
        #expect(dls.vocabulary == ["no", "yes"] && dls.targetKind == .category(count: 2))
        #expect(dls.newEmpty().vocabulary == ["no", "yes"])
        let test = dls.testLoader(for: Numbers(count: 5), withLabels: true)
        #expect(try all(test) == [[0, 1], [2, 3], [4]])
        #expect(try dls.testLoader(for: [Tensor([1.5]), Tensor([2.5])]).oneBatch().size == 2)
        own.numWorkers = 3
        #expect(own.options.numWorkers == 3)
    }

    @Test("what is asked of sources that have no numbers: nothing, or what they say")
    func capabilities() throws {
        let list = BatchList([Batch(inputs: [Tensor([1, 2])])])
        #expect(list.indexed == nil && list.itemCount == nil && list.batchSize == nil && list.loaderOptions == nil)
        #expect(try list.ttaLoaders(TTAChanges()) == nil)
        list.numWorkers = 2
        let stream = DataLoader(stream: Counter(length: 4), options: DataLoader.Options())
        #expect(stream.indexed == nil && stream.stream is Counter && stream.dataset == nil)
        let loader = DataLoader(Numbers(count: 4))
        #expect(loader.indexed === loader && loader.stream == nil)
    }

    @Test("transforms can be added to loaders that take them, of whatever class")
    func transforming() throws {
        let plain = DataLoaders([Numbers(count: 3)])
        let transformed = DataLoaders(TransformedDataLoader(Numbers(count: 3), batchSize: 3))
        try transformed.addTransforms([FunctionTransform { (x: Tensor) in x + 1 }], at: .afterBatch)
        #expect(try transformed.oneBatch().inputs[0].ints == [1, 2, 3])
        #expect((plain.train as? any TransformingBatchSource) == nil)
    }
}
