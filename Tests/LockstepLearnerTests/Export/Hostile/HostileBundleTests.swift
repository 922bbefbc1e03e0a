// SPDX-License-Identifier: Apache-2.0
// Bundles that are damaged, foreign, from the future or made to do harm: a typed error, never a trap.

import LockstepData
@testable import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Export: hostile bundles")
struct HostileBundleTests {
    private static func bundle() throws -> (items: [Safetensors.Item], json: String, bytes: [UInt8]) {
        Parts.register()
        let model = Parts([
            Linear(2, 3), BatchNorm1d(3), Dropout(0.5), Conv2d(1, 2, kernelSize: 3), Embedding(3, 2), LSTM(2, 3),
            GroupNorm(1, 2), MultiheadAttention(2, 1),
        ])
        let learner = Learner(
            dls: DataLoaders(DataLoader(lineDataset(4))), model: model, loss: .mse, callbacks: [GradientClip()],
            metrics: [F1Score(), .accuracy])
        let bytes = try learner.exported()
        let archive = try Safetensors.parse(bytes, file: "b")
        let json = try #require(archive.metadata("lockstep.learner"))
        return (model.stateDictionary().map { Safetensors.Item($0.name, $0.tensor) }, json, bytes)
    }

    /// A well-formed file around any description.
    private static func file(_ json: String, _ items: [Safetensors.Item]) throws -> [UInt8] {
        try Safetensors.encode(
            items, metadata: [("lockstep.learner", json), ("lockstep.learner.crc32", Safetensors.checksum(of: json))])
    }

    /// The sentence that loading ends with.
    private static func refusal(_ bytes: [UInt8]) -> String {
        do {
            _ = try Learner.load(exported: bytes, from: "b")
            return "was loaded"
        } catch is ExportError, is DataError, is StateDictionaryError {
            return "refused"
        } catch {
            return "an untyped error: \(error)"
        }
    }

    @Test("truncated anywhere, it is refused") func truncated() throws {
        let bytes = try Self.bundle().bytes
        for length in stride(from: 0, to: bytes.count, by: 97) {
            #expect(Self.refusal(Array(bytes[..<length])) == "refused", "\(length) of \(bytes.count) bytes")
        }
    }

    @Test("a changed byte anywhere in weights or description is noticed") func changed() throws {
        let (items, _, bytes) = try Self.bundle()
        var survivors = 0
        for place in stride(from: 8, to: bytes.count, by: 61) {
            var damaged = bytes
            damaged[place] ^= 1
            let sentence = Self.refusal(damaged)
            if sentence == "was loaded" {
                // A letter in a remark of other readers; what is loaded is whole.
                survivors += 1
                let state = try Learner.load(exported: damaged).model.stateDictionary()
                #expect(state.map { Safetensors.Item($0.name, $0.tensor).bytes } == items.map(\.bytes), "byte \(place)")
            } else {
                #expect(sentence == "refused", "byte \(place)")
            }
        }
        #expect(survivors <= 2)
    }

    @Test(
        "wrong arguments are refused with the place",
        arguments: [
            ("\"inputs\":2", "\"inputs\":-1"), ("\"inputs\":2", "\"inputs\":99999999999999999999"),
            ("\"inputs\":2", "\"inputs\":1000000000"), ("\"inputs\":2", "\"inputs\":2.5"),
            ("\"inputs\":2", "\"inputs\":\"2\""),
            ("\"p\":0.5", "\"p\":1.5"), ("\"p\":0.5", "\"p\":\"nan\""), ("\"channels\":3", "\"channels\":0"),
            ("\"kernel\":[3,3]", "\"kernel\":[0,3]"), ("\"kernel\":[3,3]", "\"kernel\":[3]"),
            ("\"groups\":1", "\"groups\":0"),
            ("\"stride\":[1,1]", "\"stride\":[0,0]"), ("\"padding\":null", "\"padding\":7"),
            ("\"width\":2", "\"width\":0"),
            ("\"hidden\":3", "\"hidden\":4294967296"), ("\"heads\":1", "\"heads\":5"),
            ("\"maxNorm\":1", "\"maxNorm\":-1"),
            ("\"average\":\"binary\"", "\"average\":\"odd\""), ("\"reduction\":\"mean\"", "\"reduction\":\"odd\""),
            ("\"type\":\"Dropout\"", "\"type\":\"Nonsense\""), ("\"type\":\"Dropout\"", "\"type\":\"MSEFlat\""),
            ("\"type\":\"MSEFlat\"", "\"type\":\"ReLU\""), ("\"loaders\":1", "\"loaders\":1000000000"),
            ("\"loaders\":1", "\"loaders\":0"), ("\"batchSize\":64", "\"batchSize\":0"), ("\"moms\":[", "\"moms\":[1,"),
            ("\"type\":\"Dropout\"", "\"shared\":\"model.layers.7\""), ("\"format\":1", "\"format\":2"),
            ("\"format\":1", "\"form\":1"),
        ])
    func arguments(_ good: String, _ bad: String) throws {
        let (items, json, _) = try Self.bundle()
        #expect(json.contains(good), "\(good) is not in \(json)")
        let changed = json.replacing(good, with: bad, maxReplacements: 1)
        #expect(Self.refusal(try Self.file(changed, items)) == "refused", "\(bad)")
    }

    @Test("errors say file, place and what helps") func sentences() throws {
        let (items, json, _) = try Self.bundle()
        func sentence(_ good: String, _ bad: String) throws -> String {
            do {
                _ = try Learner.load(exported: Self.file(json.replacing(good, with: bad), items), from: "x.bundle")
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(try sentence("\"p\":0.5", "\"p\":2") == "x.bundle: model.layers.2: Dropout: p is 2.0, not in 0.0...1.0")
        #expect(
            try sentence("\"inputs\":2,\"outputs\":3", "\"inputs\":2000000,\"outputs\":3")
                == "x.bundle: model.layers.0: Linear: a weight of [3, 2000000] is more than the file holds")
        #expect(try sentence("\"format\":1", "\"format\":7").contains("format 7, this program reads up to 1"))
        #expect(
            try sentence("\"type\":\"Dropout\"", "\"type\":\"Own\"").contains("Own is not registered in this program"))
        #expect(try sentence("\"type\":\"Dropout\"", "\"type\":\"BCEFlat\"").contains("model.layers"))
        #expect(try sentence(json, "[]").contains("x.bundle"))
        let nested = String(repeating: "[", count: 100_000)
        #expect(try !sentence(json, nested).isEmpty)
    }

    @Test("weights without a learner, and a learner without its weights") func incomplete() throws {
        let (items, json, _) = try Self.bundle()
        let weights = try Safetensors.encode(items)
        #expect(throws: ExportError.self) { try Learner.load(exported: weights) }
        #expect(throws: StateDictionaryError.self) {
            try Learner.load(
                exported: Self.file(json, Array(items.dropLast()) + [Safetensors.Item("more", Tensor.zeros([6, 3]))]))
        }
        #expect(throws: DataError.self) { try Learner.load(contentsOf: "/nowhere/export.bundle") }
        #expect(throws: DataError.self) { try Learner.load(contentsOf: "/") }
    }

    @Test("a description whose checksum is wrong") func checksum() throws {
        let (items, json, _) = try Self.bundle()
        let bytes = try Safetensors.encode(
            items, metadata: [("lockstep.learner", json), ("lockstep.learner.crc32", "00000000")])
        let error = #expect(throws: ExportError.self) { try Learner.load(exported: bytes) }
        #expect(error?.code == .checksum)
    }
}
