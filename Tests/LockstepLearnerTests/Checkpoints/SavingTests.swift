// SPDX-License-Identifier: Apache-2.0
// Saving and loading.

import Foundation
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Saving and loading")
struct SavingTests {
    private func values(_ learner: Learner) -> [[Double]] { learner.model.parameters().map { $0.value.doubles } }
    private func expectEqualOptimizers(_ a: Learner, _ b: Learner, line: Int = #line) throws {
        let (x, y) = (try #require(a.optimizer).stateDictionary, try #require(b.optimizer).stateDictionary)
        #expect(x.rule == y.rule)
        #expect(a.optimizer?.hypers == b.optimizer?.hypers)
        for (p, q) in zip(x.entries, y.entries) {
            #expect(p.steps == q.steps && p.flags == q.flags)
            #expect(p.tensors.map(\.name) == q.tensors.map(\.name))
            for (s, t) in zip(p.tensors, q.tensors) { #expect(s.tensor.floats == t.tensor.floats) }
        }
    }

    @Test(
        "[SAVE-01] [S05] weights, optimizer state and hyper-parameters come back", arguments: ["sgd", "adam", "ranger"])
    func roundTrip(_ kind: String) throws {
        let factory: OptimizerFactory = kind == "sgd" ? .sgd(mom: 0.9) : kind == "adam" ? .adam() : .ranger()
        try withTemporaryFolder { folder in
            let first = synthLearner(optimizer: factory, path: folder.path)
            try first.fit(1, lr: 0.01, wd: 0.1)
            let path = try first.save("tmp")
            #expect(path == folder.path + "/models/tmp.safetensors")
            #expect(FileManager.default.fileExists(atPath: path))
            let second = synthLearner(optimizer: factory, path: folder.path)
            #expect(try second.load("tmp") === second)
            #expect(values(first) == values(second))
            try expectEqualOptimizers(first, second)
            #expect(second.epochsSeen == 1)
            // Going on from the file equals going on.
            try first.fit(1)
            try second.fit(1)
            #expect(values(first) == values(second))
        }
    }

    @Test("[SAVE-02] names: the extension once, parents made, absolute paths as they are")
    func names() throws {
        try withTemporaryFolder { folder in
            let learner = synthLearner(path: folder.path)
            #expect(try learner.save("y.safetensors") == folder.path + "/models/y.safetensors")
            #expect(try learner.save("deep/er/z") == folder.path + "/models/deep/er/z.safetensors")
            #expect(try learner.save(folder.path + "/else") == folder.path + "/else.safetensors")
            learner.modelDirectory = folder.path + "/absolute"
            #expect(try learner.save("w") == folder.path + "/absolute/w.safetensors")
            #expect(try learner.save("y.pth") == folder.path + "/absolute/y.pth.safetensors")
            #expect(FileManager.default.fileExists(atPath: folder.path + "/models/deep/er/z.safetensors"))
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/absolute").sorted()
            #expect(left == ["w.safetensors", "y.pth.safetensors"])
        }
    }

    @Test("[SAVE-03] three states of withOptimizer, files with and without", arguments: [nil, true, false] as [Bool?])
    func threeStates(_ withOptimizer: Bool?) throws {
        let source = synthLearner(optimizer: .adam())
        try source.fit(1, lr: 0.02)
        let target = synthLearner(optimizer: .adam())
        try target.load(checkpoint: source.checkpoint(), withOptimizer: withOptimizer)
        #expect(values(source) == values(target))
        #expect((target.optimizer?.hypers[0]["lr"] == 0.02) == (withOptimizer != false))
        let bare = synthLearner(optimizer: .adam())
        try bare.load(checkpoint: source.checkpoint(withOptimizer: false), withOptimizer: withOptimizer)
        #expect(values(source) == values(bare))
        #expect(bare.optimizer?.hypers[0]["lr"] != 0.02)
        // Another rule's state: the weights come, the optimizer stays.
        let other = synthLearner(optimizer: .sgd())
        try other.load(checkpoint: source.checkpoint(), withOptimizer: withOptimizer)
        #expect(values(source) == values(other))
    }

    @Test("[SAVE-04] strict lists what is missing and unexpected, not strict takes what fits")
    func strictness() throws {
        func learner(_ model: Module) -> Learner {
            Learner(dls: synthLoaders(), model: model, loss: .mse, defaultCallbacks: .core)
        }
        let two = learner(
            Sequential {
                Linear(1, 2); Linear(2, 1)
            })
        let one = learner(Sequential { Linear(1, 2) })
        let error = #expect(throws: StateDictionaryError.self) {
            try one.load(checkpoint: two.checkpoint(), from: "two")
        }
        #expect(error?.unexpected == ["1.weight", "1.bias"] && error?.source == "two")
        #expect(values(one) != Array(values(two).prefix(2)))
        try one.load(checkpoint: two.checkpoint(), strict: false)
        #expect(values(one) == Array(values(two).prefix(2)))
        let missing = #expect(throws: StateDictionaryError.self) { try two.load(checkpoint: one.checkpoint()) }
        #expect(missing?.missing == ["1.weight", "1.bias"])
        let wide = learner(Sequential { Linear(1, 3) })
        for strict in [true, false] {
            #expect(throws: StateDictionaryError.self) { try one.load(checkpoint: wide.checkpoint(), strict: strict) }
        }
    }

    @Test("[SAVE-05] bytes in memory are those of the file")
    func inMemory() throws {
        try withTemporaryFolder { folder in
            let learner = synthLearner(path: folder.path)
            try learner.fit(1)
            let path = try learner.save("m")
            #expect(try Array(Data(contentsOf: URL(filePath: path))) == learner.checkpoint())
            let other = synthLearner()
            try other.load(checkpoint: learner.checkpoint())
            #expect(values(other) == values(learner))
        }
    }

    @Test("[SAVE-06] a missing file is an error that names it")
    func missingFile() throws {
        let error = #expect(throws: DataError.self) { try synthLearner(path: "/nowhere").load("gone") }
        #expect(error?.code == .unreadable && error?.file == "/nowhere/models/gone.safetensors")
    }

    @Test("[SAVE-07] cut and damaged files are errors, and the model is untouched")
    func damage() throws {
        let source = synthLearner(optimizer: .adam())
        try source.fit(1)
        let bytes = try source.checkpoint()
        let target = synthLearner()
        let before = values(target)
        for length in [0, 1, 7, 8, 20, bytes.count / 2, bytes.count - 1] {
            #expect(throws: DataError.self, "\(length) bytes") { try target.load(checkpoint: Array(bytes[..<length])) }
        }
        let metadata = try #require(bytes.firstRange(of: Array("{\"format\"".utf8)))
        let end = try #require(bytes[metadata.lowerBound...].firstIndex(of: UInt8(ascii: "}")))
        for place in stride(from: 0, to: bytes.count, by: 3) where !(metadata.lowerBound...end).contains(place) {
            var broken = bytes
            broken[place] ^= 0x55
            #expect(throws: (any Error).self, "byte \(place)") { try target.load(checkpoint: broken) }
        }
        #expect(values(target) == before)
    }

    @Test("model tensors stand under PyTorch's names, without a prefix")
    func names2() throws {
        let learner = Learner(
            dls: synthLoaders(),
            model: Sequential {
                Linear(1, 2); ReLU(); Linear(2, 1)
            }, loss: .mse,
            defaultCallbacks: .core)
        let archive = try Safetensors.parse(learner.checkpoint(), file: "x")
        #expect(archive.entries.map(\.name) == ["0.weight", "0.bias", "2.weight", "2.bias"])
        #expect(archive.metadata("format") == "pt")
    }

    @Test("half precision and small integers of other writers are read")
    func foreignTypes() throws {
        let items = [
            Safetensors.Item(name: "h", type: .float16, shape: [2], bytes: [0x00, 0x3C, 0x00, 0xC0]),
            Safetensors.Item(name: "i", type: .int8, shape: [2], bytes: [1, 0xFF]),
        ]
        let archive = try Safetensors.parse(try Safetensors.encode(items), file: "x")
        #expect(archive.tensor(archive.entries[0]).floats == [1, -2])
        #expect(archive.tensor(archive.entries[1]).ints == [1, -1])
    }
}
