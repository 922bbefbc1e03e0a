// SPDX-License-Identifier: Apache-2.0
// Exporting a learner and loading it elsewhere.

import Foundation
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

/// A learner of a small classification, with a layer of each kind that has a state.
private func classifier(
    rows: Int = 24, callbacks: [Callback] = [], metrics: [Metric] = [.accuracy], path: String = "."
)
    -> Learner
{
    let model = withSeed(3) {
        Sequential {
            Linear(4, 6); BatchNorm1d(6); ReLU(); Dropout(0.2); Linear(6, 3)
        }
    }
    let x = sample([rows, 4], seed: 1)
    let y = sampleIntegers([rows], seed: 2, in: 0..<3)
    let data = TensorDataset(inputs: [x], targets: [y])
    let learner = Learner(
        dls: DataLoaders([data, data], batchSize: 8, path: path), model: model,
        loss: .crossEntropy(weight: Tensor([1, 2, 3])),
        lr: .slice(1e-3), callbacks: [Recorder()] + callbacks, metrics: metrics, wd: .perGroup([0.25]), wdBnBias: true,
        moms: (0.9, 0.8, 0.9), defaultCallbacks: .core, seed: 9)
    learner.logger = SilentLogger()
    return learner
}

@Suite("Export")
struct ExportTests {
    @Test("[EXP-01] a loaded learner predicts what the exported one did") func roundTrip() throws {
        try withTemporaryFolder { folder in
            let learner = classifier(path: folder.path)
            try learner.fit(2)
            let items = Learner.batch(sample([5, 4], seed: 8))
            let before = try learner.predictions(on: items, withDecoded: true)
            let path = try learner.export()
            #expect(path == folder.path + "/export.bundle")
            let loaded = try loadLearner(path)
            let after = try loaded.predictions(on: items, withDecoded: true)
            #expect(after.predictions.floats == before.predictions.floats)
            #expect(after.decoded?.ints == before.decoded?.ints)
            #expect(loaded.model.description == learner.model.description)
            #expect(loaded.lossFunction is CrossEntropyFlat)
            #expect((loaded.lossFunction as? CrossEntropyFlat)?.weight?.floats == [1, 2, 3])
            #expect(loaded.metrics.map(\.name) == ["accuracy"])
            #expect(loaded.callbacks.map(\.typeName) == learner.callbacks.map(\.typeName))
            #expect(loaded.lr == .slice(1e-3) && loaded.wd == .perGroup([0.25]) && loaded.moms == (0.9, 0.8, 0.9))
            #expect(loaded.wdBnBias && loaded.trainBn && loaded.seed == 9 && loaded.path == folder.path)
            #expect(loaded.optimizer == nil)
        }
    }

    @Test("a loaded learner trains on with new loaders, frozen layers stay frozen") func trainsOn() throws {
        let learner = classifier()
        learner.model.children()[0].parameters().forEach { $0.isTrainable = false }
        let loaded = try Learner.load(exported: learner.exported(), optimizer: .sgd())
        #expect(
            loaded.model.namedParameters().filter { !$0.parameter.isTrainable }.map(\.name) == ["0.weight", "0.bias"])
        let frozen = loaded.model.parameters()[0].value.floats
        let head = loaded.model.parameters().last?.value.floats
        loaded.logger = SilentLogger()
        loaded.dls = learner.dls
        try loaded.fit(1)
        #expect(loaded.model.parameters()[0].value.floats == frozen)
        #expect(loaded.model.parameters().last?.value.floats != head)
        #expect(loaded.recorder?.rows.count == 1)
    }

    @Test("the loaders are empty: validate gives nil entries") func emptyLoaders() throws {
        let loaded = try Learner.load(exported: classifier().exported())
        #expect(loaded.dls.count == 2 && loaded.dls.inputCount == 1)
        #expect(try loaded.validate() == [nil, nil])
    }

    @Test("[EXP-02] no items are inside: the size does not depend on the data") func noItems() throws {
        let (few, many) = (classifier(rows: 24), classifier(rows: 2400))
        #expect(try few.exported().count == many.exported().count)
    }

    @Test("[EXP-03] optimizer, loaders and metrics are untouched") func untouched() throws {
        let learner = classifier()
        try learner.fit(1)
        let optimizer = try #require(learner.optimizer)
        let dls = learner.dls
        func state() -> [[Float]] { optimizer.stateDictionary.entries.flatMap { $0.tensors.map(\.tensor.floats) } }
        let (before, values, rows) = (state(), learner.metrics[0].value, learner.recorder?.rows.count)
        _ = try learner.exported()
        #expect(learner.optimizer === optimizer && learner.dls === dls)
        #expect(state() == before && !before.isEmpty)
        #expect(learner.metrics[0].value == values && learner.recorder?.rows.count == rows)
    }

    @Test("[EXP-04] what is not registered is refused by name, before anything is written") func refused() throws {
        try withTemporaryFolder { folder in
            final class Unknown: Module, UnaryLayer { func callAsFunction(_ x: Tensor) -> Tensor { x } }
            final class Stranger: Callback {}
            func reason(_ change: (Learner) throws -> Void) throws -> String {
                let learner = classifier(path: folder.path)
                try change(learner)
                do {
                    try learner.export()
                    return "nothing was refused"
                } catch {
                    return "\(error)"
                }
            }
            let layer = try reason { ($0.model as? Sequential)?.append(Unknown()) }
            #expect(layer.hasPrefix("model.layers.5: the type Unknown is not registered"), "\(layer)")
            let function = try reason { ($0.model as? Sequential)?.append(Apply("half") { $0 * 0.5 }) }
            #expect(function.contains("Apply “half”") && function.contains("called: \"half\""), "\(function)")
            let loss = try reason { $0.lossFunction = CustomLoss("mine") { a, b in a - b } }
            #expect(loss.hasPrefix("loss: CustomLoss “mine” consists of a function"), "\(loss)")
            let metric = try reason { $0.metrics = [.accuracy, AvgMetric("odd") { a, _ in a }] }
            #expect(metric.hasPrefix("metrics.1: AvgMetric “odd”"), "\(metric)")
            let stranger = try reason { try $0.addCallback(Stranger()) }
            #expect(stranger.hasPrefix("callbacks.2: the type Stranger"), "\(stranger)")
            let mixUp = try reason { try $0.addCallback(MixUp { _ in 0.5 }) }
            #expect(mixUp.hasPrefix("callbacks.2: MixUp draws shares from a function"), "\(mixUp)")
            let hook = try reason { ($0.dls.valid as? DataLoader)?.hooks.afterBatch = { batch, _ in batch } }
            #expect(hook.hasPrefix("data: the loader's hook afterBatch is a function"), "\(hook)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    @Test("[EXP-05] a failure midway leaves the learner as it was") func failureMidway() throws {
        let learner = classifier(path: "/dev/null")  // no folder: writing fails after everything was described
        try learner.fit(1)
        let (optimizer, dls) = (learner.optimizer, learner.dls)
        #expect(throws: DataError.self) { try learner.export() }
        learner.metrics.append(AvgMetric("odd") { a, _ in a.mean() })
        #expect(throws: ExportError.self) { try learner.export() }
        #expect(learner.optimizer === optimizer && learner.dls === dls && learner.dls.trainDataset?.count == 24)
        try learner.fit(1)
    }

    @Test("types, functions and codable types of a user's own come back once they are registered") func registered()
        throws
    {
        ExportRegistry.register(Scale.self) {
            ["factor": $0.factor]
        } make: {
            Scale(try $0("factor"))
        }
        ExportRegistry.register(Wrapped.self) {
            ["body": ExportPart($0.body)]
        } make: {
            Wrapped(try $0.part("body"))
        }
        ExportRegistry.register(Hinge.self)
        ExportRegistry.register(Apply.self, called: "export half") { Apply("export half") { $0 * 0.5 } }
        ExportRegistry.register(AvgMetric.self, called: "export mean") { AvgMetric("export mean") { a, _ in a.mean() } }
        let shared = Scale(3)
        let learner = classifier()
        let model = Sequential([shared, Wrapped(shared), Apply("export half") { $0 * 0.5 }])
        learner.model = model
        shared.gain = Tensor([7])
        learner.lossFunction = Hinge(margin: 1.5)
        learner.metrics = [AvgMetric("export mean") { a, _ in a.mean() }]
        let loaded = try Learner.load(exported: learner.exported())
        let layers = try #require(loaded.model as? Sequential).layers
        #expect((layers[0] as? Scale)?.factor == 3 && (layers[0] as? Scale)?.gain.floats == [7])
        #expect((layers[1] as? Wrapped)?.body === layers[0], "a module used twice is one module again")
        #expect((loaded.lossFunction as? Hinge)?.margin == 1.5)
        #expect(loaded.metrics.map(\.name) == ["export mean"])
        let x = sample([2, 4])
        #expect(loaded.model.forward([x])[0].floats == model.forward([x])[0].floats)
    }

    @Test("loading draws no random numbers of the program") func randomNumbers() throws {
        let bytes = try classifier().exported()
        func weights(_ body: () throws -> Void) rethrows -> [Float] {
            try withSeed(5) {
                try body()
                return Linear(3, 3).weight.floats
            }
        }
        #expect(try weights {} == weights { _ = try Learner.load(exported: bytes) })
    }
}

extension Learner {
    /// Unlabelled rows as a data source.
    fileprivate static func batch(_ x: Tensor) -> DataSource {
        .batches([Batch(inputs: [x], targets: [], size: x.shape[0])])
    }
}

private final class Scale: Module, UnaryLayer {
    let factor: Double
    @Parameter var gain = Tensor([1])
    init(_ factor: Double) { self.factor = factor }
    func callAsFunction(_ x: Tensor) -> Tensor { x * gain * factor }
}

private final class Wrapped: Module, UnaryLayer {
    let body: any UnaryLayer
    init(_ body: any UnaryLayer) { self.body = body }
    func callAsFunction(_ x: Tensor) -> Tensor { body(x) }
}

private struct Hinge: LossFunction, Codable {
    var margin: Double
    var reduction: Reduction {
        get { .mean }
        set {}
    }
    func callAsFunction(_ prediction: Tensor, _ target: Tensor) -> Tensor {
        (margin - prediction * target).relu().mean()
    }
}
