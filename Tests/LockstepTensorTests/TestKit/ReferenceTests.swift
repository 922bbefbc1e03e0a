// SPDX-License-Identifier: Apache-2.0
// The committed reference data can be read, and the helpers that tests of operations stand on hold.

import Foundation
import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@Suite("The test kit's reference data and helpers")
struct ReferenceTests {
    @Test(
        "every file is read and says which versions wrote it",
        arguments: [
            "ops", "functional", "layers", "losses", "optimizers", "training", "trajectories", "model.mlp", "model.cnn",
            "model.recurrent",
        ])
    func load(name: String) throws {
        let file = try Reference.load(name)
        #expect(file.metadata["torch"] != nil)
        for key in file.keys { #expect(try file.tensor(key).count >= 0) }
    }

    @Test("every element type is read as it was written")
    func dtypes() throws {
        let file = try Reference.load("dtypes")
        #expect(try file.tensor("F64").dtype == .float64)
        #expect(try file.tensor("BF16").dtype == .bfloat16)
        #expect(try file.tensor("BF16").floats[3] == 3.140625)
        #expect(try file.tensor("F16").floats == [0.5, -2, 65504])
        #expect(try file.tensor("I32").ints == [Int(Int32.min), 0, Int(Int32.max)])
        #expect(try file.tensor("I64").ints == [.min, 0, .max])
        #expect(try file.tensor("U8").ints == [0, 7, 255])
        #expect(try file.tensor("BOOL").bools == [true, false, true])
        #expect(try file.tensor("scalar").shape == [])
        #expect(try file.tensor("empty").shape == [0, 3])
        #expect(throws: Reference.Failure.self) { try file.tensor("absent") }
    }

    @Test("names of cases and of the tensors under a prefix")
    func names() throws {
        #expect(try Reference.load("ops").cases.contains("add.both"))
        let state = try Reference.load("layers").tensors(under: "Linear/state")
        #expect(state.map(\.name) == ["bias", "weight"])
        #expect(state.map(\.value.shape) == [[3], [3, 4]])
    }

    @Test(
        "arithmetic agrees with PyTorch in every memory layout",
        arguments: [
            "same", "row", "column", "both", "scalar", "deep",
        ])
    func arithmetic(kind: String) throws {
        let ops = try Reference.load("ops")
        try ops.check("add.\(kind)", "a", "b") { $0[0] + $0[1] }
        try ops.check("sub.\(kind)", "a", "b") { $0[0] - $0[1] }
        try ops.check("mul.\(kind)", "a", "b") { $0[0] * $0[1] }
        try ops.check("div.\(kind)", "a", "b") { $0[0] / $0[1] }
    }

    @Test("a layout changes where elements lie, not what they are", arguments: Layout.allCases)
    func layouts(layout: Layout) {
        for shape in [[], [1], [7], [2, 3], [2, 3, 4, 5], [0, 3]] as [Shape] {
            let x = sample(shape)
            #expect(x.laidOut(layout).floats == x.floats)
            #expect(x.laidOut(layout).shape == shape)
        }
        let images = sample([2, 3, 4, 5]).laidOut(layout)
        switch layout {
        case .rowMajor: #expect(images.strides == [60, 20, 5, 1])
        case .reversed: #expect(images.strides == [1, 2, 6, 24])
        case .channelsLast: #expect(images.strides == [60, 1, 15, 3])
        case .gapped: #expect(images.strides == [120, 40, 10, 2])
        case .backward: #expect(images.strides == [-60, -20, -5, -1])
        }
    }

    @Test("SplitMix64 gives the published numbers")
    func splitMix() {
        var generator = SplitMix64(seed: 1_234_567)
        #expect(generator.next() == 6_457_827_717_110_365_317)
        #expect(generator.next() == 3_203_168_211_198_807_973)
    }

    @Test("samples are reproducible and lie in their range")
    func samples() {
        #expect(sample([50]).floats == sample([50]).floats)
        #expect(sample([50]).floats != sample([50], seed: 1).floats)
        #expect(sample([50], in: 2..<3).floats.allSatisfy { (2..<3).contains($0) })
        #expect(Set(sampleIntegers([100], in: 0..<3).ints) == [0, 1, 2])
    }

    @Test("the leak check notices a tensor that outlives the scope")
    func leaks() {
        withStorageLeakCheck { _ = sample([100]) + 1 }
        var kept: Tensor?
        withKnownIssue { withStorageLeakCheck { kept = Tensor.zeros([100]) } }
        #expect(kept?.count == 100)
    }

    @Test("a temporary folder is gone afterwards, also after an error")
    func folder() throws {
        let path = try withTemporaryFolder { folder in
            try Data("x".utf8).write(to: folder.appendingPathComponent("file"))
            return folder.path
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("the sentence of a trap, and the caller's line, survive optimisation")
    func trap() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3]).item()
        }
        expectTrap(result, says: "item: a tensor of shape [2, 3] has 6 elements", "ReferenceTests.swift")
        withKnownIssue { expectTrap(result, says: "matmul") }
    }
}
