// SPDX-License-Identifier: Apache-2.0
// Tests of datasets made by transforms: members, splits, decoding, other items.

import LockstepTensor
import Testing

@testable import LockstepData

@Suite("Transformed datasets")
struct TransformedDatasetsTests {
    let split = Split(train: [0, 1, 2], valid: [3, 4])

    func data(_ more: [any Transform] = []) throws -> Datasets {
        try Datasets(0..<5, transforms: [[Negate()] + more, [AddOne()]], splits: split)
    }

    func ints(_ tuple: ItemTuple) -> [Int] { tuple.members.compactMap { $0 as? Int } }

    @Test("[DS-01] members, several items, decoding, the numbers of inputs")
    func numbers() throws {
        let data = try data()
        #expect(try ints(data[1]) == [-1, 2])
        #expect(try data[[0, 1]].map(ints) == [[0, 1], [-1, 2]])
        #expect(try ints(data.decode(ItemTuple([-2, 3]))) == [2, 2])
        #expect(data.count == 5 && data.inputCount == 1 && data.overlap.isEmpty)
        func inputs(_ count: Int, _ nInputs: Int? = nil) throws -> Int {
            try Datasets(0..<2, transforms: Array(repeating: [], count: count), nInputs: nInputs).inputCount
        }
        #expect(try inputs(1) == 1 && inputs(2) == 1 && inputs(3) == 2 && inputs(3, 1) == 1)
        let sample = try data.item(at: 2)
        #expect(sample.inputs[0].item() == -2 && sample.targets[0].item() == 3 && sample.inputs[0].dtype == .int64)
        #expect(try data.train.item(at: 2).inputs[0].item() == -2)
        #expect(try data.valid.item(at: 0).targets[0].item() == 4)
    }

    @Test("[DS-01] parts know which they are; the whole is none; a part can be seen as another")
    func splits() throws {
        func index(_ dataset: any Dataset) -> Int? { (dataset as? any TransformedDataset)?.splitIndex }
        let augmented = try data([FunctionTransform(splitIndex: 0) { (x: Int) in x * 10 }])
        #expect(augmented.splitIndex == nil && index(augmented.train) == 0 && index(augmented.valid) == 1)
        #expect(try augmented.train.item(at: 1).inputs[0].item() == -10)
        #expect(try augmented.valid.item(at: 0).inputs[0].item() == -3)
        #expect(try ints(augmented[1]) == [-1, 2])
        let valid = try #require(augmented.valid as? any TransformedDataset)
        #expect(try valid.with(splitIndex: 0).item(at: 0).inputs[0].item() == -30)
        #expect(try valid.item(at: 0).inputs[0].item() == -3)
    }

    @Test("one list: default split, parts, masks, overlap, no items")
    func lists() throws {
        let lists = try TransformedLists([1, 2, 3], transforms: [Negate()])
        #expect(lists.split == Split(train: [0, 1, 2], valid: []) && lists.splitIndex == nil)
        #expect(try lists[[0, 2]] as? [Int] == [-1, -3])
        #expect(try lists[[false, true, true]] as? [Int] == [-2, -3])
        #expect(lists.train.count == 3 && lists.valid.count == 0 && lists.valid.splitIndex == 1)
        #expect(try lists.decode(-3) as? Int == 3)
        #expect(lists.newEmpty().count == 0 && lists.newEmpty().pipeline.transforms.count == 1)
        let overlapping = try TransformedLists(
            [1, 2, 3], transforms: [], splits: Split(train: [0, 1], valid: [1, 2]))
        #expect(overlapping.overlap == [1])
        #expect(try overlapping.valid.subset(0)[1] as? Int == 3)
    }

    @Test("new items enter at the transform that takes what they are; others are told what is taken")
    func inference() throws {
        let parse = FunctionTransform { (x: String) in Int(x) ?? 0 }
        let lists = try TransformedLists(["1", "2"], transforms: [parse, AddOne()])
        #expect(try lists.infer(ItemList(["5"]))[0] as? Int == 6)
        #expect(try lists.infer(ItemList([5]))[0] as? Int == 6)
        let error = dataError { try lists.infer(ItemList([5.0])) }
        #expect(error?.code == .mismatch)
        #expect(error?.description == "item: is a Swift.Double; the transforms take Swift.String or Swift.Int")
        #expect(try lists.infer(ItemList([Int]())).count == 0)
        let images = try TransformedLists([Tensor(1)], transforms: [AddOne()])
        #expect(try (images.infer(ItemList([TensorImage(Tensor([1]))]))[0] as? TensorImage)?.tensor.floats == [2])
    }

    @Test("lists of items: rows of a tensor, parts of parts, skipped ones")
    func itemLists() throws {
        let rows = ItemList(rowsOf: Tensor([[1, 2], [3, 4], [5, 6]]))
        #expect(try (rows[2] as? Tensor)?.floats == [5, 6])
        let part = rows.subset([2, 0]).subset([1])
        #expect(try (part[0] as? Tensor)?.floats == [1, 2] && part.originalIndex(0) == 0 && part.count == 1)
        #expect(rows.subset([true, false, true]).originalIndex(1) == 2)
        let skipping = ItemList(0..<4).mapped { if $0 as? Int == 2 { throw SkipItem() } else { $0 } }
        #expect(try skipping.all() as? [Int] == [0, 1, 3])
        #expect(try ItemList([Int]()).all().isEmpty)
    }

    @Test("a member that is no tensor is named")
    func notATensor() throws {
        let error = dataError { try Datasets(["a"], transforms: [[]]).item(at: 0) }
        #expect(
            error?.description.hasPrefix("dataset: member 0 is a String, which is not a tensor. Add a transform")
                == true)
    }

    @Test("no pipelines, and more inputs than members, stop with a sentence")
    func traps() async {
        let none = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = try Datasets(0..<2, transforms: [])
        }
        #expect(sentence(none).contains("no pipelines"))
        let many = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = try Datasets(0..<2, transforms: [[]], nInputs: 2)
        }
        #expect(sentence(many).contains("nInputs is 2, of 1 members"))
    }
}
