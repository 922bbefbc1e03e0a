// SPDX-License-Identifier: Apache-2.0
// Changes of a bundle's description and weights such as somebody would make who wishes a program ill.

import LockstepData
import LockstepTensor
import LockstepTesting

@testable import LockstepLearner

/// A bundle in parts, and random changes of them. The same seed makes the same changes.
struct BundleMutation {
    var tree: JSONTree
    var items: [Safetensors.Item]
    private var random: SplitMix64
    /// What was done, to be read.
    private(set) var log: [String] = []

    init(_ tree: JSONTree, _ items: [Safetensors.Item], seed: UInt64) {
        (self.tree, self.items, random) = (tree, items, SplitMix64(seed: seed))
        for _ in 0..<Int.random(in: 1...3, using: &random) { change() }
    }

    /// A well-formed file: its checksums are right.
    func bytes() throws -> [UInt8] { try BundleMutation.file(tree.text, items) }

    static func file(_ json: String, _ items: [Safetensors.Item]) throws -> [UInt8] {
        try Safetensors.encode(
            items, metadata: [("lockstep.learner", json), ("lockstep.learner.crc32", Safetensors.checksum(of: json))])
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &random)]
    }

    private mutating func change() {
        switch Int.random(in: 0..<20, using: &random) {
        case 0: changeWeights()
        case 1: nest()
        case 2: share()
        case 3: multiply()
        default: changeValue()
        }
    }

    // MARK: The description

    private static let numbers = [
        "0", "1", "-1", "2", "3", "7", "64", "1000", "65536", "1000000000", "2147483647", "2147483648", "4294967296",
        "9007199254740993", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1e300", "1e999",
        "-0.0", "0.5", "1.5", "1e-300", "\"nan\"", "\"inf\"", "\"-inf\"",
    ]
    private static let types =
        ExportRegistry.builtInTypes.map(\.name).sorted()

    private mutating func changeValue() {
        let path = pick(tree.paths)
        let old = tree[path]
        let new: JSONTree
        switch old {
        case .number(let digits):
            let near = Int(digits).map { ["\($0 &+ 1)", "\($0 &- 1)", "\(0 &- $0)", "\($0 &* 2)"] } ?? []
            new = .number(pick(BundleMutation.numbers + near + near + near))
        case .bool(let value): new = Bool.random(using: &random) ? .bool(!value) : .number(pick(BundleMutation.numbers))
        case .string:
            if path.last == .member("type"), Int.random(in: 0..<4, using: &random) > 0 {
                new = .string(pick(BundleMutation.types))
            } else {
                let words = [
                    "", "same", "mean", "none", "sum", "micro", "binary", "samples", "/", "../x", "\u{0}", "é\"\\",
                ]
                new = pick(
                    words.map(JSONTree.string) + [.null, .number("3"), .string(String(repeating: "x", count: 9999))])
            }
        case .null: new = pick([.number(pick(BundleMutation.numbers)), .bool(true), .array([]), .object([:])])
        case .array(let values):
            var values = values
            switch Int.random(in: 0..<4, using: &random) {
            case 0: values = []
            case 1 where !values.isEmpty: values.remove(at: Int.random(in: 0..<values.count, using: &random))
            case 2: values.shuffle(using: &random)
            default: values.append(tree[pick(tree.paths)])
            }
            new = .array(values)
        case .object(let members):
            var members = members
            switch Int.random(in: 0..<3, using: &random) {
            case 0:
                if let name = members.keys.sorted().randomElement(using: &random) { members[name] = nil }
                new = .object(members)
            case 1: new = tree[pick(tree.paths)]
            default:
                members[pick(["type", "shared", "value", "axis"])] = pick([.string("model"), .null, .number("1")])
                new = .object(members)
            }
        }
        set(path, new)
    }

    private mutating func set(_ path: [JSONTree.Step], _ new: JSONTree) {
        tree[path] = new
        log.append("\(path.map { "\($0)" }.joined(separator: ".")) := \(new.text.prefix(60))")
    }

    /// Puts a part of the learner into hundreds of others.
    private mutating func nest() {
        let parts = tree.paths.filter { path in if case .object(let m) = tree[path] { m["type"] != nil } else { false }
        }
        guard !parts.isEmpty else { return }
        let path = pick(parts)
        var part = tree[path]
        for _ in 0..<pick([2, 50, 150, 600]) {
            part = .object(["type": .string("Sequential"), "layers": .array([part])])
        }
        set(path, part)
    }

    /// Makes each of many containers hold the one before it twice.
    private mutating func share() {
        guard case .object(let model) = tree[[.member("model")]], model["type"] != nil else { return }
        var layers: [JSONTree] = [.object(model)]
        for level in 0..<pick([3, 12, 60]) {
            let before = JSONTree.object(["shared": .string("model.layers.\(level)")])
            layers.append(.object(["type": .string("Sequential"), "layers": .array([before, before])]))
        }
        set([.member("model")], .object(["type": .string("Sequential"), "layers": .array(layers)]))
    }

    /// Many of the same.
    private mutating func multiply() {
        let lists = tree.paths.filter { if case .array(let values) = tree[$0] { !values.isEmpty } else { false } }
        guard !lists.isEmpty else { return }
        let path = pick(lists)
        guard case .array(let values) = tree[path], let last = values.last else { return }
        set(path, .array(values + Array(repeating: last, count: pick([1, 2, 300, 2000, 20_000]))))
    }

    // MARK: Weights

    private mutating func changeWeights() {
        guard !items.isEmpty else { return }
        if Int.random(in: 0..<4, using: &random) == 0 {
            let dtype = pick([DType.bfloat16, .float64, .int64, .bool, .uint8])
            items = items.map { Safetensors.Item($0.name, .full(Shape($0.shape), 1, dtype: dtype)) }
            return log.append("all weights are \(dtype)")
        }
        let index = Int.random(in: 0..<items.count, using: &random)
        let old = items[index]
        let tensor: Tensor
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            items.remove(at: index)
            return log.append("without \(old.name)")
        case 1: tensor = .zeros([2, 3])
        case 2: tensor = .full(Shape(old.shape), .nan)
        case 3: tensor = .zeros(Shape(old.shape), dtype: pick([.bool, .int64, .uint8, .bfloat16, .float64]))
        case 4: tensor = .zeros(Shape(old.shape + [1].prefix(old.shape.count < 8 ? 1 : 0)))
        default: tensor = .full(Shape(old.shape), 1e30)
        }
        items[index] = Safetensors.Item(old.name, tensor)
        log.append("\(old.name) := \(tensor.dtype) \(tensor.shape)")
    }
}
