// SPDX-License-Identifier: Apache-2.0
// Transforms come back with what they have learned, and treat new items as they did.

import LockstepData
import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Export: data")
struct ExportedDataTests {
    private func reloaded(_ dls: DataLoaders) throws -> DataLoaders {
        let learner = Learner(dls: dls, model: Identity(), loss: .mse, defaultCallbacks: .none)
        return try Learner.load(exported: learner.exported()).dls
    }

    @Test("pipelines with vocabularies: new items, decoding, classes") func pipelines() throws {
        let words = ["a/cat_1", "a/dog_2", "b/ant_3", "b/dog_4", "c/cat_5"]
        let data = try Datasets(
            words, transforms: [[Measure()], [RegexLabeller(#"/([a-z]+)_"#), Categorize()]],
            splits: Split(train: [0, 1, 2], valid: [3, 4]))
        let dls = data.dataLoaders(batchSize: 2, path: "here")
        ExportRegistry.register(Measure.self)
        let loaded = try reloaded(dls)
        #expect(loaded.trainDataset?.count == 0 && loaded.validDataset?.count == 0)
        #expect(loaded.vocabulary == ["ant", "cat", "dog"] && loaded.targetKind == dls.targetKind)
        let new = ["x/dog_10", "y/ant_77", "z/cat_9"]
        for withLabels in [false, true] {
            let before = try dls.testLoader(for: new, withLabels: withLabels)
            let after = try loaded.testLoader(for: new, withLabels: withLabels)
            let (a, b) = (try before.oneBatch(), try after.oneBatch())
            #expect(a.inputs.map(\.floats) == b.inputs.map(\.floats) && a.targets.map(\.ints) == b.targets.map(\.ints))
            #expect(a.targets.isEmpty == !withLabels)
        }
        let batch = try dls.testLoader(for: new, withLabels: true).oneBatch()
        let shown = try loaded.decodeBatch(batch).map { "\($0.members)" }
        #expect(shown == (try dls.decodeBatch(batch).map { "\($0.members)" }) && shown.count == 2)
        #expect(throws: DataError.self) {
            _ = try loaded.testLoader(for: ["x/cow_1"], withLabels: true).oneBatch()
        }
    }

    @Test("the loader's own transforms with their statistics") func loaderTransforms() throws {
        let images = (0..<4).map { TensorImage(sample([2, 3, 3], seed: UInt64($0)) * 3 + 1) }
        let data = try Datasets(images, transforms: [[]], splits: Split(train: [0, 1, 2], valid: [3]), nInputs: 1)
        let dls = try data.dataLoaders(batchSize: 3, shuffle: false, afterBatch: [Normalize()])
        let loaded = try reloaded(dls)
        let new = [TensorImage(sample([2, 3, 3], seed: 9))]
        let (a, b) = (try dls.testLoader(for: new).oneBatch(), try loaded.testLoader(for: new).oneBatch())
        #expect(a.inputs[0].floats == b.inputs[0].floats && a.inputs[0].floats != new[0].tensor.floats)
        #expect(try loaded.decodeBatch(b).count == 1)
    }

    @Test("a loader that makes batches in its own way is refused by its name, in a wrapper, too") func ownLoaders() {
        final class Squares: IndexedBatchSource {
            var options = DataLoader.Options()
            var epoch = 0
            let inputCount = 1
            func indices(epoch: Int) -> [Int] { Array(0..<4) }
            func batch(of indices: [Int], epoch: Int) -> Batch {
                Batch(inputs: [Tensor(indices.map { Double($0 * $0) })])
            }
        }
        final class Wrapper: WrappingBatchSource {
            let inner: any BatchSource
            init(_ inner: any BatchSource) { self.inner = inner }
            func makeIterator(epoch: Int, from first: Int, position: Int?) throws -> BatchIterator {
                try inner.makeIterator(epoch: epoch, from: first, position: position)
            }
        }
        final class Heir: DataLoader {}
        let items = lineDataset(4)
        for (source, name) in [
            (Squares(), "Squares"), (Wrapper(Squares()), "Squares"), (Heir(items, options: .init()), "Heir"),
            (Wrapper(Wrapper(Heir(items, options: .init()))), "Heir"),
        ] as [(any BatchSource, String)] {
            let error = #expect(throws: ExportError.self) { _ = try reloaded(DataLoaders(source)) }
            #expect(error?.code == .unregistered && "\(error as Any)".contains("\(name) makes batches in its own way"))
        }
        for source in [DataLoader(items), Wrapper(DataLoader(items)), BatchList([])] as [any BatchSource] {
            #expect(throws: Never.self) { _ = try reloaded(DataLoaders(source)) }
        }
    }

    @Test("a table's columns: rows of a file and rows at hand") func tables() throws {
        let text = "age,job,y\n1.5,a,1\n2.5,b,2\n,a,3\n7.25,,4\n3,c,5\n"
        let table = try CSV.parse(Array(text.utf8), file: "t.csv")
        let data = try DataLoaders.table(table, target: "y", batchSize: 2, split: .none)
        let loaded = try reloaded(data.loaders)
        #expect(loaded.columns == data.columns && loaded.columns?.continuous.count == 1)
        let new = try CSV.parse(Array("job,age\nb,\nzz,5\n".utf8), file: "n.csv")
        let (a, b) = (try data.loaders.testLoader(for: new).oneBatch(), try loaded.testLoader(for: new).oneBatch())
        #expect(a.inputs.map(\.floats) == b.inputs.map(\.floats) && a.inputs.count == 2)
        let rows = [["age": "5", "job": "zz"]]
        #expect(try loaded.testLoader(for: rows).oneBatch().inputs[1].floats == [b.inputs[1].floats[1]])
    }

    @Test("functions among transforms are refused with their place") func functions() throws {
        let data = try Datasets([1, 2], transforms: [[Measure(), FunctionTransform { (x: Tensor) in x }]])
        let learner = Learner(dls: data.dataLoaders(), model: Identity(), loss: .mse, defaultCallbacks: .none)
        ExportRegistry.register(Measure.self)
        let error = #expect(throws: ExportError.self) { _ = try learner.exported() }
        #expect(error?.code == .function && error?.place == "data.items.pipelines.0.transforms.1", "\(error as Any)")
    }

    @Test("statistics that cannot be are refused") func hostileStatistics() throws {
        let table = try CSV.parse(Array("age,y\n1.5,1\n2.5,2\n7,3\n".utf8), file: "t.csv")
        let data = try DataLoaders.table(table, target: "y", batchSize: 2, split: .none)
        let learner = Learner(dls: data.loaders, model: Identity(), loss: .mse, defaultCallbacks: .none)
        let archive = try Safetensors.parse(learner.exported(), file: "b")
        let json = try #require(archive.metadata("lockstep.learner"))
        let deviation = try #require(data.columns.continuous.first).deviation
        #expect(json.contains("\"deviation\":\(deviation)"))
        for bad in ["0", "\"inf\"", "\"nan\"", "\"x\""] {
            let changed = json.replacing("\"deviation\":\(deviation)", with: "\"deviation\":\(bad)")
            let bytes = try Safetensors.encode(
                [],
                metadata: [
                    ("lockstep.learner", changed), ("lockstep.learner.crc32", Safetensors.checksum(of: changed)),
                ])
            #expect(throws: ExportError.self, "\(bad)") { _ = try Learner.load(exported: bytes) }
        }
    }
}

/// A word to the number behind its underscore.
private struct Measure: Transform, Codable {
    var encodes: [TypedFunction] {
        [
            TypedFunction { (word: String) in Tensor([Float(word.split(separator: "_").last ?? "") ?? -1]) },
            TypedFunction { (number: Int) in Tensor([Float(number)]) },
        ]
    }
}
