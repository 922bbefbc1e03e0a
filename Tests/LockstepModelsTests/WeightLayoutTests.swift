// SPDX-License-Identifier: Apache-2.0
// Tests of files that lay out weights otherwise: MLX, GPT-2, other input channels, several files.

import Foundation
import LockstepChecks
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepModels

/// Convolutions of every kind.
private final class Convolutions: Module {
    let first: Conv2d
    let square = Conv2d(3, 3, kernelSize: 3)
    let line = Conv1d(2, 4, kernelSize: 3)
    let up = ConvTranspose2d(2, 5, kernelSize: 3)

    init(_ inputs: Int = 3) { first = Conv2d(inputs, 4, kernelSize: 2) }

    /// As MLX keeps them.
    var mlx: [(name: String, value: Tensor)] {
        stateDictionary().map { name, tensor in
            switch tensor.rank {
            case 3: (name, tensor.permuted([0, 2, 1]))
            case 4: (name, tensor.permuted(name.hasPrefix("up") ? [1, 2, 3, 0] : [0, 2, 3, 1]))
            default: (name, tensor)
            }
        }
    }
}

@Suite("Layouts of weights")
struct WeightLayoutTests {
    @Test(
        "MLX's convolutions are turned round: by what the file says of itself, or by shapes", arguments: ["mlx", "pt"])
    func mlx(_ format: String) throws {
        let (original, model) = (Convolutions(), Convolutions())
        let report = try withTensors(original.mlx, format: format) { try model.loadPretrained($0) }
        expectHolds(model, original.stateDictionary().map { ($0.name, $0.tensor) })
        #expect(report.converted.map(\.name) == ["first.weight", "square.weight", "line.weight", "up.weight"])
        #expect(report.converted.allSatisfy { $0.what == "channels moved to the front" })
        // Square ones alone look alike both ways: as PyTorch's, unless the file says other.
        let square = Conv2d(3, 3, kernelSize: 3, bias: false)
        let values = square.stateDictionary()[0].tensor
        try withTensors([("weight", values)], format: format) { path in
            let another = Conv2d(3, 3, kernelSize: 3, bias: false)
            try another.loadPretrained(path)
            #expect(
                another.weight.floats == (format == "mlx" ? values.permuted([0, 3, 1, 2]) : values).contiguous().floats)
        }
    }

    @Test("PyTorch's order stays where a file says it is MLX's and is not")
    func notMLX() throws {
        let (original, model) = (Convolutions(), Convolutions())
        let state = original.stateDictionary().map { (name: $0.name, value: $0.tensor) }
        #expect(try withTensors(state, format: "mlx") { try model.loadPretrained($0) }.converted.isEmpty)
        expectHolds(model, state)
    }

    @Test(
        "a first convolution of other input channels is made of the file's as timm does it",
        arguments: [(3, 1), (3, 2), (3, 4), (3, 7), (2, 1)])
    func inputs(_ found: Int, _ wanted: Int) throws {
        let reference = try Reference.load("torchfiles")
        let x = try reference.tensor("inputs.\(found).\(wanted)/x")
        let model = Conv2d(wanted, 2, kernelSize: [1, 2], bias: false)
        let report = try withTensors([("weight", x)]) { try model.loadPretrained($0) }
        expectClose(model.weight.detached, try reference.tensor("inputs.\(found).\(wanted)/y"))
        #expect(report.converted.count == 1 && report.converted[0].what.contains("its \(found) input channels"))
    }

    @Test("of stems that turn space into depth, too; what has no rule is an error")
    func stems() throws {
        let reference = try Reference.load("torchfiles")
        let model = Conv2d(4, 2, kernelSize: [1, 2], bias: false)
        try withTensors([("weight", try reference.tensor("inputs.12.1/x"))]) { _ = try model.loadPretrained($0) }
        expectClose(model.weight.detached, try reference.tensor("inputs.12.1/y"))
        try withTensors([("weight", Tensor.ones([2, 4, 1, 2]))]) { path in
            #expect(weightsError { try Conv2d(3, 2, kernelSize: [1, 2], bias: false).loadPretrained(path) } != nil)
        }
        // Only the first convolution.
        let original = Convolutions()
        let state = original.stateDictionary().map { name, tensor in
            (name: name, value: name == "square.weight" ? Tensor.ones([3, 6, 3, 3]) : tensor)
        }
        #expect(weightsError { try withTensors(state) { try Convolutions().loadPretrained($0) } } != nil)
    }

    @Test("GPT-2's products, kept the other way round, are turned: square ones with the others")
    func transposed() throws {
        final class Block: Module {
            @Submodule("c_attn") var attention = Linear(4, 12)
            @Submodule("c_proj") var projection = Linear(4, 4)
            let other = Linear(4, 4)
        }
        let (original, model) = (Block(), Block())
        let state = original.stateDictionary().map { (name: $0.name, value: $0.tensor) }
        let turned = state.map { name, value in
            (name: name, value: name.hasPrefix("c_") && value.rank == 2 ? value.transposed() : value)
        }
        let report = try withTensors(turned) { try model.loadPretrained($0) }
        expectHolds(model, state)
        #expect(report.converted.map(\.name) == ["c_attn.weight", "c_proj.weight"])
        let straight = Block()
        #expect(try withTensors(state) { try straight.loadPretrained($0) }.converted.isEmpty)
        expectHolds(straight, state)
    }

    // MARK: Several files

    /// Calls `body` with the folder of an index and two files.
    private func withShards(
        _ index: String? = nil, change: ([(name: String, value: Tensor)]) -> [(name: String, value: Tensor)] = { $0 },
        _ body: (String, [(name: String, value: Tensor)]) throws -> Void
    ) throws {
        let state = try torchTensors("zip.state")
        let parts = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
        let map = state.enumerated().map { "\"\($1.name)\": \"\(parts[$0 % 2])\"" }.joined(separator: ", ")
        let text = index ?? "{\"metadata\": {\"total_size\": 1}, \"weight_map\": {\(map)}}"
        try withWeights(Array(text.utf8), "model.safetensors.index.json") { path in
            let folder = String(path.dropLast("/model.safetensors.index.json".count))
            for (number, name) in parts.enumerated() {
                let own = change(state.enumerated().filter { $0.offset % 2 == number }.map(\.element))
                let bytes = try Safetensors.encode(own.map { Safetensors.Item($0.name, $0.value) }, checksum: false)
                try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
            }
            try body(folder, state)
        }
    }

    @Test("weights in several files are one: by their index, or by the folder")
    func shards() throws {
        try withShards { folder, state in
            for path in [folder, folder + "/model.safetensors.index.json"] {
                let model = SmallNet()
                let report = try model.loadPretrained(path)
                #expect(report.loaded.count == 9 && report.file.hasSuffix("index.json"))
                expectHolds(model, state)
            }
            let file = try WeightFile(folder)
            #expect(
                file.files.count == 2 && file.entries.count == 9 && file.entry("conv.weight")?.shape == [2, 3, 3, 3])
            #expect(weightsError { try file.tensor("nothing") }?.code == .mismatch)
        }
    }

    @Test("an index that does not fit its files, or points elsewhere, is refused")
    func wrongIndex() throws {
        try withShards(change: { Array($0.dropLast()) }) { folder, _ in
            #expect(
                weightsError { try WeightFile(folder) }?.reason.contains("is not in the file that the index names")
                    == true)
        }
        try withShards(change: { $0 + [("more", Tensor([1]))] }) { folder, _ in
            #expect(
                weightsError { try WeightFile(folder) }?.reason.contains("which the index has elsewhere or not at all")
                    == true)
        }
        for (map, words) in [
            (#"{"a": "../other.safetensors"}"#, "is not the name of a file beside the index"),
            (#"{"a": "/etc/passwd"}"#, "is not the name"), (#"{"a": ".."}"#, "is not the name"),
            (#"{"a": ""}"#, "is not the name"),
            (#"{"a": "x\u0000.safetensors"}"#, "is not the name"), (#"{"a": 1}"#, "is not a text"),
            (#"{"a": "none.safetensors"}"#, "cannot be opened"), (#"{"a": "b", "a": "c"}"#, "appears twice"),
            (#"{"\u00e9": "b", "e\u0301": "c"}"#, "two tensors are called “e\u{301}”"),
        ] {
            try withShards("{\"weight_map\": \(map)}") { folder, _ in
                let error = try #require(weightsError { try WeightFile(folder) })
                #expect(error.description.contains(words), "\(error)")
            }
        }
        try withShards("[]") { folder, _ in #expect(weightsError { try WeightFile(folder) }?.code == .malformed) }
        try withWeights([], "other.txt") { path in
            let folder = String(path.dropLast("/other.txt".count))
            #expect(
                weightsError { try WeightFile(folder) }?.reason.contains("a folder without model.safetensors") == true)
        }
    }

    @Test("a sealed file that was changed is not loaded")
    func sealed() throws {
        var bytes = try Safetensors.encode(try torchTensors("zip.state").map { Safetensors.Item($0.name, $0.value) })
        try withWeights(bytes, "a.safetensors") { _ = try SmallNet().loadPretrained($0) }
        bytes[bytes.count - 1] ^= 1
        #expect(
            weightsError { try withWeights(bytes, "a.safetensors") { try SmallNet().loadPretrained($0) } }?.code
                == .checksum)
    }
}
