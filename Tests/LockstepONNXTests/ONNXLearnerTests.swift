// SPDX-License-Identifier: Apache-2.0
// Whole learners as ONNX: tables, images and texts with what comes before and behind the model, and what is refused.

import Foundation
import LockstepChecks
import LockstepData
import LockstepLearner
import LockstepModels
import LockstepNN
import LockstepONNX
import LockstepTensor
import LockstepTesting
import LockstepTransfer
import Testing

/// A transform that does not say what it is.
private struct Nothing: Transform {
    var encodes: [TypedFunction] { [TypedFunction { (image: TensorImage) in image }] }
}

@Suite("Learners as ONNX") struct ONNXLearnerTests {
    private static func learner(
        _ dls: DataLoaders, _ model: Module, _ loss: any LossFunction, _ path: String
    ) -> Learner {
        Learner(dls: dls, model: model, loss: loss, path: path, defaultCallbacks: .core)
    }

    // MARK: Tables

    /// 120 rows with gaps, names with spaces, numbers as categories, truths, and a number larger than a float can hold apart.
    private static func table(classes: Bool) -> String {
        var lines = ["age of house,the job,zone,fresh,seen at,answer"]
        for index in 0..<120 {
            func shown(_ text: String, _ period: Int) -> String { index % period == 3 ? "" : text }
            let job = ["nurse", "smith", "\"baker, senior\"", "ärztin"][index * 5 % 4]
            let fresh = index % 3 == 0 ? "True" : "False"
            let score = Double(index % 7) + (job == "smith" ? 2 : 0)
            let answer = classes ? (score > 5 ? "yes" : score > 2 ? "per haps" : "no") : "\(score * 10)"
            lines.append(
                "\(shown("\(20 + index * 7 % 41).5", 11)),\(shown(job, 13)),\(shown("\(index % 3)", 17)),\(fresh),\(1_700_000_000 + index * 61),\(answer)"
            )
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A row of new values: words that training did not have, gaps, numbers written otherwise.
    private static let rows: [[String]] = [
        ["30.5", "nurse", "1", "True", "1700000123"], ["", "pilot", "2.0", "true", "1700000999"],
        ["-4.25", "", "", "0", ""], ["1e3", "baker, senior", "9", "FALSE", "1700003000"],
        ["21.5", "ärztin", "0", "1", "1700000000"],
    ]

    @Test(
        "a table's columns are inputs: words, gaps and numbers as rows are read",
        .enabled(if: Readers.isThere, "make test-readers gets the programs"), arguments: [true, false], [false, true])
    func tables(classes: Bool, ensemble: Bool) throws {
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "t.csv").path
            try Self.table(classes: classes).write(toFile: file, atomically: true, encoding: .utf8)
            let data = try DataLoaders.table(CSV.read(file), target: "answer", batchSize: 32)
            let columns = data.columns
            let scale: (mean: Double, deviation: Double)? = classes ? nil : (mean: 40, deviation: 12)
            let model: Module =
                ensemble
                ? TabM(columns, layers: [16, 8], members: 5, outputScale: scale)
                : TabularModel(
                    embeddings: columns.embeddingSizes.map { ($0.count, $0.width) },
                    continuous: columns.continuous.count, outputs: columns.target.outputCount, layers: [16, 8],
                    outputScale: scale)
            try model.randomise()
            let loss: any LossFunction = classes ? .crossEntropy : .mse
            let learner = Self.learner(
                data.loaders, model, ensemble ? .eachMember(loss) : loss, folder.path)
            let header = "age of house,the job,zone,fresh,seen at\n"
            let quoted = Self.rows.map { $0.map { $0.contains(",") ? "\"\($0)\"" : $0 }.joined(separator: ",") }
            let new = try columns.parseRows(Array((header + quoted.joined(separator: "\n") + "\n").utf8), file: "rows")
            let items = try columns.dataset(new, rows: Array(0..<Self.rows.count), withTarget: false)
            let all = try learner.predictions(on: .loader(data.loaders.testLoader(for: items)), withDecoded: true)
            let inputs = try Self.inputs(columns)
            var outputs = [ONNXDatum("output", all.predictions)]
            if classes {
                let decided = try #require(all.decoded)
                let names = try #require(columns.classes)
                outputs.append(ONNXDatum("decision", decided.to(.int64)))
                outputs.append(ONNXDatum("label", words: decided.ints.map { names[$0] }, shape: [Self.rows.count]))
            }
            var cases = ONNXCases(folder.appending(path: "cases"))
            try cases.add("table", learner.onnx(), inputs: inputs, outputs: outputs)
            // From a bundle, in another process, the same.
            let loaded = try Learner.load(contentsOf: learner.export(to: folder.appending(path: "b.bundle").path))
            #expect(try loaded.onnx() == learner.onnx())
            // Without preprocessing it takes what the model takes.
            let batch = try #require(items.batch(at: Array(0..<Self.rows.count), epoch: 0))
            try cases.add(
                "bare", learner.onnx(preprocessing: false),
                inputs: zip(["categories", "numbers"], batch.inputs).map { ONNXDatum($0, $1) }, outputs: outputs)
            try cases.expectAlike()
        }
    }

    private static func inputs(_ columns: TabularColumns) throws -> [ONNXDatum] {
        let names = ["age of house", "the job", "zone", "fresh", "seen at"]
        func values(_ name: String) throws -> [String] {
            let place = try #require(names.firstIndex(of: name))
            return rows.map { $0[place] }
        }
        let words = try columns.categorical.filter { $0.marksMissing == nil }.map {
            ONNXDatum($0.name, words: try values($0.name), shape: [rows.count, 1])
        }
        let numbers = try columns.continuous.map {
            let numbers = try values($0.name).map { Double($0) ?? .nan }
            return ONNXDatum($0.name, Tensor(numbers, shape: [rows.count, 1]))
        }
        return words + numbers
    }

    // MARK: Images

    @Test(
        "images of any size are cropped, resized and normalised in the graph",
        .enabled(if: Readers.isThere, "make test-readers gets the programs"),
        arguments: ["crop", "pad", "squish", "random", "larger", "block"])
    func images(method: String) throws {
        try withTemporaryFolder { folder in
            let data = try Self.pictures(in: folder)
            let transforms: [any Transform] = [
                method == "random"
                    ? RandomResizedCrop(height: 20, width: 24)
                    : method == "larger"
                        ? Resize(height: 90, width: 70)
                        : Resize(height: 20, width: 24, method: ResizeMethod(rawValue: method) ?? .crop)
            ]
            // There a getter opens images, and the block's own OpenImage has nothing to do.
            let dls =
                try method == "block"
                ? DataBlock(
                    blocks: [.image(), .category], getX: [OpenImage()], getY: [ParentLabel()],
                    splitter: .random(0.5, seed: 3), itemTransforms: transforms, batchTransforms: [Normalize()]
                ).dataLoaders(FileList.files(in: data, extensions: ["png"]), batchSize: 2)
                : DataLoaders.images(
                    path: data, size: 20, batchSize: 2, validFraction: 0.5, seed: 3, itemTransforms: transforms,
                    augment: [RandomErasing()])
            let model = Sequential {
                Conv2d(3, 6, kernelSize: 3, stride: 2, padding: 1); BatchNorm2d(6); ReLU()
                AdaptiveAvgPool2d(1); Flatten(); Linear(6, 2)
            }
            try model.randomise()
            let learner = Self.learner(dls, model, CrossEntropyFlat(), folder.path)
            let files = (0..<3).map { folder.appending(path: "new\($0).png").path }
            var images: [Tensor] = []
            for (number, file) in files.enumerated() {
                let pixels = sampleIntegers([3, 47, 38], seed: UInt64(number + 10), in: 0..<256, dtype: .uint8)
                try Self.write(pixels, to: URL(filePath: file))
                images.append(pixels)
            }
            let all = try learner.predictions(on: .loader(dls.testLoader(for: files)), withDecoded: true)
            let decided = try #require(all.decoded).to(.int64)
            let names = try #require(dls.vocabulary)
            let outputs = [
                ONNXDatum("output", all.predictions), ONNXDatum("decision", decided),
                ONNXDatum("label", words: decided.ints.map { names[$0] }, shape: [3]),
            ]
            var cases = ONNXCases(folder.appending(path: "cases"))
            try cases.add(
                method, learner.onnx(), inputs: [ONNXDatum("image", Tensor.stacked(images, axis: 0))], outputs: outputs)
            // Bytes are rounded: one that lies at a half may go the other way.
            try cases.expectAlike(within: 1e-4)
        }
    }

    @Test("what a graph would leave out on the way from an image's bytes is refused") func refusedImages() throws {
        try withTemporaryFolder { folder in
            let data = try Self.pictures(in: folder)
            func learner(_ augment: [any Transform] = []) throws -> Learner {
                let dls = try DataLoaders.images(
                    path: data, size: 20, batchSize: 2, validFraction: 0.5, seed: 3, augment: augment)
                let model = Sequential {
                    Conv2d(3, 2, kernelSize: 1); AdaptiveAvgPool2d(1); Flatten()
                }
                return Self.learner(dls, model, CrossEntropyFlat(), folder.path)
            }
            func refusal(of learner: Learner) throws -> ONNXError {
                try #require(#expect(throws: ONNXError.self) { try learner.onnx() })
            }
            #expect(try learner().onnxFile().summary.contains("image: uint8"))
            let function = try learner([FunctionTransform { (image: TensorImage) in image }])
            let first = try refusal(of: function)
            #expect(first.code == .function && first.place == "data")
            #expect(try function.onnx(preprocessing: false).count > 50)
            let unknown = try refusal(of: learner([Nothing()]))
            #expect(unknown.code == .unsupported && unknown.place == "data" && unknown.reason.contains("Nothing"))
            let early = try learner()
            let loader = try #require(early.dls.valid as? TransformedDataLoader)
            loader.insert([Nothing()], at: .beforeBatch)
            #expect(try refusal(of: early).reason.contains("Nothing"))
            let hooked = try learner()
            let valid = try #require(hooked.dls.valid as? DataLoader)
            valid.hooks.afterBatch = { batch, _ in batch }
            #expect(try refusal(of: hooked).reason.contains("afterBatch"))
        }
    }

    /// Four images of two classes; the path of their folder.
    private static func pictures(in folder: URL) throws -> String {
        let data = folder.appending(path: "data")
        for (number, name) in ["cat", "dog", "cat", "dog"].enumerated() {
            let place = data.appending(path: name)
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            let pixels = sampleIntegers([3, 41, 57], seed: UInt64(number), in: 0..<256, dtype: .uint8)
            try write(pixels, to: place.appending(path: "\(number).png"))
        }
        return data.path
    }

    /// `[3, H, W]` as a PNG file.
    private static func write(_ pixels: Tensor, to file: URL) throws {
        let values = pixels.permuted([1, 2, 0]).ints.map { UInt8($0) }
        let bytes = try #require(
            PNGWriter.encode(values, width: pixels.shape[2], height: pixels.shape[1], channels: 3))
        try Data(bytes).write(to: file)
    }

    // MARK: Texts

    @Test(
        "texts go from tokens on", .enabled(if: Readers.isThere, "make test-readers gets the programs"),
        arguments: [true, false])
    func texts(hasTypes: Bool) throws {
        try withTemporaryFolder { folder in
            var configuration = BertConfiguration(vocabulary: 30, width: 8, layers: 2, heads: 2, hidden: 12)
            configuration.context = 12
            let model = TextClassifier(Bert(configuration), classes: 2, pooling: .mean)
            try model.randomise()
            let texts = (0..<4).map { text in
                var tokens = TokenizedText(filling: 0)
                (tokens.ids, tokens.attentionMask) = (
                    (0..<4 + text).map { ($0 * 7 + text) % 30 }, Array(repeating: 1, count: 4 + text)
                )
                tokens.typeIDs = tokens.ids.indices.map { hasTypes && $0 > 2 ? 1 : 0 }
                return tokens
            }
            let data = TokenizedTexts(
                texts, labels: [0, 1, 1, 0], classes: ["bad", "good"], padding: TextPadding(id: 0))
            var options = DataLoader.Options()
            options.batchSize = 4
            let loader = SortedTextLoader(data, options: options)
            let learner = Self.learner(DataLoaders(loader, loader), model, CrossEntropyFlat(), folder.path)
            let batch = try loader.oneBatch()
            let output = withNoGrad { model.forward(batch.inputs)[0].softmax(axis: -1) }
            let decided = output.argmax(axis: 1)
            var cases = ONNXCases(folder.appending(path: "cases"))
            let names = ["input_ids", "attention_mask", "token_type_ids"]
            try cases.add(
                "texts", learner.onnx(), inputs: zip(names, batch.inputs).map { ONNXDatum($0, $1.to(.int64)) },
                outputs: [
                    ONNXDatum("output", output), ONNXDatum("decision", decided),
                    ONNXDatum("label", words: decided.ints.map { ["bad", "good"][$0] }, shape: [4]),
                ])
            try cases.expectAlike()
        }
    }
}
