// SPDX-License-Identifier: Apache-2.0
// Checkpoints to resume from that were damaged or made up: refused with a sentence that names the file, never a trap.

import Foundation
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepData

@Suite("Damaged resume points", .serialized) struct ResumeDamageTests {
    /// A learner whose checkpoint holds everything there is: moments, running statistics, what callbacks and layers remember.
    private func learner(_ folder: String) -> Learner {
        setSeed(1)
        let learner = Learner(
            dls: synthLoaders(batchSize: 4, nTrain: 4, nValid: 1, path: folder),
            model: Sequential {
                Linear(1, 4); BatchNorm1d(4); Tanh(); Linear(4, 1)
            }, loss: .mse, optimizer: .ranger(k: 2),
            callbacks: [
                Recorder(trainMetrics: true), EarlyStoppingCallback(patience: 9, console: Console { _ in }),
                GradientAccumulation(samples: 7), MixedPrecision(initialScale: 1),
            ], metrics: [.mae], modelDirectory: "", defaultCallbacks: .core)
        learner.logger = SilentLogger()
        return learner
    }

    /// Stopped in the second epoch, after three batches, in the middle of a step.
    private func checkpoint(_ folder: String) throws -> [UInt8] {
        let first = learner(folder)
        try first.on(.afterBatch, order: 100) { learner in
            guard learner.training, learner.epoch == 1, learner.iter == 2 else { return }
            try learner.saveResumePoint(ResumePoint(epoch: 1, batches: 3), to: "whole")
            throw CancelSignal.fit
        }
        try first.fitOneCycle(3, lrMax: 0.05)
        return try Files.read(folder + "/whole.safetensors")
    }

    /// What becomes of a learner that is to go on from `bytes`: its weights, or the sentence it says.
    private func outcome(_ bytes: [UInt8], _ folder: String) throws -> Result<[Float], Refusal> {
        try Data(bytes).write(to: URL(filePath: folder + "/x.safetensors"))
        let learner = learner(folder)
        do {
            let point = try learner.loadResumePoint("x")
            try learner.fitOneCycle(3, lrMax: 0.05, callbacks: [ResumeCallback(point)], startEpoch: point.epoch)
            return .success(learner.model.parameters().flatMap { $0.value.floats })
        } catch {
            return .failure(Refusal(text: "\(error)"))
        }
    }

    private struct Refusal: Error { let text: String }

    @Test("500 changed bits and 200 truncations: each is refused with the file's name")
    func damaged() throws {
        try withTemporaryFolder { folder in
            let whole = try checkpoint(folder.path)
            let header = 8 + whole.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
            #expect(try outcome(whole, folder.path).get().count > 0, "the undamaged one goes on")
            var generator = SplitMix64(seed: 5)
            func check(_ bytes: [UInt8], _ what: String) throws {
                switch try outcome(bytes, folder.path) {
                case .success: Issue.record("\(what) was accepted")
                case .failure(let refusal): #expect(refusal.text.contains("x.safetensors"), "\(what): \(refusal.text)")
                }
            }
            for number in 0..<500 {
                // Half of them in what the file says, half in its tensors.
                let byte = Int.random(in: number % 2 == 0 ? 0..<header : header..<whole.count, using: &generator)
                let bit = Int.random(in: 0..<8, using: &generator)
                var bytes = whole
                bytes[byte] ^= 1 << UInt8(bit)
                try check(bytes, "bit \(bit) of byte \(byte)")
            }
            for number in 0..<200 {
                let length = Int.random(in: number % 2 == 0 ? 0..<header : header..<whole.count, using: &generator)
                try check(Array(whole[..<length]), "\(length) of \(whole.count) bytes")
            }
        }
    }

    /// The checkpoint with some metadata and tensors replaced, under a checksum that is right.
    private func forged(
        _ bytes: [UInt8], _ metadata: [String: String], _ tensors: [String: Safetensors.Item?] = [:]
    ) throws -> [UInt8] {
        let archive = try Safetensors.parse(bytes, file: "x")
        let pairs = archive.metadata.filter { !$0.key.hasPrefix("lockstep.") }.map { key, value in
            (key: key, value: metadata[key] ?? value)
        }
        for key in metadata.keys { #expect(pairs.contains { $0.key == key }, "\(key)") }
        let items = archive.entries.compactMap { entry -> Safetensors.Item? in
            if let new = tensors[entry.name] { return new }
            return .init(name: entry.name, type: entry.type, shape: entry.shape, bytes: Array(archive.bytes(of: entry)))
        }
        for name in tensors.keys { #expect(archive.entry(name) != nil, "\(name) is not in the file") }
        return try Safetensors.encode(items, metadata: pairs)
    }

    @Test(
        "numbers out of their range are refused, whatever the checksum says",
        arguments: [
            ("resume.epoch", "4"), ("resume.epoch", "-1"), ("resume.epoch", "9223372036854775807"),
            ("resume.epoch", "-9223372036854775808"), ("resume.epoch", "9223372036854775808"), ("resume.epoch", "nan"),
            ("resume.epoch", ""), ("resume.batches", "5"), ("resume.batches", "-2"), ("resume.batches", "1e3"),
            ("resume.batch_count", "3"), ("resume.batch_count", "-1"), ("resume.phase", "lunch"),
            ("resume.in_fit", "maybe"), ("resume.ranks", "0"), ("resume.ranks", "9223372036854775807"),
            ("resume.position", "-1"), ("resume.version", "3"), ("epochs", "-1"), ("epochs", "9223372036854775807"),
            ("optimizer.lookahead", "-1"), ("optimizer.lookahead", "nan"), ("optimizer.group.0", "lr=nan"),
            ("optimizer.group.0", "lr=0.1 wd=nan mom=0.9 sqr_mom=0.99 eps=1e-05 beta=0"),
            ("optimizer.group.0", "lr=0.1 wd=0.1 mom=0.9 sqr_mom=1.99 eps=1e-05 beta=0"),
            ("optimizer.group.0", "lr=inf wd=0.1 mom=0.9 sqr_mom=0.99 eps=1e-05 beta=0"),
            ("optimizer.group.0", "lr=-1 wd=0.1 mom=0.9 sqr_mom=0.99 eps=1e-05 beta=0"),
            ("optimizer.group.0", "lr"),
        ])
    func outOfRange(key: String, value: String) throws {
        try withTemporaryFolder { folder in
            let bytes = try forged(checkpoint(folder.path), [key: value])
            switch try outcome(bytes, folder.path) {
            case .success: Issue.record("\(key) = \(value) was accepted")
            case .failure(let refusal): #expect(refusal.text.contains("x.safetensors"), "\(refusal.text)")
            }
        }
    }

    @Test("memories that are missing, of another shape or out of range are refused; nothing has changed then")
    func memories() throws {
        func scalar(_ name: String, _ value: Double) -> Safetensors.Item { .init(name, Tensor([value])) }
        func whole(_ name: String, _ value: Int64) -> Safetensors.Item { .init(name, Tensor([value])) }
        let scale = "state/callback/MixedPrecision/0/scale"
        let good = "state/callback/MixedPrecision/0/goodSteps"
        let count = "state/callback/GradientAccumulation/0/count"
        let gradient = "state/learner/gradients/rank.0/0"
        let forgeries: [(String, Safetensors.Item?)] = [
            (scale, nil), (scale, scalar(scale, .nan)), (scale, scalar(scale, -1)), (scale, scalar(scale, .infinity)),
            (scale, .init(scale, Tensor([1, 2] as [Double]))), (scale, whole(scale, 1)), (good, whole(good, .max)),
            (good, whole(good, -1)), (good, whole(good, 2000)), (count, whole(count, 7)), (count, whole(count, .min)),
            (gradient, .init(gradient, Tensor.zeros([3]))),
            (gradient, .init(gradient, Tensor.zeros([4, 1], dtype: .float64))),
            ("optimizer/steps", .init("optimizer/steps", Tensor([.max, 1, 1, 1, 1, 1] as [Int64]))),
            ("optimizer/steps", nil), ("optimizer/grad_avg/0.weight", nil),
            ("optimizer/slow/0.weight", nil),
        ]
        try withTemporaryFolder { folder in
            let bytes = try checkpoint(folder.path)
            for (name, item) in forgeries {
                switch try outcome(forged(bytes, [:], [name: item]), folder.path) {
                case .success: Issue.record("\(name) = \(item?.bytes ?? []) was accepted")
                case .failure(let refusal):
                    #expect(refusal.text.contains("x.safetensors"), "\(name): \(refusal.text)")
                }
            }
        }
    }

    @Test("a checkpoint of an earlier version does not resume, and says why; its weights load")
    func earlier() throws {
        try withTemporaryFolder { folder in
            let archive = try Safetensors.parse(checkpoint(folder.path), file: "x")
            let items = archive.entries.filter { !$0.name.hasPrefix("state/") }.map {
                Safetensors.Item(name: $0.name, type: $0.type, shape: $0.shape, bytes: Array(archive.bytes(of: $0)))
            }
            let old = try Safetensors.encode(
                items, metadata: archive.metadata.filter { !$0.key.hasPrefix("lockstep.") }, checksum: false)
            let refusal = try #require(throws: Refusal.self) { try outcome(old, folder.path).get() }
            #expect(refusal.text.contains("x.safetensors: it was written by another version"))
            try learner(folder.path).load("x")
        }
    }
}
