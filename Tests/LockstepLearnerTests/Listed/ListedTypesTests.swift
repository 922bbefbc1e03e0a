// SPDX-License-Identifier: Apache-2.0
// A built-in type that no list holds is named here, with the list it belongs into.

import Foundation
import LockstepChecks
import LockstepComm
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepLearner

@Suite("Lists of built-in types") struct ListedTypesTests {
    /// Fails for each type below `root` that is neither listed nor excused, and for each excuse that nothing needs.
    private func compare(
        _ root: String, _ listed: Set<String>, in file: String, except reasons: [String: String]
    ) throws {
        let declared = try Listed.declaredTypes(below: root)
        #expect(declared.count > 5, "the sources are read")
        for type in declared.sorted() where !listed.contains(type) && reasons[type] == nil {
            Issue.record("\(type) has no example: add one to Sources/LockstepChecks/Listed/\(file)")
        }
        for type in reasons.keys.sorted() {
            #expect(declared.contains(type), "\(type) needs no reason: it is not there")
            #expect(!listed.contains(type), "\(type) needs no reason: it is listed")
        }
    }

    @Test("every layer and model") func layers() throws {
        try compare(
            "Module", Set(Listed.layers.map(\.type)), in: "Listed+Layers.swift",
            except: ["Recurrent": "LSTM and GRU are such"])
    }

    @Test("every loss") func losses() throws {
        try compare(
            "LossFunction", Set(Listed.losses.map(\.description)), in: "Listed+Losses.swift",
            except: ["MixedLoss": "another loss, of mixed items"])
    }

    @Test("every metric, and every function that makes one") func metrics() throws {
        let examples = Listed.metrics.map { $0.make() }
        try compare(
            "Metric", Set(examples.map { "\(type(of: $0))" }), in: "Listed+Metrics.swift",
            except: ["ClassScore": "a base", "LabelScore": "a base"])
        let recipes = Set(examples.compactMap { try? ExportRegistry.describe($0, at: "").name })
        for entry in Configuration.metrics where !recipes.contains(entry.name) {
            Issue.record("\(entry.name) has no example: add one to Sources/LockstepChecks/Listed/Listed+Metrics.swift")
        }
    }

    @Test("every callback") func callbacks() throws {
        let examples = try withTemporaryFolder { folder in
            try Listed.callbacks.flatMap { try $0.make(folder.path, SoloCommunicator()) }
        }
        try compare(
            "Callback", Set(examples.map(\.typeName)), in: "Listed+Callbacks.swift",
            except: [
                "TrainEvalCallback": "in every learner", "MixHandler": "MixUp is one",
                "TimingCallback": "TimeReport is one",
                "SkipToEpoch": "fits add it", "LRFinder": "lrFind adds it", "GatherPredsCallback": "predictions add it",
                "LossCollector": "interpretation adds it", "EvaluationCallback": "validate adds it",
            ])
    }

    @Test("every rule, and every function that makes an optimizer") func optimizers() throws {
        let rules = Listed.optimizers.map { optimizer in
            "\(type(of: optimizer.factory([[.init(wrappedValue: .ones([1]))]], lr: 1).rule))"
        }
        try compare(
            "UpdateRule", Set(rules), in: "Listed+Optimizers.swift",
            except: ["WrappedRule": "an optimizer from elsewhere"])
        let functions = try Listed.declaredFunctions(making: "OptimizerFactory", in: "LockstepOptim")
        #expect(functions.count > 8)
        // Around an optimizer from elsewhere.
        for function in functions.subtracting(["wrapping"])
        where !Listed.optimizers.contains(where: { $0.function == function }) {
            Issue.record(
                ".\(function) has no example: add one to Sources/LockstepChecks/Listed/Listed+Optimizers.swift")
        }
    }
}
