// SPDX-License-Identifier: Apache-2.0
// Every listed type comes back from a bundle with its options, and says what it was made with.

import Foundation
import LockstepChecks
import LockstepComm
import LockstepData
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepLearner

@Suite("Export and arguments of every listed type") struct ExportWalkTests {
    private func learner(
        _ model: Module = Identity(), _ loss: any LossFunction = MSEFlat(), metrics: [Metric] = []
    ) -> Learner {
        let learner = Learner(
            dls: DataLoaders(DataLoader(lineDataset(4))), model: model, loss: MSEFlat(), metrics: metrics,
            defaultCallbacks: .none)
        learner.lossFunction = loss
        return learner
    }

    /// What a value is made of, as files have it.
    private func described(_ value: Any) throws -> (name: String, arguments: [(name: String, value: String)]) {
        let part = try ExportRegistry.describe(value, at: "")
        return (part.name, part.arguments.map { ($0.name, "\($0.value)") })
    }

    /// Values that consist of functions, which only the program knows.
    private func isFunction(_ value: Any) -> Bool {
        do { _ = try ExportRegistry.describe(value, at: "") } catch {
            return (error as? ExportError)?.code == .function
        }
        return false
    }

    @Test("a layer", arguments: Listed.layers)
    func layers(_ layer: Listed.Layer) throws {
        let model = withSeed(7) { layer.make() }
        if isFunction(model) { return }
        let loaded = try Learner.load(exported: learner(model).exported()).model
        #expect(loaded.description == model.description)
        #expect(loaded.stateDictionary().map(\.name) == model.stateDictionary().map(\.name))
    }

    @Test("a loss, whose options are among the arguments", arguments: Listed.losses)
    func losses(_ loss: Listed.Loss) throws {
        if isFunction(loss.make()) { return }
        let learner = learner(Identity(), loss.make())
        var (before, after) = ("", "")
        dump(loss.make(), to: &before, maxDepth: 2)
        dump(try Learner.load(exported: learner.exported()).lossFunction, to: &after, maxDepth: 2)
        #expect(before == after)
        let arguments = learner.gatherArguments()
        let (name, fields) = try described(loss.make())
        let told = arguments.keys.filter { $0.hasPrefix("\(name).__init__.") }
        #expect(
            told.count >= fields.filter { $0.value != "nil" }.count, "\(name) tells \(told) of \(fields.map(\.name))")
    }

    @Test("a metric", arguments: Listed.metrics)
    func metrics(_ metric: Listed.Metric) throws {
        if isFunction(metric.make()) { return }
        let loaded = try Learner.load(exported: learner(metrics: [metric.make()]).exported()).metrics
        #expect(loaded.map(\.name) == [metric.make().name])
        let (before, after) = (try described(metric.make()), try described(loaded[0]))
        #expect(before.name == after.name && before.arguments.map(\.value) == after.arguments.map(\.value))
    }

    @Test("callbacks that a learner adds itself")
    func ownCallbacks() throws {
        try check([
            TrainEvalCallback(), SkipToEpoch(1), EvaluationCallback(), LossCollector { _, _ in [] },
            GatherPredsCallback(),
        ])
    }

    @Test("a callback, which comes back or says that it does not", arguments: Listed.callbacks)
    func callbacks(_ example: Listed.Callbacks) throws {
        try check(withTemporaryFolder { try example.make($0.path, SoloCommunicator()) })
    }

    private func check(_ callbacks: [Callback]) throws {
        for callback in callbacks {
            let type = callback.typeName
            let learner = learner()
            // Not through the checks of what goes together: only whether it can be stored matters.
            learner.callbacks = [callback]
            // Files above the learner's folder are refused.
            if isFunction(callback) || callback is SaveModelCallback { continue }
            // Bases are known by who descends from them.
            if type == "Tracker" || type == "HookCallback" { continue }
            let loaded = try Learner.load(exported: learner.exported()).callbacks
            #expect(loaded.map(\.typeName) == (callback.isExported ? [type] : []))
            guard let copy = loaded.first else { continue }
            let (before, after) = (try described(callback), try described(copy))
            #expect(before.arguments.map(\.value) == after.arguments.map(\.value), "\(type)")
            let told = learner.gatherArguments().keys.filter { $0.hasPrefix("\(type).__init__.") }
            #expect(
                before.arguments.isEmpty || !told.isEmpty,
                "\(type) is exported with \(before.arguments.map(\.name)), and gatherArguments tells none of them")
        }
    }
}
