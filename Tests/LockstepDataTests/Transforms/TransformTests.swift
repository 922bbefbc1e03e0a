// SPDX-License-Identifier: Apache-2.0
// Tests of transforms and pipelines: dispatch, splits, order, learning, random numbers.

import LockstepTensor
import Testing

@testable import LockstepData

/// −x, its own inverse.
struct Negate: Transform {
    var encodes: [TypedFunction] { [TypedFunction { (x: Int) in -x }, TypedFunction { (x: Tensor) in -x }] }
    var decodes: [TypedFunction] { encodes }
}

/// x + 1.
struct AddOne: Transform {
    var order = 0
    var splitIndex: Int?
    var encodes: [TypedFunction] { [TypedFunction { (x: Int) in x + 1 }, TypedFunction { (x: Tensor) in x + 1 }] }
    var decodes: [TypedFunction] { [TypedFunction { (x: Int) in x - 1 }, TypedFunction { (x: Tensor) in x - 1 }] }
}

/// Adds a random number of its item.
struct Jitter: RandomTransform {
    var probability = 1.0
    var encodes: [TypedFunction] {
        [
            TypedFunction { (x: Tensor, context: TransformContext) in
                var generator = context.generator()
                return x + Double.random(in: 0..<1, using: &generator)
            }
        ]
    }
}

@Suite("Transforms")
struct TransformTests {
    @Test(
        "[TFM-01] a transform of one part of the data leaves other parts and the whole alone, both ways",
        arguments: [(nil, 3, 3), (0, 4, 3), (1, 3, 3)] as [(Int?, Int, Int)])
    func split(splitIndex: Int?, there: Int, back: Int) throws {
        let pipeline = Pipeline([AddOne(splitIndex: 0)])
        #expect(try pipeline.encode(3, context: TransformContext(splitIndex: splitIndex)) as? Int == there)
        #expect(try pipeline.decode(there, splitIndex: splitIndex) as? Int == back)
    }

    @Test("[TFM-02] the function of the most specific type runs; what none takes passes; tuples go member by member")
    func dispatch() throws {
        let mixed = FunctionTransform(encodes: [
            TypedFunction { (x: Int) in x + 1 }, TypedFunction { (x: Double) in x * 2 },
        ])
        let tuple = try #require(try Pipeline([mixed]).encode(ItemTuple([1, 2.0, "s"])) as? ItemTuple)
        #expect(tuple[0] as? Int == 2 && tuple[1] as? Double == 4 && tuple[2] as? String == "s")

        class Animal: CustomStringConvertible { var description: String { "" } }
        class Dog: Animal {}
        final class Poodle: Dog {}
        let named = FunctionTransform(encodes: [
            TypedFunction { (_: Any) in "anything" }, TypedFunction { (_: any CustomStringConvertible) in "text" },
            TypedFunction { (_: Animal) in "animal" }, TypedFunction { (_: Dog) in "dog" },
        ])
        func name(_ value: Any) throws -> String? { try Pipeline([named]).encode(value) as? String }
        #expect(try name(Poodle()) == "dog" && name(Dog()) == "dog" && name(Animal()) == "animal")
        #expect(try name(3) == "text" && name(TypedFunction { (x: Int) in x }) == "anything")
    }

    @Test(
        "[TFM-02] tuples in tuples are taken member by member, there and back, as in fastcore; whole by an item transform"
    )
    func nested() throws {
        let item = ItemTuple([1, ItemTuple([2, ItemTuple([3, "s"])]), "t"])
        let pipeline = Pipeline([AddOne(), Negate()])
        let encoded = try #require(try pipeline.encode(item) as? ItemTuple)
        #expect(encoded.description == "(-2, (-3, (-4, s)), t)")
        #expect("\(try pipeline.decode(encoded))" == item.description)
        struct Count: ItemTransform {
            var encodes: [TypedFunction] { [TypedFunction { (item: ItemTuple) in item.count }] }
        }
        #expect(try Pipeline([Count()]).encode(item) as? Int == 3)
        // Random numbers are the item's, wherever its members are; a batch is taken row by row.
        let rows = ItemTuple([Tensor.zeros([2, 3]), ItemTuple([Tensor.zeros([2, 3]), Tensor.zeros([2])])])
        let context = TransformContext(
            splitIndex: 0, items: (0..<2).map { ItemContext(seed: 1, epoch: 0, index: $0) }, isBatch: true)
        let batch = try #require(try Pipeline([Jitter()]).encode(rows, context: context) as? ItemTuple)
        let inner = try #require(batch[1] as? ItemTuple)
        let (first, second, third) = (batch[0] as? Tensor, inner[0] as? Tensor, inner[1] as? Tensor)
        #expect(first?.shape == [2, 3] && first?.floats == second?.floats && third?.shape == [2])
        #expect(first?[0, 0].item() == third?[0].item() && first?[0, 0].item() != first?[1, 0].item())
        let none = ItemTuple([Tensor.zeros([0, 3]), ItemTuple([Tensor.zeros([0])])])
        let empty = TransformContext(splitIndex: 0, items: [], isBatch: true)
        let kept = try #require(try Pipeline([AddOne()]).encode(none, context: empty) as? ItemTuple)
        #expect(((kept[1] as? ItemTuple)?[0] as? Tensor)?.shape == [0])
        // What is inside decides whether decoding can stop.
        let shown = try Pipeline([Negate()]).decode(ItemTuple(["a", ItemTuple([1])]), full: false) as? ItemTuple
        #expect(shown?.description == "(a, (-1))")
    }

    @Test("[TFM-02] a semantic tensor keeps its type through a function of tensors, and prefers its own function")
    func semantic() throws {
        let halved = FunctionTransform(encodes: [
            TypedFunction { (x: Tensor) in x / 2 }, TypedFunction { (x: TensorMask) in TensorMask(x.tensor + 1) },
        ])
        let pipeline = Pipeline([halved])
        #expect(try (pipeline.encode(TensorImage(Tensor([4]))) as? TensorImage)?.tensor.floats == [2])
        #expect(try (pipeline.encode(TensorMask(Tensor([4]))) as? TensorMask)?.tensor.floats == [5])
        let measured = Pipeline([FunctionTransform { (x: Tensor) in x.count }])
        #expect(try measured.encode(TensorImage(Tensor([4, 5]))) as? Int == 2)
    }

    @Test("[TFM-02] an item transform is given the tuple whole; a typed one both ways; a closure decodes as identity")
    func kinds() throws {
        struct Swap: ItemTransform {
            var encodes: [TypedFunction] {
                [TypedFunction { (x: ItemTuple) in ItemTuple(x.members.reversed()) }]
            }
        }
        let swapped = try #require(try Pipeline([Swap()]).encode(ItemTuple([1, "a"])) as? ItemTuple)
        #expect(swapped[0] as? String == "a" && swapped[1] as? Int == 1)
        struct Text: TypedTransform {
            func encode(_ value: Int, context: TransformContext) -> String { String(value) }
            func decode(_ value: String) throws -> Int { Int(value) ?? 0 }
        }
        #expect(try Pipeline([Text()]).encode(12) as? String == "12")
        #expect(try Pipeline([Text()]).decode("12") as? Int == 12)
        let negate = Pipeline([FunctionTransform { (x: Int) in -x }])
        #expect(try negate.encode(3) as? Int == -3 && negate.decode(3) as? Int == 3)
        let both = Pipeline([FunctionTransform({ (x: Int) in -x }, decode: { (x: Int) in "\(-x)" })])
        #expect(try both.decode(3) as? String == "-3")
    }

    @Test("[TFM-03] transforms act by order, whatever the listing, and decode in reverse")
    func order() throws {
        for listed in [[Negate(), AddOne(order: 1)], [AddOne(order: 1), Negate()]] as [[any Transform]] {
            let pipeline = Pipeline(listed)
            #expect(try pipeline.encode(3) as? Int == -2 && pipeline.decode(-2) as? Int == 3)
        }
        let stable = Pipeline([AddOne(), Negate()])
        #expect(try stable.encode(3) as? Int == -4, "equal orders as listed")
        #expect(try Pipeline().encode("x") as? String == "x")
    }

    @Test("[TFM-03] partial decoding ends at the first value that can show itself")
    func partial() throws {
        let parse = FunctionTransform({ (x: String) in Int(x) ?? 0 }, decode: { (x: Int) in "\(x)" })
        let pipeline = Pipeline([
            FunctionTransform({ (x: Int) in "\(x)" }, decode: { (x: String) in Int(x) ?? 0 }), parse,
        ])
        #expect(try pipeline.decode(5, full: false) as? String == "5")
        #expect(try pipeline.decode(5) as? Int == 5)
    }

    /// Remembers what it saw, and marks what passes.
    struct Marker: Transform {
        let mark: String
        var trainSetup: Bool?
        var seen: [String] = []
        init(_ mark: String, trainSetup: Bool? = nil) { (self.mark, self.trainSetup) = (mark, trainSetup) }
        var encodes: [TypedFunction] { [TypedFunction { (x: String) in x + mark }] }
        mutating func setup(_ items: ItemList) throws { seen = try items.all().compactMap { $0 as? String } }
    }

    @Test("[TFM-04] each transform learns from what those before it make, of the training items unless told otherwise")
    func staged() throws {
        let split = Split(train: [0, 2], valid: [1])
        let lists = try TransformedLists(
            ["1", "2", "3"], transforms: [Marker("a"), Marker("b"), Marker("c", trainSetup: false)], splits: split)
        let markers = lists.pipeline.transforms.compactMap { $0 as? Marker }
        #expect(markers.map(\.seen) == [["1", "3"], ["1a", "3a"], ["1ab", "2ab", "3ab"]])
        let whole = try TransformedLists(["1", "2"], transforms: [Marker("a")], splits: split.first, trainSetup: false)
        #expect((whole.pipeline.transforms[0] as? Marker)?.seen == ["1", "2"])
        var more = lists.pipeline
        try more.add([Marker("d")], items: lists.items)
        #expect((more.transforms[3] as? Marker)?.seen == ["1abc", "2abc", "3abc"])
        #expect(lists.pipeline.transforms.count == 3, "a pipeline is a value")
    }

    @Test("random numbers are those of the seed, epoch and item, and differ between transforms; none outside training")
    func random() throws {
        func run(
            _ transforms: [any Transform], split: Int? = 0, seed: UInt64 = 1, epoch: Int = 0, index: Int = 0
        ) throws
            -> Double
        {
            let context = TransformContext(
                splitIndex: split, items: [ItemContext(seed: seed, epoch: epoch, index: index)])
            return try (Pipeline(transforms).encode(Tensor(0), context: context) as? Tensor)?.item() ?? .nan
        }
        let first = try run([Jitter()])
        #expect(try run([Jitter()]) == first)
        #expect(try run([Jitter()], split: 1) == 0 && run([Jitter()], split: nil) == 0)
        #expect(
            try Set([first, run([Jitter()], seed: 2), run([Jitter()], epoch: 1), run([Jitter()], index: 1)]).count == 4)
        #expect(try run([Jitter(), Jitter()]) != 2 * first)
        let changed = try (0..<1000).filter { try run([Jitter(probability: 0.25)], index: $0) != 0 }.count
        #expect(changed > 200 && changed < 300)
        #expect(try run([Jitter(probability: 0)]) == 0)
    }

    @Test("all members of an item see the same random numbers")
    func together() throws {
        let pair = ItemTuple([TensorImage(Tensor([0])), TensorMask(Tensor([0]))])
        let result = try #require(
            try Pipeline([Jitter()]).encode(pair, context: TransformContext(splitIndex: 0)) as? ItemTuple)
        let image = try #require(result[0] as? TensorImage)
        #expect(image.tensor.floats == (result[1] as? TensorMask)?.tensor.floats)
        #expect(image.tensor.floats != [0])
    }
}

extension Split {
    /// Only item 0 for training.
    fileprivate var first: Split { Split(train: [0], valid: [1]) }
}
