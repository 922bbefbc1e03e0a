// SPDX-License-Identifier: Apache-2.0
// Tests of datasets, splits, and the loaders of a run.

import LockstepTensor
import Testing

@testable import LockstepData

@Suite("Datasets")
struct DatasetsTests {
    @Test("rows of tensors come back, in any order, of any type and memory order")
    func tensorRows() {
        let x = Tensor((0..<24).map(Float.init), shape: [4, 3, 2])
        // [4, 3, 2] with the last two axes swapped in memory, and with the first axis last.
        let inner = Tensor((0..<24).map(Float.init), shape: [4, 2, 3]).view([4, 3, 2], strides: [6, 1, 3])
        let outer = Tensor((0..<24).map(Float.init), shape: [3, 2, 4]).view([4, 3, 2], strides: [1, 8, 4])
        let flags = Tensor([true, false, true, true], shape: [4])
        let data = TensorDataset(inputs: [x, inner, outer], targets: [flags])
        #expect(data.count == 4 && data.inputCount == 3)
        for indices in [[0, 1, 2, 3], [2, 0, 3], [1], [3, 3], [2, 3], []] {
            let batch = data.batch(at: indices, epoch: 0)!
            #expect(batch.size == indices.count)
            for (member, source) in zip(batch.inputs, [x, inner, outer]) {
                #expect(member.shape == [indices.count, 3, 2])
                let all = source.floats
                #expect(member.floats == indices.flatMap { all[$0 * 6..<$0 * 6 + 6] })
            }
            #expect(batch.targets[0].bools == indices.map { [true, false, true, true][$0] })
        }
        #expect(data.item(at: 2).inputs[1].floats == Array(inner.floats[12..<18]))
        #expect(data.item(at: 2).targets[0].shape == [])
        #expect(data.batch(at: [2, 0], epoch: 0)!.inputs[1].strides == [6, 1, 3], "the memory order is kept")
        #expect(data.subset([3, 1]).item(at: 0).inputs[0].floats == Array(x.floats[18..<24]))
        let one = TensorDataset(inputs: [
            Tensor((0..<6).map(Float.init), shape: [2, 3]).view([1, 3, 2], strides: [1, 1, 3])
        ])
        #expect(one.batch(at: [0, 0], epoch: 0)!.inputs[0].floats == [0, 3, 1, 4, 2, 5, 0, 3, 1, 4, 2, 5])
    }

    @Test("tensors of different lengths stop with their shapes")
    func differentLengths() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = TensorDataset(inputs: [Tensor.zeros([3, 2])], targets: [Tensor.zeros([4])])
        }
        #expect(sentence(result).contains("[3, 2], [4]"))
    }

    @Test("[DS-01] closures make members; a split makes two parts; inputs are counted")
    func closures() throws {
        let data = MapDataset(0..<5, inputs: [{ Tensor(Double(-$0)) }], targets: [{ Tensor(Double($0 + 1)) }])
        let item = try data.item(at: 1)
        #expect(item.inputs[0].item() == -1 && item.targets[0].item() == 2)
        let sets = Datasets(data, split: Split(train: [0, 1, 4], valid: [2, 3]))
        #expect(sets.train.count == 3 && sets.valid.count == 2 && sets.inputCount == 1)
        #expect(try sets.train.item(at: 2).inputs[0].item() == -4)
        #expect(try sets.valid.item(at: 0).targets[0].item() == 3)
        #expect(sets.overlap.isEmpty)
        #expect(Datasets(data, split: Split(train: [0, 1], valid: [1, 2])).overlap == [1])
        #expect(Datasets(data).valid.count == 0)
        #expect(Numbers(count: 3).inputCount == 1)
        #expect(Batch(members: [Tensor([1]), Tensor([2]), Tensor([3])], inputCount: 2).targets.count == 1)
    }

    @Test("[DS-02] training hooks never touch validation or test items")
    func trainOnly() throws {
        var hooks = DataLoader.Hooks()
        hooks.afterItem = { sample, _ in Sample(inputs: [sample.inputs[0] * 10], targets: sample.targets) }
        let sets = Datasets(Numbers(count: 4), split: Split(train: [1, 2], valid: [3, 0]))
        let dls = sets.dataLoaders(batchSize: 2, shuffle: false, hooks: hooks)
        var train = try dls.train.makeIterator(epoch: 0)
        #expect(try train.next()?.inputs[0].ints == [10, 20])
        var valid = try #require(dls.valid).makeIterator(epoch: 0)
        #expect(try valid.next()?.inputs[0].ints == [3, 0])
        #expect(try dls.testLoader(for: Numbers(count: 2)).oneBatch().inputs[0].ints == [0, 1])
    }

    @Test("[DS-03] dropping the short last batch follows shuffling, in training only")
    func dropLast() throws {
        func loaders(_ dls: DataLoaders) throws -> (DataLoader, DataLoader) {
            (try #require(dls.train as? DataLoader), try #require(dls.valid as? DataLoader))
        }
        let sets = Datasets(Numbers(count: 10), split: .end(0.5))
        let (train, valid) = try loaders(sets.dataLoaders(batchSize: 2))
        #expect(train.shuffle && train.dropLast && !valid.shuffle && !valid.dropLast && valid.batchSize == 2)
        let (plain, large) = try loaders(sets.dataLoaders(batchSize: 2, validBatchSize: 4, shuffle: false))
        #expect(!plain.shuffle && !plain.dropLast && large.batchSize == 4)
        let (kept, _) = try loaders(sets.dataLoaders(batchSize: 2, dropLast: false))
        #expect(kept.shuffle && !kept.dropLast)
        let (first, second) = try loaders(DataLoaders([Numbers(count: 3), Numbers(count: 3)], batchSize: 2))
        #expect(first.shuffle && first.dropLast && !second.shuffle && !second.dropLast)
    }

    @Test("[DS-03] a training set smaller than a batch is warned of")
    func warning() {
        let dls = DataLoaders([Numbers(count: 3)], batchSize: 4)
        #expect(dls.warnings.count == 1)
        #expect(dls.warnings.first?.hasPrefix("the training set of 3 items gives no batch of 4") == true)
        #expect(DataLoaders([Numbers(count: 4)], batchSize: 4).warnings.isEmpty)
    }

    @Test("[DS-04] test loaders keep order and every item, targets only on request")
    func testLoader() throws {
        let dls = DataLoaders([Numbers(count: 9), Numbers(count: 9)], batchSize: 2)
        let test = dls.testLoader(for: Numbers(count: 3))
        #expect(try batches(test) == [[0, 1], [2]])
        #expect(try test.oneBatch().targets.isEmpty)
        #expect(try dls.testLoader(for: Numbers(count: 3), withLabels: true).oneBatch().targets[0].ints == [0, 10])
        let tensors = TensorDataset(inputs: [Tensor([1, 2])], targets: [Tensor([3, 4])])
        #expect(try dls.testLoader(for: tensors).oneBatch().targets.isEmpty)
    }

    @Test("[DS-05] emptied loaders keep the number of inputs and the settings")
    func emptied() throws {
        let two = TensorDataset(inputs: [Tensor([1, 2]), Tensor([3, 4])], targets: [Tensor([5, 6])])
        let empty = DataLoaders([two, two], batchSize: 2).newEmpty()
        #expect(empty.count == 2 && empty.inputCount == 2)
        #expect((empty.train as? DataLoader)?.batchSize == 2)
        #expect(empty.train.batchCount == 0)
        #expect(dataError { try empty.oneBatch() }?.code == .item)
    }

    @Test("loaders are reached by number and by name, and can be replaced")
    func access() throws {
        let dls = DataLoaders(BatchList([Batch(inputs: [Tensor([7])])]), path: "runs")
        #expect(dls.count == 1 && dls.valid == nil && dls.path == "runs" && dls.trainDataset == nil)
        #expect(try dls.oneBatch().inputs[0].ints == [7])
        dls.valid = DataLoader(Numbers(count: 3))
        #expect(dls.count == 2 && dls[1] === dls.valid && dls.validDataset?.count == 3)
        dls[2] = BatchList([])
        #expect(dls.count == 3)
    }

    @Test("a random split is disjoint, complete, repeatable, and its validation part is the head of the permutation")
    func splitters() {
        let split = Splitter.random(0.25, seed: 5)(101)
        #expect(split.valid.count == 25)
        #expect((split.train + split.valid).sorted() == Array(0..<101))
        #expect(Splitter.random(0.25, seed: 5)(101) == split)
        #expect(Splitter.random(0.25, seed: 6)(101) != split)
        #expect(Splitter.random(validCount: 25, seed: 5)(101) == split)
        #expect(Splitter.random(0.2)(4).valid.isEmpty)
        #expect(Splitter.random(0.2)(0) == Split(train: [], valid: []))
        #expect(Splitter.indices([3, 1])(5) == Split(train: [0, 2, 4], valid: [3, 1]))
        #expect(Splitter.end(0.4)(5) == Split(train: [0, 1, 2], valid: [3, 4]))
        #expect(Splitter.end(0.4, last: false)(5) == Split(train: [2, 3, 4], valid: [0, 1]))
        #expect(Splitter.none(2) == Split(train: [0, 1], valid: []))
    }

    @Test("[TX-04] a validation part too small for one item leaves everything to training")
    func smallEnd() {
        #expect(Splitter.end(0.2)(4) == Split(train: [0, 1, 2, 3], valid: []))
    }

    @Test("the embedded digits: sizes, scale, labels, both shapes")
    func digits() throws {
        let dls = try DataLoaders.digits(batchSize: 64)
        #expect(dls.trainDataset?.count == 1438 && dls.validDataset?.count == 359)
        #expect(dls.train.batchCount == 22 && dls.valid?.batchCount == 6)
        let batch = try dls.oneBatch()
        #expect(batch.inputs[0].shape == [64, 64] && batch.inputs[0].dtype == .float32)
        #expect(batch.inputs[0].floats.min() == 0 && batch.inputs[0].floats.max() == 1)
        #expect(batch.targets[0].shape == [64] && batch.targets[0].dtype == .int64)
        #expect(Set(batch.targets[0].ints).isSubset(of: Set(0..<10)))
        let images = try DataLoaders.digits(batchSize: 7, asImages: true).oneBatch()
        #expect(images.inputs[0].shape == [7, 1, 8, 8])
        #expect(
            images.inputs[0].floats == Array(batch.inputs[0].floats.prefix(7 * 64)), "the same order for the same seed")
        let raw = try Digits.load()
        let item = try #require(dls.validDataset).item(at: 0)
        let index = Splitter.random(0.2, seed: 42)(1797).valid[0]
        #expect(item.inputs[0].floats == raw.pixels[index * 64..<index * 64 + 64].map { Float($0) / 16 })
        #expect(item.targets[0].item() == Double(raw.labels[index]))
    }

    @Test("an IDX folder: a split of one pair, two pairs, plain and gzip, standardised")
    func mnist() throws {
        func write(_ folder: String, _ prefix: String, count: Int, gzip: Bool) throws {
            let pixels = (0..<count * 6).map { UInt8($0 % 251) }
            let images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, UInt8(count), 0, 0, 0, 2, 0, 0, 0, 3] + pixels
            let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, UInt8(count)] + (0..<count).map { UInt8($0 % 10) }
            let end = gzip ? ".gz" : ""
            try Files.writeAtomically(
                [gzip ? Gzip.compress(images) : images], to: "\(folder)/\(prefix)-images-idx3-ubyte\(end)")
            try Files.writeAtomically(
                [gzip ? Gzip.compress(labels) : labels], to: "\(folder)/\(prefix)-labels-idx1-ubyte\(end)")
        }
        try withTemporaryFolder { folder in
            #expect(dataError { try DataLoaders.mnist(path: folder) }?.code == .unreadable)
            try write(folder, "t10k", count: 20, gzip: true)
            let one = try DataLoaders.mnist(path: folder, batchSize: 4)
            #expect(one.trainDataset?.count == 16 && one.validDataset?.count == 4)
            #expect(try one.oneBatch().inputs[0].shape == [4, 1, 2, 3])
            try write(folder, "train", count: 30, gzip: false)
            let two = try DataLoaders.mnist(path: folder, batchSize: 30, asImages: false)
            #expect(two.trainDataset?.count == 30 && two.validDataset?.count == 20)
            let x = try two.oneBatch().inputs[0]
            #expect(x.shape == [30, 6])
            let values = x.doubles
            let mean = values.reduce(0, +) / Double(values.count)
            let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(values.count)
            #expect(abs(mean) < 1e-5 && abs(variance - 1) < 1e-5)
            let plain = try DataLoaders.mnist(path: folder, batchSize: 30, standardised: false)
            #expect(try plain.oneBatch().inputs[0].floats.max() == 179.0 / 255)
            try Files.writeAtomically([[0, 0, 8, 1, 0, 0, 0, 1, 5]], to: folder + "/train-labels-idx1-ubyte")
            let error = try #require(dataError { try DataLoaders.mnist(path: folder) })
            #expect(error.description.contains("train-labels-idx1-ubyte: holds uint8[1], expected 30 labels"))
        }
    }
}
