// SPDX-License-Identifier: Apache-2.0
// Every layer, loss, metric and callback of the package comes back from a bundle with all its options.

import LockstepData
@testable import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Export: types")
struct ExportedTypesTests {
    private func learner(
        _ model: Module = Identity(), loss: any LossFunction = MSEFlat(), metrics: [Metric] = [],
        callbacks: [Callback] = []
    ) throws -> Learner {
        let learner = Learner(
            dls: DataLoaders(DataLoader(lineDataset(4))), model: model, loss: MSEFlat(), metrics: metrics,
            defaultCallbacks: .none)
        learner.lossFunction = loss
        try learner.addCallbacks(callbacks)
        return try Learner.load(exported: learner.exported())
    }

    @Test("layers, with options other than the usual ones") func layers() throws {
        let layers = ExportExamples.layers()
        Parts.register()
        let model = Parts(layers)
        let loaded = try learner(model).model
        #expect(loaded.description == model.description)
        let (a, b) = (model.stateDictionary(), loaded.stateDictionary())
        #expect(a.map(\.name) == b.map(\.name))
        for (x, y) in zip(a, b) { #expect(x.tensor.floats == y.tensor.floats && x.tensor.dtype == y.tensor.dtype) }
        // What descriptions do not show.
        let pools = loaded.modules().compactMap { $0 as? AvgPool2d }
        #expect(pools.map(\.ceilMode) == [true] && pools.map(\.countIncludePad) == [false])
        #expect(loaded.modules().compactMap { ($0 as? InstanceNorm2d)?.momentum } == [0.2, 0.1])
    }

    @Test("a model of tables, with options other than the usual ones") func tabular() throws {
        let model = TabularModel(
            embeddings: [(3, 2), (9, 4)], continuous: 2, outputs: 1, layers: [5, 4], dropout: [0.1, 0],
            embeddingDropout: 0.2, outputRange: -1...2.5, batchNorm: false, normalizesContinuous: false)
        let loaded = try learner(model).model
        #expect(loaded.description == model.description)
        model.eval()
        loaded.eval()
        let inputs = [Tensor([[1, 8], [0, 3]] as [[Int]]), sample([2, 2])]
        #expect(loaded.forward(inputs)[0].floats == model.forward(inputs)[0].floats)
    }

    @Test("losses, with options other than the usual ones") func losses() throws {
        for loss in ExportExamples.losses() {
            // Reflection shows everything a loss is made of; deeper down there are addresses.
            var (before, after) = ("", "")
            dump(loss, to: &before, maxDepth: 2)
            dump(try learner(loss: loss).lossFunction, to: &after, maxDepth: 2)
            #expect(before == after)
        }
    }

    @Test("metrics, with options other than the usual ones") func metrics() throws {
        let metrics = ExportExamples.metrics()
        let loaded = try learner(metrics: metrics).metrics
        #expect(loaded.map(\.name) == metrics.map(\.name))
        #expect(loaded.map { "\(type(of: $0))" } == metrics.map { "\(type(of: $0))" })
        for (a, b) in zip(metrics, loaded) {
            #expect(arguments(a) == arguments(b))
        }
        // The same value of the same rows, for one whose options lie in a function.
        let rows = (Tensor([0.4, 0.05, 0.1, 0.9], shape: [2, 2]), Tensor([1, 0, 1, 1], shape: [2, 2]))
        for index in metrics.indices where metrics[index] is F1ScoreMulti {
            #expect(
                (loaded[index] as? AccumMetric)?(rows.0, rows.1) == (metrics[index] as? AccumMetric)?(rows.0, rows.1))
        }
    }

    private func arguments(_ metric: Metric) -> [String] {
        guard let described = try? ExportRegistry.describe(metric, at: "") else { return ["\(metric.name) is unknown"] }
        return [described.name] + described.arguments.map { "\($0.name): \($0.value)" }
    }

    @Test("callbacks, with options other than the usual ones, without what they have seen") func callbacks() throws {
        let callbacks = ExportExamples.callbacks()
        let loaded = try learner(callbacks: callbacks).callbacks
        #expect(loaded.map(\.typeName) == callbacks.map(\.typeName))
        for (a, b) in zip(callbacks, loaded) { #expect(try Self.json(a) == Self.json(b)) }
        let clip = try #require(loaded.first { $0 is GradientClip } as? GradientClip)
        #expect(clip.maxNorm == 2 && clip.normType == .infinity)
    }

    private static func json(_ value: Any) throws -> String {
        let described = try ExportRegistry.describe(value, at: "")
        return "\(described.name) " + described.arguments.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
    }
}
