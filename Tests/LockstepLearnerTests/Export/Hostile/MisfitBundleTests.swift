// SPDX-License-Identifier: Apache-2.0
// Bundles whose parts do not fit each other or the data: an error that says which part, when they are loaded or used.

import LockstepData
import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Export: parts that do not fit") struct MisfitBundleTests {
    /// What is said first of the base called `name` when `old` is `new` in its description, and weights are as `items` says.
    private func sentence(
        _ name: String, _ old: String, _ new: String, items change: ([Safetensors.Item]) -> [Safetensors.Item] = { $0 }
    ) throws -> String {
        let base = try #require(try HostileBase.all().first { $0.name == name })
        let (tree, items) = try base.parts()
        #expect(tree.text.contains(old), "\(old) is not in \(tree.text)")
        let json = tree.text.replacing(old, with: new, maxReplacements: 1)
        let errors = base.use(try BundleMutation.file(json, change(items)))
        #expect(errors.allSatisfy { $0 is ExportError }, "\(errors)")
        return errors.first.map { "\($0)" } ?? "no error"
    }

    @Test(
        "the place is named",
        arguments: [
            (
                "mlp", #""axis":1,"type":"LogSoftmax""#, #""axis":9,"type":"LogSoftmax""#,
                "model.layers.5: LogSoftmax(axis: 9)"
            ),
            ("mlp", #""type":"CrossEntropyFlat""#, #""type":"MSEFlat","convertsTarget":true"#, "loss: MSEFlat"),
            ("cnn", #""size":[2,2]"#, #""size":[1000000000,1000000000]"#, "model.layers.5: AdaptiveAvgPool2d"),
            ("cnn", #""padding":[1,1]"#, #""padding":[1000000000,1000000000]"#, "model.layers.0: Conv2d"),
            ("cnn", #""padding":[1,1]"#, #""padding":[100000,100000]"#, "model.layers.0: Conv2d"),
            ("cnn", #""groups":2,"type":"GroupNorm""#, #""groups":3,"type":"GroupNorm""#, "model.layers.6: GroupNorm"),
            ("sequence", #""from":1,"to":-1"#, #""from":2,"to":1"#, "model.layers.4: Flatten"),
            (
                "gpt", #""batchSize":4"#, #""batchSize":9223372036854775807"#,
                "data: 2 loaders of 1 inputs in batches of"
            ),
            (
                "table of classes", #""type":"CrossEntropyFlat""#, #""type":"BCEFlat""#,
                "loss: BCEFlat is the loss of another task"
            ),
            (
                "table of numbers", #""type":"MSEFlat""#,
                #""axis":-1,"ignoreIndex":-100,"weight":null,"type":"CrossEntropyFlat""#,
                "loss: CrossEntropyFlat is the loss of another task"
            ),
        ])
    func places(_ name: String, _ old: String, _ new: String, _ says: String) throws {
        let said = try sentence(name, old, new)
        #expect(said.contains(says) && said.hasPrefix("x.bundle: "), "\(said)")
    }

    @Test("a vocabulary larger than its embedding, a column too many") func tables() throws {
        let words = try sentence(
            "table of classes", #""vocabulary":["#, #""vocabulary":["1","2","3","4","5","6","7","8","#)
        #expect(words.contains("model: TabularModel: column 0 has"), "\(words)")
        let base = try #require(try HostileBase.all().first { $0.name == "table of classes" })
        let parts = try base.parts()
        var tree = parts.tree
        let columns: [JSONTree.Step] = [.member("data"), .member("columns"), .member("continuous")]
        guard case .array(let numbers) = tree[columns] else {
            Issue.record("there are no columns")
            return
        }
        tree[columns] = .array(numbers + numbers)
        let error = base.use(try BundleMutation.file(tree.text, parts.items)).first
        #expect("\(error as Any)".contains("TabularModel: the numbers are [?, "), "\(error as Any)")
    }

    @Test("thousands of callbacks and metrics, each module twice in the next")
    func counts() throws {
        let base = try #require(try HostileBase.all().first { $0.name == "labels" })
        let (tree, items) = try base.parts()
        func said(_ change: (inout JSONTree) -> Void) throws -> String {
            var tree = tree
            change(&tree)
            return base.use(try BundleMutation.file(tree.text, items)).first.map { "\($0)" } ?? "no error"
        }
        for list in ["callbacks", "metrics"] {
            let text = try said { tree in
                guard case .array(let parts) = tree[[.member(list)]], let last = parts.last else { return }
                tree[[.member(list)]] = .array(Array(repeating: last, count: 2000))
            }
            #expect(text == "x.bundle: \(list): there are 2000, the limit is 256")
        }
        let doubled = try said { tree in
            var layers = [tree[[.member("model")]]]
            for level in 0..<64 {
                let before = JSONTree.object(["shared": .string("model.layers.\(level)")])
                layers.append(.object(["type": .string("Sequential"), "layers": .array([before, before])]))
            }
            tree[[.member("model")]] = .object(["type": .string("Sequential"), "layers": .array(layers)])
        }
        #expect(doubled.contains("the learner has more than the limit of 20000 parts"), "\(doubled)")
    }

    @Test("weights of one layer in two types") func types() throws {
        let said = try sentence("tokens", "1", "1") { items in
            items.map {
                $0.name == "1.bias_hh_l0" ? Safetensors.Item($0.name, .zeros(Shape($0.shape), dtype: .bfloat16)) : $0
            }
        }
        #expect(said.hasPrefix("x.bundle: model: 1.bias_hh_l0 is bfloat16, but 1.weight_ih_l0 is float32"), "\(said)")
    }
}
