// SPDX-License-Identifier: Apache-2.0
// A built-in type that no list holds is named here, with the list it belongs into.

import Foundation
import LockstepChecks
import LockstepComm
import LockstepData
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
            Issue.record("\(type) has no line in \(file)")
        }
        for type in reasons.keys.sorted() {
            #expect(declared.contains(type), "\(type) needs no reason: it is not there")
            #expect(!listed.contains(type), "\(type) needs no reason: it is listed")
        }
    }

    @Test("every layer and model") func layers() throws {
        try compare(
            "Module", Set(Listed.layers.map(\.type)),
            in: "Sources/LockstepNN/Layers/LayerExample.swift, or LockstepModels/Listed/LayerExample+Networks.swift",
            except: [
                "Recurrent": "LSTM and GRU are such", "TextBody": "Bert and others are such",
                "UNetBlock": "two inputs; a UNet makes its own",
            ])
    }

    @Test("every loss") func losses() throws {
        try compare(
            "LossFunction", Set(Listed.losses.map(\.description)), in: "Sources/LockstepNN/Losses/LossExample.swift",
            except: ["MixedLoss": "another loss, of mixed items"])
    }

    @Test("every metric, and every function that makes one") func metrics() throws {
        let examples = Listed.metrics.map { $0.make() }
        try compare(
            "Metric", Set(examples.map { "\(type(of: $0))" }),
            in: "Sources/LockstepLearner/Metrics/MetricExample.swift",
            except: ["ClassScore": "a base", "LabelScore": "a base"])
        let functions = Set(examples.compactMap(\.origin?.function.name))
        let described = try SourceDeclarations.library().described
        for name in described.sorted() where name.first?.isLowercase == true && !functions.contains(name) {
            Issue.record("\(name) has no line in Sources/LockstepLearner/Metrics/MetricExample.swift")
        }
    }

    @Test("every transform, and every dataset that files hold") func transforms() throws {
        let declared = try SourceDeclarations.library()
        let listed = Set(TransformExample.all.map(\.name))
        let types = declared.types(below: "Transform", "RandomTransform", "TypedTransform", "TransformedDataset")
        #expect(types.count > 15, "the sources are read")
        for type in types.sorted() where declared.described.contains(type) && !listed.contains(type) {
            Issue.record("\(type) has no line in Sources/LockstepData/Transforms/TransformExample.swift")
        }
    }

    @Test("every callback") func callbacks() throws {
        let examples = try withTemporaryFolder { folder in
            try Listed.callbacks.flatMap { try $0.make(folder.path, SoloCommunicator()) }
        }
        try compare(
            "Callback", Set(examples.map(\.typeName)),
            in:
                "Sources/LockstepLearner/Callbacks/CallbackExample.swift, or LockstepChecks/Listed/Listed+Callbacks.swift",
            except: [
                "TrainEvalCallback": "in every learner", "MixHandler": "MixUp is one",
                "TimingCallback": "TimeReport is one",
                "SkipToEpoch": "fits add it", "LRFinder": "lrFind adds it", "GatherPredsCallback": "predictions add it",
                "LossCollector": "interpretation adds it", "EvaluationCallback": "validate adds it",
            ])
    }

    @Test("a type is found wherever it is declared, and whatever stands behind it on the line") func scanner() {
        var declared = SourceDeclarations()
        declared.read(
            """
            public final class Plain: Metric {  // of "anything: {"
                private var count = 0, other = 1
                public var threshold: Double
                public private(set) var seen = [Int: String]()
                let limit: Int
                var given: Int
                public init(limit: Int, given inside: Int) {
                    var local = 1
                }
                struct Inner: Callback {
                    @exclusivity(unchecked) var mine = 1
                }
                private var late = 0  // after a nested type
            }
            // final class Commented: Metric {}
            extension Outer {
                public struct Nested<Value: Sendable>: LossFunction where Value: Metric {
                    private(set) var sum = 0.0
                }
            }
            extension Outer.Deep: Sendable, Metric {}
            final class Lines:
                Module,
                UnaryLayer
            {
                fileprivate var cache = "}"
                static let configuration = Configuration(Lines.self) {}
            }
            private final class Hidden: Metric {}
            class Heir: Plain {}
            """)
        #expect(declared.types(below: "Metric") == ["Plain", "Deep", "Heir"])
        #expect(declared.types(below: "Callback") == ["Inner"] && declared.types(below: "LossFunction") == ["Nested"])
        #expect(declared.types(below: "Module") == ["Lines"] && declared.described == ["Lines"])
        for (type, state) in [
            ("Plain", ["count", "seen", "late"]), ("Nested", ["sum"]), ("Lines", ["cache"]), ("Inner", ["mine"]),
        ] {
            for name in state { #expect(declared.isState(name, of: type), "\(type).\(name)") }
        }
        for name in ["threshold", "limit", "given", "local", "mine"] {
            #expect(!declared.isState(name, of: "Plain"), "\(name)")
        }
    }

    @Test("every rule, and every function that makes an optimizer") func optimizers() throws {
        let rules = Listed.optimizers.map { optimizer in
            "\(type(of: optimizer.factory([[.init(wrappedValue: .ones([1]))]], lr: 1).rule))"
        }
        try compare(
            "UpdateRule", Set(rules), in: "Sources/LockstepChecks/Listed/Listed+Optimizers.swift",
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
