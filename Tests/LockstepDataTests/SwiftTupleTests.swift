// SPDX-License-Identifier: Apache-2.0
// Tuples of Swift as items, and what loaders, batches and items print as.

import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepData

@Suite("Tuples of Swift as items") struct SwiftTupleTests {
    private let pairs = [(Tensor([1, 2]), 0), (Tensor([3, 4]), 1), (Tensor([5, 6]), 0)]

    @Test("a pipeline without transforms gives their members: the first is the input") func members() throws {
        let data = try Datasets(pairs, transforms: [[]])
        let sample = try data.train.item(at: 1)
        #expect(sample.inputs.map(\.floats) == [[3, 4]] && sample.targets.map(\.ints) == [[1]])
        let named = [(x: 1.5, y: 2, z: true)]
        let all = try Datasets(named, transforms: [[]]).train.item(at: 0)
        #expect(all.inputs[0].item() == 1.5 && all.targets.map { $0.item() } == [2, 1])
    }

    @Test("transforms take the members one by one, or the tuple where they say so") func transforms() throws {
        let negated = Pipeline([FunctionTransform { (x: Int) in -x }])
        let tuple = try #require(try negated.encode((1, "a", 2)) as? ItemTuple)
        #expect(tuple.members.map { "\($0)" } == ["-1", "a", "-2"])
        let first = Pipeline([FunctionTransform { (pair: (String, Int)) in pair.1 }])
        #expect(try first.encode(("a", 7)) as? Int == 7)
        let made = Pipeline([FunctionTransform { (x: Int) in (x, 2 * x) }])
        #expect(try ItemTuple(item: made.encode(3)).members.map { "\($0)" } == ["3", "6"])
    }

    @Test("new items may be tuples, and a collection's closure may give one") func items() throws {
        let squares = MapDataset(0..<6) { i in (Tensor([Double(i)]), Tensor([Double(i * i)])) }
        #expect(try squares.item(at: 4).targets[0].item() == 16)
        let dls = DataLoaders([squares, squares], batchSize: 2)
        let batch = try dls.testLoader(for: [(Tensor([1]), Tensor([2])), (Tensor([3]), Tensor([4]))], withLabels: true)
            .oneBatch()
        #expect(batch.inputs[0].floats == [1, 3] && batch.targets[0].floats == [2, 4])
        let inputs = try dls.testLoader(for: [(Tensor([1]), Tensor([2]))]).oneBatch()
        #expect(inputs.inputs[0].floats == [1] && inputs.targets.isEmpty)
    }

    @Test("what is no tuple stays one member") func others() {
        #expect(ItemTuple(item: Tensor([1, 2])).count == 1 && ItemTuple(item: "ab").count == 1)
        #expect(ItemTuple(item: [1, 2]).count == 1 && ItemTuple(item: ()).count == 1)
        #expect(ItemTuple(item: ItemTuple([1, 2])).count == 2)
    }

    @Test("loaders, batches, items and splits print what they hold") func printing() throws {
        let data = TensorDataset(inputs: [sample([10, 4])], targets: [Tensor((0..<10).map { $0 % 2 })])
        let dls = DataLoaders([data, data], batchSize: 4)
        #expect("\(dls)" == "train 10 items, 2 batches of 4, shuffled; valid 10 items, 3 batches of 4")
        #expect("\(DataLoader(data, batchSize: 4))" == "10 items, 3 batches of 4")
        #expect("\(try dls.oneBatch())" == "4 items: inputs [4, 4] float32; targets [4] int64")
        #expect("\(data.item(at: 0))" == "inputs [4] float32; targets [] int64")
        #expect("\(Sample(inputs: [Tensor([1])]))" == "inputs [1] float32")
        #expect("\(Datasets(data, split: .end(0.2)))" == "8 items to train on, 2 to validate")
        #expect("\(Split(train: [0], valid: []))" == "1 items to train on, 0 to validate")
    }
}
