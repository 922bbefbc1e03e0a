// SPDX-License-Identifier: Apache-2.0
// Tests of the transforms of targets: vocabularies, unknown labels, one-hot vectors, numbers, storing them.

import Foundation
import LockstepTensor
import Testing

@testable import LockstepData

@Suite("Target transforms")
struct TargetTransformTests {
    /// The vocabulary, and the codes of the items at `indices`.
    func run(_ transform: Categorize, _ labels: [Any], train: [Int]? = nil) throws -> (Categorize, [Int]) {
        let all = Array(labels.indices)
        let lists = try TransformedLists(labels, transforms: [transform], splits: Split(train: train ?? all, valid: []))
        let codes = try lists[train ?? all] as? [Int]
        return (try #require(lists.pipeline.transforms[0] as? Categorize), try #require(codes))
    }

    @Test("[TX-01] classes agree with fastai: learned, of the training part only, given, unsorted, with #na#")
    func categorize() throws {
        let reference = try DataReference.load().categorize
        let given = ["dog", "cat", "bee", "ant"]
        for (transform, train, expected) in [
            (Categorize(), nil, reference.learned), (Categorize(), [0, 1, 3], reference.training),
            (Categorize(vocab: given), nil, reference.given),
            (Categorize(vocab: given, sort: false), nil, reference.unsorted),
            (Categorize(addNA: true), nil, reference.addNA),
        ] as [(Categorize, [Int]?, DataReference.Categories)] {
            let (learned, codes) = try run(transform, reference.labels, train: train)
            #expect(learned.vocabulary == expected.vocab && codes == expected.codes)
            #expect(learned.targetKind == .category(count: expected.vocab.count))
        }
    }

    @Test("[TX-02] an unknown label is an error that names it and the classes")
    func unknown() throws {
        let lists = try TransformedLists(["a", "b"], transforms: [Categorize()], splits: Split(train: [0], valid: [1]))
        let error = dataError { try lists.valid[0] }
        #expect(
            error?.description
                == "labels: label “b” was not included in the training dataset. Its classes are: a")
        let multi = try TransformedLists(
            [["a"], ["b", "a", "c"]], transforms: [MultiCategorize()], splits: Split(train: [0], valid: [1]))
        #expect(
            dataError { try multi.valid[0] }?.reason
                == "labels “b”, “c” were not included in the training dataset")
    }

    @Test("[TX-03] with #na# unknown and missing labels are class 0, and missing ones are never a class")
    func missing() throws {
        let labels: [Any] = ["b", "#na#", Double.nan, "a"]
        let (learned, codes) = try run(Categorize(addNA: true), labels)
        #expect(learned.vocabulary == ["#na#", "a", "b"] && codes == [2, 0, 0, 1])
        #expect(try Pipeline([learned]).encode("z") as? Int == 0)
        #expect(dataError { try run(Categorize(), labels) }?.reason.contains("“#na#”") == true)
        #expect(try run(MultiCategorizeProbe.labels).vocabulary == ["#na#", "a"])
    }

    private enum MultiCategorizeProbe { static let labels = [["a"], ["a"]] }

    private func run(_ labels: [[String]]) throws -> MultiCategorize {
        let lists = try TransformedLists(labels, transforms: [MultiCategorize(addNA: true)])
        #expect(try lists.pipeline.encode(["a", "q"]) as? [Int] == [1, 0])
        return try #require(lists.pipeline.transforms[0] as? MultiCategorize)
    }

    @Test("numbers as labels sort by value and decode to their text; predictions decode, others are errors")
    func numbers() throws {
        let (learned, codes) = try run(Categorize(), [10, 9, 2])
        #expect(learned.vocabulary == ["2", "9", "10"] && codes == [2, 1, 0])
        #expect(try run(Categorize(), [true, false, true]).1 == [1, 0, 1])
        let pipeline = Pipeline([learned])
        #expect(try pipeline.decode(2) as? String == "10")
        #expect(try pipeline.decode(Tensor([1], shape: [1])) as? String == "9")
        #expect(dataError { try pipeline.decode(3) }?.reason == "there is no class 3 among 3")
        #expect(dataError { try pipeline.decode(Tensor([0.5, 1])) }?.remedy?.contains("argmax") == true)
        #expect(dataError { try run(Categorize(), [[1.5]]) }?.reason == "a Array<Double> is no label")
    }

    @Test("lists of labels become vectors of 0 and 1 as in fastai, and come back")
    func multi() throws {
        let reference = try DataReference.load().multiCategorize
        let data = try Datasets(reference.tags, transforms: [[MultiCategorize(), OneHotEncode()]], nInputs: 0)
        #expect(data.vocabulary == reference.vocab && data.targetKind == .multiCategory(count: 4))
        for (index, row) in reference.rows.enumerated() {
            let sample = try data.item(at: index)
            #expect(sample.targets[0].floats == row && sample.targets[0].dtype == .float32)
            #expect(try data.decode(ItemTuple([sample.targets[0]]))[0] as? [String] == reference.decoded[index])
        }
        #expect(
            dataError { try TransformedLists([[1]], transforms: [OneHotEncode()]) }?.remedy?.contains("MultiCategorize")
                == true)
        #expect(
            dataError { try Pipeline([OneHotEncode(count: 2)]).encode([2]) }?.reason == "there is no class 2 among 2")
    }

    @Test("encoded vectors keep their classes")
    func encoded() throws {
        let transform = EncodedMultiCategorize(vocab: ["x", "y", "z"])
        let pipeline = Pipeline([transform])
        for vector in [[1, 0, 1], [1.0, 0, 1], [Float(1), 0, 1], [true, false, true]] as [Any] {
            let tensor = try #require(try pipeline.encode(vector) as? Tensor)
            #expect(tensor.floats == [1, 0, 1])
            #expect(try pipeline.decode(tensor) as? [String] == ["x", "z"])
        }
        #expect(pipeline.targetKind == .multiCategory(count: 3) && pipeline.vocabulary == ["x", "y", "z"])
        #expect(dataError { try pipeline.encode([1.0]) }?.reason == "a vector of shape [1] for 3 classes")
    }

    @Test("numbers are scalars or vectors of floats and come back")
    func regression() throws {
        let one = try TransformedLists([1, 2], transforms: [RegressionSetup()])
        #expect(one.pipeline.targetKind == .regression(count: 1))
        #expect(try (one[0] as? Tensor)?.shape == [] && (one[1] as? Tensor)?.item() == 2)
        #expect(try one.decode(Tensor(2.5)) as? Double == 2.5)
        let pair = try TransformedLists([[1.0, 2.0]], transforms: [RegressionSetup()])
        #expect(pair.pipeline.targetKind == .regression(count: 2))
        #expect((try pair[0] as? Tensor)?.floats == [1, 2])
        #expect(try pair.decode(Tensor([1, 2])) as? [Double] == [1, 2])
        #expect(
            try TransformedLists([Double](), transforms: [RegressionSetup()]).pipeline.targetKind
                == .regression(count: 1))
    }

    @Test("what transforms have learned survives storing")
    func stored() throws {
        func again<Value: Codable>(_ value: Value) throws -> Value {
            try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
        }
        let (learned, _) = try run(Categorize(addNA: true), ["b", "a"])
        #expect(try again(learned) == learned)
        #expect(try Pipeline([again(learned)]).encode("b") as? Int == 2)
        #expect(try again(run([["a"]])).vocabulary == ["#na#", "a"])
        #expect(try again(OneHotEncode(count: 3)).count == 3 && again(RegressionSetup(count: 2)).count == 2)
        #expect(try again(EncodedMultiCategorize(vocab: ["x"])).vocabulary == ["x"])
        #expect(try again(Normalize(mean: [0.5], std: [0.25])).std == [0.25])
        #expect(try again(IntToFloat(divisor: 2, maskDivisor: 3)).maskDivisor == 3)
        #expect(try again(RegexLabeller("(a)", atStart: true)).label(of: "ab") == "a")
        #expect(try again(ColumnReader("a", "b", delimiter: " ")).columns == ["a", "b"])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(Normalize.self, from: Data(#"{"mean":3}"#.utf8))
        }
    }

    @Test("a dataset is made again from learned pipelines without items, and decodes and takes new items as before")
    func rebuilt() throws {
        let data = try Datasets(
            ["1", "2"], transforms: [[FunctionTransform { (x: String) in Float(x) ?? 0 }], [Categorize()]])
        let pipelines = try #require((data.valid as? any TransformedDataset)?.pipelines)
        let again = Datasets(pipelines: pipelines.map { Pipeline($0.transforms, inputTypes: $0.inputTypes) })
        #expect(again.count == 0 && again.inputCount == 1 && again.vocabulary == ["1", "2"])
        let loader = TransformedDataLoader(again.valid, options: DataLoader.Options())
        let dls = DataLoaders(TransformedDataLoader(again.train, options: DataLoader.Options()), loader)
        let batch = try dls.testLoader(for: ["5", "6"]).oneBatch()
        #expect(batch.inputs[0].floats == [5, 6] && dls.targetKind == .category(count: 2))
        let decoded = try dls.decodeBatch(Batch(inputs: batch.inputs, targets: [Tensor([1, 0])]))
        #expect(decoded.map { $0[1] as? String } == ["2", "1"])
        #expect(dataError { try dls.testLoader(for: [3]) }?.code == .mismatch)
    }
}
