// SPDX-License-Identifier: Apache-2.0
// What the code of the glossary and of doc comments speaks of: a learner, data, tensors; each use gets new ones.

import Foundation
import Lockstep

// MARK: Checks

nonisolated(unsafe) private var failures = 0

/// Runs a piece of code; an error is told with its place.
func check(_ place: String, _ body: () throws -> Void) {
    // A trap leaves this as the last line.
    FileHandle.standardError.write(Data("\(place)\n".utf8))
    do { try body() } catch let error as DataError where error.code == .unsupported && !ImageFile.readsPNG {
        print("skipped \(place): built without the image libraries")
    } catch {
        failures += 1
        print("FAILED \(place): \(error)")
    }
}

func finish() { exit(failures == 0 ? 0 : 1) }

func lossFunction(_ loss: some LossFunction) {}
func metric(_ metric: Metric) {}
func optimizerFactory(_ factory: OptimizerFactory) {}

// MARK: A learner

final class Net: Module, UnaryLayer {
    let body = Sequential {
        Linear(4, 8); ReLU()
    }
    let head = Linear(8, 3)
    func callAsFunction(_ x: Tensor) -> Tensor { head(body(x)) }
}

extension Net: ONNXExportable {
    func onnx(_ inputs: [ONNXValue], in graph: ONNXGraph) throws(ONNXError) -> [ONNXValue] {
        try graph.apply(head, graph.apply(body, inputs))
    }
}

/// Calls a layer twice.
final class Twice: Module, UnaryLayer {
    let body: Linear
    init(_ body: Linear) { self.body = body }
    func callAsFunction(_ x: Tensor) -> Tensor { body(body(x)) }
}

/// Multiplies by a number.
final class Scale: Module, UnaryLayer {
    let factor: Double
    init(factor: Double) { self.factor = factor }
    func callAsFunction(_ x: Tensor) -> Tensor { x * factor }
}

var model: Net { withSeed(1) { Net() } }
var features: Tensor { Tensor.linspace(-1, 1, count: 96).reshaped([24, 4]).sin() }
var dataset: TensorDataset {
    TensorDataset(inputs: [features], targets: [Tensor((0..<24).map { $0 % 3 })])
}
var datasets: Datasets { get throws { try Datasets([0, 1, 2], transforms: [[], [Categorize()]], splits: split) } }
/// Two classes of images of 3×32×32.
var imageLoaders: DataLoaders {
    let images = Tensor.linspace(-1, 1, count: 8 * 3 * 32 * 32).reshaped([8, 3, 32, 32])
    let data = TensorDataset(inputs: [images], targets: [Tensor((0..<8).map { $0 % 2 })])
    return DataLoaders(DataLoader(data, batchSize: 4), DataLoader(data, batchSize: 4))
}
var dls: DataLoaders { Datasets(dataset, split: .random(0.25, seed: 1)).dataLoaders(batchSize: 6) }
var learner: Learner {
    let learner = Learner(
        dls: dls, model: model, loss: .crossEntropy,
        splitter: .parts { (model: Net) in [model.body, model.head] }, metrics: [.accuracy])
    learner.dl = learner.dls.train
    _ = try? learner.createOptimizer()
    return learner
}
var recorder: Recorder { Recorder() }
var callback: Callback { GradientClip() }
var batch: Batch { Batch(inputs: [features[..<6]], targets: [Tensor([0, 1, 2, 0, 1, 2] as [Int])]) }
var predictions: Predictions { get throws { try learner.predictions() } }
var xb: [Tensor] { batch.inputs }
var item: Any { features[0] }
var interpretation: ClassificationInterpretation { get throws { try ClassificationInterpretation(learner: learner) } }
var optimizer: Optimizer { OptimizerFactory.adam()([model.body.parameters(), model.head.parameters()], lr: 1e-3) }
var hook: Hook<Shape> { Hook(on: model) { _, output in output.shape } }
var plot: Plot { Plot(title: "t", curves: [Plot.Curve("a", x: [0, 1], y: [1, 2])]) }
var parameter: Parameter { model.parameters()[0] }
var buffer: Buffer { BatchNorm1d(4).buffers()[0] }
var id: OutputObserverID { model.addOutputObserver { _, _ in } }
var loss: CrossEntropyFlat { CrossEntropyFlat() }
var preds: Tensor { model(features) }
var targets: Tensor { dataset.targets[0] }
var file: String { get throws { try learner.export(to: "scene.bundle") } }
var communicator: any Communicator { get throws { try World.current() } }

final class Thing { var a = 1 }
var object: Thing { Thing() }

struct Options: Codable { var a = 1 }

/// Steps against the sign of the gradient.
final class SignSGD: ForeignOptimizer {
    let groups: [[Parameter]]
    private var rate = 0.1
    init(_ groups: [[Parameter]]) { self.groups = groups }
    var hyperNames: [String] { ["lr"] }
    func hyper(_ name: String, group: Int) -> Double { rate }
    func setHyper(_ name: String, group: Int, _ value: Double) { rate = value }
    func step(_ parameters: [Parameter], group: Int) {
        for parameter in parameters {
            if let gradient = parameter.gradient { parameter.wrappedValue = parameter.value - gradient.sign() * rate }
        }
    }
    func clearState() {}
}
var foreign: SignSGD { SignSGD([model.parameters()]) }

// MARK: Data

var loader: DataLoader { DataLoader(dataset, batchSize: 6) }
var transformed: TransformedDataLoader { TransformedDataLoader(dataset, batchSize: 6) }
var split: Split { Split(train: [0, 1], valid: [2]) }
var items: ItemList { ItemList([1, 2, 3]) }
var lists: TransformedLists { get throws { try TransformedLists([1, 2, 3], transforms: [], splits: split) } }
var pipeline: Pipeline { Pipeline([]) }
var table: CSVTable { get throws { try CSV.read("houses.csv") } }
var tabular: TabularData { get throws { try DataLoaders.csv(path: "houses.csv", target: "price") } }
var row: TableRow { get throws { TableRow(try table, 0) } }
var rows: [Tensor] { [features[0], features[1]] }
var numericalize: Numericalize { Numericalize(vocabulary: ["a", "king"]) }
var encoding: TextEncoding { TextEncoding(fitting: "a king", tokenizer: .words) }
var plays: String { String(repeating: "to be or not to be ", count: 60) }
var texts: TextData { get throws { try DataLoaders.text(plays, blockLength: 8) } }
var array: NumericArray { NumericArray(x) }
var bytes: [UInt8] { get throws { [UInt8](try Data(contentsOf: URL(filePath: "mnist/train-labels-idx1-ubyte"))) } }
var archive: Safetensors.Archive { get throws { try Safetensors.read("scene.safetensors") } }
/// `{"x": tensor([1., 2.])}`, as torch.save wrote it before PyTorch 1.6.
var torchBytes: [UInt8] {
    [UInt8](
        Data(
            base64Encoded: """
                gAKKCmz8nEb5IGqoUBkugAJN6QMugAJ9cQAoWBAAAABwcm90b2NvbF92ZXJzaW9ucQFN6QNYDQAAAGxpdHRsZV9lbmRpYW5x
                AohYCgAAAHR5cGVfc2l6ZXNxA31xBChYBQAAAHNob3J0cQVLAlgDAAAAaW50cQZLBFgEAAAAbG9uZ3EHSwR1dS6AAn1xAFgB
                AAAAeHEBY3RvcmNoLl91dGlscwpfcmVidWlsZF90ZW5zb3JfdjIKcQIoKFgHAAAAc3RvcmFnZXEDY3RvcmNoCkZsb2F0U3Rv
                cmFnZQpxBFgOAAAAMDAwMDAwMDAwMDAwMDBxBVgDAAAAY3B1cQZLAk50cQdRSwBLAoVxCEsBhXEJiWNjb2xsZWN0aW9ucwpP
                cmRlcmVkRGljdApxCilScQt0cQxScQ1zLoACXXEAWA4AAAAwMDAwMDAwMDAwMDAwMHEBYS4CAAAAAAAAAAAAgD8AAABA
                """, options: .ignoreUnknownCharacters) ?? Data())
}
/// Of NumPy: ones, [2, 3], called x.
var npzBytes: [UInt8] {
    [UInt8](
        Data(
            base64Encoded: """
                UEsDBC0AAAAIAAAAIQB9azqS//////////8FABQAeC5ucHkBABAAmAAAAAAAAABMAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6l
                oG6TZqKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CsaaOgq1CmQDLgaGBntsGABQSwECLQMtAAAACAAAACEAfWs6
                kkwAAACYAAAABQAAAAAAAAAAAAAAgAEAAAAAeC5ucHlQSwUGAAAAAAEAAQAzAAAAgwAAAAAA
                """, options: .ignoreUnknownCharacters) ?? Data())
}
var torchArchive: TorchArchive { get throws { try TorchArchive.read("x.pth") } }
/// A BERT of no size to speak of, as it lies in the folder `bert`.
var body: Bert { Bert(BertConfiguration(vocabulary: 9, width: 4, layers: 1, heads: 1)) }
var tokenizer: PretrainedTokenizer { get throws { try PretrainedTokenizer.load("bert") } }
var tokenized: TokenizedText { get throws { try tokenizer.encode("a good film") } }
var hidden: Tensor { Tensor.ones([2, 3, 4]) }
var encoder: SentenceEncoder { get throws { try SentenceEncoder.pretrained("bert") } }
var reviews: TextClassData {
    get throws {
        try DataLoaders.textClasses(
            ["a good film", "bad", "good", "a bad film"], labels: ["pos", "neg", "pos", "neg"], tokenizer: tokenizer,
            batchSize: 1, validFraction: 0.5)
    }
}
var weights: WeightFile { get throws { try WeightFile("linear.safetensors") } }
var report: WeightReport { get throws { try Linear(3, 3).loadPretrained("linear.safetensors") } }
var png: [UInt8] { Pixels(Tensor.linspace(0, 1, count: 64).reshaped([1, 8, 8]))?.png ?? [] }

// MARK: Tensors

var x: Tensor { Tensor([[0.5, 1, 2], [3, 0.25, 1], [1, 2, 0.75]]) }
var y: Tensor { Tensor([[0.25, 1, 0], [1, 0.5, 1], [0, 0.5, 0.75]]) }
var a: Tensor { x }
var b: Tensor { y }
var w: Tensor { x }
var h: Tensor { y }
var bias: Tensor { Tensor([1, 2, 3]) }
var c: Tensor { x .> y }
var i: Tensor { Tensor([[0, 1, 2], [2, 1, 0], [1, 1, 1]] as [[Int]]) }
var image: Tensor { Tensor.linspace(-1, 1, count: 64).reshaped([1, 1, 8, 8]) }
var generator: PhiloxGenerator { PhiloxGenerator(seed: 1) }
var gates: Tensor { Tensor.linspace(-1, 1, count: 36).reshaped([12, 3]) }

// MARK: Files

/// Writes what the pieces of code read, before the first of them.
private func setBert() throws {
    try FileManager.default.createDirectory(atPath: "bert", withIntermediateDirectories: true)
    func write(_ text: String, to name: String) throws { try Data(text.utf8).write(to: URL(filePath: name)) }
    try write("[PAD]\n[UNK]\n[CLS]\n[SEP]\na\ngood\nbad\nfilm\n!\n", to: "bert/vocab.txt")
    try write(
        #"{"model_type": "bert", "vocab_size": 9, "hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 16}"#,
        to: "bert/config.json")
    try Safetensors.write(
        body.stateDictionary().map { Safetensors.Item($0.name, $0.tensor) }, to: "bert/model.safetensors")
    try write("review,label\na good film,pos\nbad,neg\ngood,pos\na bad film,neg\n", to: "reviews.csv")
}

func setScene() throws {
    ExportRegistry.register(Net.self) { _ in Net() }
    for name in ["preds", "targets"] {
        try FileManager.default.createDirectory(atPath: name, withIntermediateDirectories: true)
    }
    for name in ["x.npy", "y.npy"] { try NPY.write(array, to: name) }
    try Safetensors.write(
        [Safetensors.Item("x", x)], metadata: [(key: "format", value: "pt")], to: "scene.safetensors")
    try Safetensors.write([Safetensors.Item("x", x)], to: "x.safetensors")
    try Data(torchBytes).write(to: URL(filePath: "x.pth"))
    for name in ["x.npz", "data.npz"] { try Data(npzBytes).write(to: URL(filePath: name)) }
    try Safetensors.write(
        [Safetensors.Item("weight", x), Safetensors.Item("bias", bias)], to: "linear.safetensors")
    try Data(plays.utf8).write(to: URL(filePath: "plays.txt"))
    try setBert()
    _ = try learner.predictions(savePredictions: "preds")
    _ = try learner.saveResumePoint(ResumePoint(epoch: 1))
    try Data("1\n".utf8).write(to: URL(filePath: "valid.txt"))
    for name in ["images", "masks"] {
        try FileManager.default.createDirectory(atPath: "scenes/\(name)", withIntermediateDirectories: true)
        let pixels = Tensor((0..<64).map { UInt8($0 % 2) }, shape: [1, 8, 8])
        for number in 0..<90 {
            try Data(Pixels(pixels)?.png ?? []).write(to: URL(filePath: "scenes/\(name)/\(number).png"))
        }
    }
    for name in ["cat", "dog"] {
        try FileManager.default.createDirectory(atPath: "pets/\(name)", withIntermediateDirectories: true)
        for number in 0..<50 { try Data(png).write(to: URL(filePath: "pets/\(name)/\(number).png")) }
    }
}
