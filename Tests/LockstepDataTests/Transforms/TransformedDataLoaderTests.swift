// SPDX-License-Identifier: Apache-2.0
// Tests of loaders with transforms: steps, splits, workers, decoding, test loaders.

import LockstepTensor
import Testing

@testable import LockstepData

@Suite("Transformed loaders")
struct TransformedDataLoaderTests {
    let split = Split(train: [0, 1, 2], valid: [3, 4])

    func loaders(_ first: [any Transform] = [Negate()], afterBatch: [any Transform] = []) throws -> DataLoaders {
        try Datasets(0..<5, transforms: [first, [AddOne()]], splits: split)
            .dataLoaders(batchSize: 2, shuffle: false, afterBatch: afterBatch)
    }

    func all(_ source: any BatchSource, epoch: Int = 0) throws -> [[Double]] {
        var iterator = try source.makeIterator(epoch: epoch)
        var result: [[Double]] = []
        while let batch = try iterator.next() { result += batch.members.map(\.doubles) }
        return result
    }

    @Test("[DS-02] augmentations act on training items, never on validation or test items, in every pipeline")
    func trainOnly() throws {
        let tenfold = FunctionTransform(splitIndex: 0, encodes: [TypedFunction { (x: Int) in x * 10 }])
        let inItems = try loaders([Negate(), tenfold])
        #expect(try all(inItems.train) == [[0, -10], [1, 2], [-20], [3]])
        #expect(try all(#require(inItems.valid)) == [[-3, -4], [4, 5]])
        #expect(try all(inItems.testLoader(for: [3])) == [[-3]])
        let hundred = FunctionTransform(splitIndex: 0) { (x: Tensor) in x + 100 }
        let inBatches = try loaders(afterBatch: [hundred])
        #expect(try all(inBatches.train) == [[100, 99], [101, 102], [98], [103]])
        #expect(try all(#require(inBatches.valid)) == [[-3, -4], [4, 5]])
        #expect(try all(inBatches.testLoader(for: [3])) == [[-3]])
        let plain = try Datasets(TensorDataset(inputs: [Tensor([1, 2, 3])]), split: Split(train: [0, 1], valid: [2]))
            .dataLoaders(batchSize: 2, afterBatch: [hundred])
        #expect(try all(plain.train).flatMap { $0 }.sorted() == [101, 102])
        #expect(try all(#require(plain.valid)) == [[3]] && all(plain.testLoader(for: [4.0])) == [[4]])
        let augmented = try #require(plain.valid as? TransformedDataLoader).with(splitIndex: 0)
        #expect(try all(augmented) == [[103]] && augmented.splitIndex == 0)
    }

    @Test("[DS-04] test loaders: inputs only, or with labels; the items' type says where they enter")
    func testLoaders() throws {
        let dls = try Datasets(0..<5, transforms: [[Negate()], [AddOne()]], splits: split).dataLoaders(batchSize: 1)
        #expect(try all(dls.testLoader(for: [10, 11, 12])) == [[-10], [-11], [-12]])
        #expect(try all(dls.testLoader(for: [10, 11], withLabels: true)) == [[-10], [11], [-11], [12]])
        #expect(try all(dls.testLoader(for: [Int]())).isEmpty)
        #expect(dataError { try dls.testLoader(for: ["x"]) }?.description.contains("Swift.Int") == true)
        let plain = DataLoaders([TensorDataset(inputs: [Tensor([1, 2])], targets: [Tensor([3, 4])])], batchSize: 1)
        #expect(try all(plain.testLoader(for: [Tensor(5), Tensor(6)])) == [[5], [6]])
        #expect(try all(plain.testLoader(for: [ItemTuple([5, 7.5])], withLabels: true)) == [[5], [7.5]])
        #expect(try all(plain.testLoader(for: [Sample(inputs: [Tensor(1)], targets: [Tensor(2)])])) == [[1]])
        #expect(try all(DataLoaders(BatchList([])).testLoader(for: [2.5])) == [[2.5]])
    }

    @Test("[DS-05] emptied loaders keep transforms, number of inputs, classes, and take new items")
    func emptied() throws {
        let empty = try loaders(afterBatch: [AddOne()]).newEmpty()
        #expect(empty.count == 2 && empty.inputCount == 1 && empty.train.batchCount == 0)
        #expect(try all(empty.testLoader(for: [10])) == [[-9]])
        #expect(dataError { try empty.oneBatch() }?.code == .item)
        let classes = EmptyDataset(inputCount: 2, targetKind: .category(count: 2), vocabulary: ["a", "b"])
        let kept = DataLoaders([Subset(classes, [])]).newEmpty()
        #expect(kept.inputCount == 2 && kept.targetKind == .category(count: 2) && kept.vocabulary == ["a", "b"])
    }

    @Test("[DL-02] steps: item transforms before hooks, then batch transforms; learning sees those before")
    func steps() throws {
        final class Log { var lines: [String] = [] }
        struct Learner: Transform {
            let log: Log
            let name: String
            var encodes: [TypedFunction] { [TypedFunction { (x: Tensor) in x + 1 }] }
            mutating func setup(loader: TransformedDataLoader) throws {
                log.lines.append("\(name) \(try loader.firstBatch().inputs[0].ints)")
            }
        }
        let log = Log()
        var hooks = DataLoader.Hooks()
        hooks.afterItem = { sample, _ in Sample(inputs: [sample.inputs[0] * 2]) }
        let grow = FunctionTransform { (samples: [Sample]) in samples + samples }
        let loader = try TransformedDataLoader(
            Numbers(count: 3), batchSize: 2, afterItem: [Learner(log: log, name: "item")], beforeBatch: [grow],
            afterBatch: [Learner(log: log, name: "first"), Learner(log: log, name: "second")], hooks: hooks)
        #expect(log.lines == ["item [0, 2]", "first [2, 4, 2, 4]", "second [3, 5, 3, 5]"])
        #expect(loader.epoch == 0)
        #expect(try all(loader) == [[4, 6, 4, 6], [8, 8]])
        _ = loader.new()
        #expect(log.lines.count == 3, "copies learn nothing anew")
        let error = dataError {
            try all(TransformedDataLoader(Numbers(count: 1), beforeBatch: [FunctionTransform { (_: [Sample]) in 1 }]))
        }
        #expect(error?.description.contains("make Int, not [Sample]") == true)
    }

    @Test("[DL-06] random items and batches are the same with any number of workers, and in any cut of the batches")
    func reproducible() throws {
        let rows = ItemList(rowsOf: Tensor.arange(23, dtype: .float32))
        let data = try Datasets(rows, transforms: [[Jitter()], []], splits: nil)
        func values(workers: Int, jitters: [any Transform], epoch: Int = 0) throws -> [[Double]] {
            let loader = try TransformedDataLoader(
                data.train, batchSize: 4, shuffle: true, numWorkers: workers, afterItem: [Jitter(probability: 0.5)],
                afterBatch: jitters)
            return try all(loader, epoch: epoch)
        }
        let one = try values(workers: 0, jitters: [Jitter(probability: 0.5)])
        for workers in [1, 2, 4] { #expect(try values(workers: workers, jitters: [Jitter(probability: 0.5)]) == one) }
        #expect(try values(workers: 0, jitters: []) != one)
        #expect(try values(workers: 0, jitters: [Jitter(probability: 0.5)], epoch: 1) != one)
        let loader = try TransformedDataLoader(
            data.train, batchSize: 4, shuffle: true, afterItem: [Jitter(probability: 0.5)],
            afterBatch: [Jitter(probability: 0.5)])
        let batches = loader.indexBatches(epoch: 0)
        var parts = try loader.makeIterator(
            epoch: 0, batches: batches.flatMap { [Array($0.prefix(1)), [], Array($0.dropFirst(1))] })
        for number in batches.indices {
            let (first, nothing, rest) = (try parts.next(), try parts.next(), try parts.next())
            #expect(nothing?.size == 0 && nothing?.inputs[0].shape == [0])
            #expect(try #require(first).inputs[0].doubles + #require(rest).inputs[0].doubles == one[2 * number])
        }
    }

    @Test("a batch transform of rows that changes their shape does so to empty batches too, and keeps types")
    func rowShapes() throws {
        struct Pad: RandomTransform {
            var encodes: [TypedFunction] {
                [TypedFunction { (x: TensorImage) in TensorImage(Tensor.stacked([x.tensor, x.tensor])) }]
            }
        }
        let loader = try TransformedDataLoader(
            ImageDataset(pixels: [0, 1, 2, 3, 4, 5], labels: [0, 1, 0], imageShape: [1, 1, 2]), batchSize: 2,
            splitIndex: 0, afterBatch: [Pad()])
        #expect(loader.readsWholeBatches)
        #expect(try loader.batch(of: [0, 2], epoch: 0).inputs[0].shape == [2, 2, 1, 1, 2])
        #expect(try loader.batch(of: [], epoch: 0).inputs[0].shape == [0, 2, 1, 1, 2])
        #expect(try loader.batch(of: [], epoch: 0).targets[0].shape == [0])
    }

    @Test("batches decode to items: batch transforms, item transforms, the dataset's; at most so many")
    func decoding() throws {
        let dls = try loaders(afterBatch: [AddOne(), Negate()])
        let loader = try #require(dls.valid as? TransformedDataLoader)
        let batch = try loader.oneBatch()
        #expect(batch.inputs[0].ints == [2, 3] && batch.targets[0].ints == [-5, -6])
        #expect(try loader.decode(batch).members.map(\.ints) == [[-3, -4], [4, 5]])
        let items = try dls.decodeBatch(batch)
        #expect(items.map { $0.members.compactMap { ($0 as? Tensor)?.item() } } == [[3, 3], [4, 4]])
        #expect(try loader.decodeBatch(batch, maxCount: 1).count == 1)
        #expect(try loader.showBatch(batch) == "3  |  3\n4  |  4")
        #expect(try loader.showBatch(maxCount: 3, unique: true) == "3  |  3\n3  |  3\n3  |  3")
        let plain = DataLoaders([TensorDataset(inputs: [Tensor([1, 2])])], batchSize: 2, shuffle: false)
        #expect(try plain.decodeBatch(plain.oneBatch()).map(\.description) == ["(\(Tensor(1)))", "(\(Tensor(2)))"])
    }

    @Test("S26: predictions of one item decode through the target's transforms")
    func seedExample() throws {
        let data = try Datasets(ItemList(rowsOf: Tensor.arange(50)), transforms: [[], [AddOne()]])
        let loader = TransformedDataLoader(data)
        let dls = DataLoaders(loader, loader)
        let test = try dls.testLoader(for: [Tensor([2])])
        let batch = try test.oneBatch()
        #expect(batch.inputs[0].floats == [2] && batch.inputs[0].shape == [1, 1] && batch.targets.isEmpty)
        let decoded = try #require(test as? TransformedDataLoader).decodeBatch(
            Batch(inputs: batch.inputs, targets: [Tensor([[8]])]))
        #expect((decoded[0][0] as? Tensor)?.floats == [2] && (decoded[0][1] as? Tensor)?.floats == [7])
    }

    @Test("transforms can be added to all loaders; they learn once")
    func adding() throws {
        let dls = try loaders()
        try dls.addTransforms([AddOne()], at: .afterItem)
        #expect(try all(dls.train) == [[1, 0], [2, 3], [-1], [4]])
        #expect(try all(#require(dls.valid)) == [[-2, -3], [5, 6]])
        try dls.addTransforms([AddOne()], at: .afterBatch, to: [1])
        #expect(try all(#require(dls.valid)) == [[-1, -2], [6, 7]] && all(dls.train)[0] == [1, 0])
    }
}
