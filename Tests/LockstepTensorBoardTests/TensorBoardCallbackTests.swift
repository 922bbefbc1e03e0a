// SPDX-License-Identifier: Apache-2.0
// What TensorBoard shows of a training: each step once, also of one that was killed; on ranks, and when nothing can be written.

import Foundation
import LockstepChecks
import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Synchronization
import Testing

@testable import LockstepTensorBoard

@Suite("TensorBoard") struct TensorBoardCallbackTests {
    /// 8 batches an epoch.
    private static func learner(_ path: String, scale: Double = 1, _ callbacks: [Callback]) -> Learner {
        let x = sample([64, 3], seed: 1)
        let data = TensorDataset(inputs: [x * scale], targets: [x.sum(axis: 1, keepDims: true)])
        let model = withSeed(4) {
            Sequential {
                Linear(3, 4); ReLU(); Linear(4, 1)
            }
        }
        let learner = Learner(
            dls: DataLoaders(DataLoader(data, batchSize: 8), DataLoader(data, batchSize: 32)), model: model, loss: .mse,
            optimizer: .sgd(), callbacks: [TrainEvalCallback(), Recorder()] + callbacks, metrics: [.mae], path: path,
            defaultCallbacks: .none)
        learner.logger = SilentLogger()
        return learner
    }

    @Test(
        "TensorBoard shows losses, rates and metrics of every step and epoch, histograms and arguments",
        .enabled(if: Readers.isThere, "make test-readers gets the programs"))
    func shown() throws {
        try withTemporaryFolder { folder in
            let callback = TensorBoardCallback(folder: "my logs", histogramsEvery: 5)
            let learner = Self.learner(folder.path, [callback])
            try learner.fit(2, lr: 0.05)
            try learner.fit(1, lr: 0.01)
            #expect(callback.failure == nil)
            let shown = try Shown(folder.path + "/my logs")
            #expect(shown.files.count == 1)
            #expect(shown.steps("train_loss") == Array(1...24) && shown.steps("lr_0") == Array(1...24))
            let rates = shown.values("lr_0").compactMap { $0 }
            #expect(
                rates.prefix(16).allSatisfy { abs($0 - 0.05) < 1e-7 }
                    && rates.suffix(8).allSatisfy { abs($0 - 0.01) < 1e-7 })
            #expect(shown.steps("valid_loss") == [8, 16, 24] && shown.steps("mae") == [8, 16, 24])
            let last = try #require(learner.recorder?.rows.last)
            let loss = try #require(shown.values("valid_loss").last ?? nil)
            #expect(abs(loss - (try #require(last["valid_loss"]))) < 1e-6)
            let smooth = try #require(shown.values("train_loss").last ?? nil)
            #expect(abs(smooth - (try #require(learner.smoothLoss))) < 1e-6)
            for (tag, count) in [("parameters/0.weight", 12.0), ("gradients/0.weight", 12), ("gradients/2.bias", 1)] {
                let histograms = try #require(shown.histograms[tag], "\(tag)")
                #expect(histograms.map { $0[0] } == [5, 10, 15, 20], "\(tag)")
                #expect(histograms.allSatisfy { $0[1] == count && $0[5] == count && $0[2] <= $0[3] }, "\(tag)")
            }
            let arguments = try #require(shown.texts["arguments"])
            #expect(arguments.contains("| argument | value |") && arguments.contains("Learner.__init__.lr"))
        }
    }

    @Test(
        "a last record that is cut anywhere hides nothing before it",
        .enabled(if: Readers.isThere, "make test-readers gets the programs"))
    func cut() throws {
        try withTemporaryFolder { folder in
            try Self.learner(folder.path, [TensorBoardCallback(folder: "logs")]).fit(1)
            let path = try #require(eventFiles(folder.path + "/logs").first)
            let bytes = try Data(contentsOf: URL(filePath: path))
            // The last record holds the epoch's numbers, the one before it the last step's.
            for cut in [1, 3, 4, 5, 20, 40] {
                let other = folder.appending(path: "cut\(cut)/\(URL(filePath: path).lastPathComponent)")
                try FileManager.default.createDirectory(
                    at: other.deletingLastPathComponent(), withIntermediateDirectories: true)
                try bytes.dropLast(cut).write(to: other)
                let shown = try Shown(folder.path + "/cut\(cut)")
                #expect(shown.steps("train_loss") == Array(1...8), "\(cut)")
                #expect(shown.scalars["valid_loss"] == nil)
            }
        }
    }

    private struct Killed: Error {}

    /// Throws once at a step.
    private final class Kill: Callback {
        let at: Int
        private var steps = 0
        init(at: Int) { self.at = at }
        override var order: Int { 90 }
        override func afterBatch(_ learner: Learner) throws {
            guard learner.training else { return }
            steps += 1
            if steps == at { throw Killed() }
        }
    }

    @Test(
        "a run that was killed goes on without a step twice, in a file of its own",
        .enabled(if: Readers.isThere, "make test-readers gets the programs"), arguments: [3, 8, 13])
    func resumed(killedAt: Int) throws {
        try withTemporaryFolder { folder in
            func callbacks(_ more: [Callback]) -> [Callback] {
                [
                    TensorBoardCallback(folder: "logs"),
                    CheckpointCallback(
                        every: .steps(5), folder: folder.path + "/checkpoints", console: Console { _ in }),
                ] + more
            }
            #expect(throws: (any Error).self) {
                try Self.learner(folder.path, callbacks([Kill(at: killedAt)])).fit(3, lr: 0.05, resume: .auto)
            }
            let learner = Self.learner(folder.path, callbacks([]))
            try learner.fit(3, lr: 0.05, resume: .auto)
            let shown = try Shown(folder.path + "/logs")
            #expect(shown.files.count == 2)
            #expect(shown.steps("train_loss") == Array(1...24), "\(shown.steps("train_loss"))")
            #expect(shown.steps("valid_loss") == [8, 16, 24])
            // What it shows is what a run that nobody killed has.
            let whole = Self.learner(folder.path, [TensorBoardCallback(folder: "whole")])
            try whole.fit(3, lr: 0.05)
            #expect(try Shown(folder.path + "/whole").values("train_loss") == shown.values("train_loss"))
        }
    }

    /// The steps of a tag, as readers show them to which a start is the end of what was there from its step on.
    private static func steps(_ tag: String, _ events: [Tensorboard_Event]) -> [Int] {
        var steps: [Int] = []
        for event in events {
            if event.sessionLog.status == .start { steps.removeAll { $0 >= Int(event.step) } }
            if event.summary.value.contains(where: { $0.tag == tag }) { steps.append(Int(event.step)) }
        }
        return steps
    }

    @Test("the same callback goes on from a checkpoint without a step twice, in the same file")
    func goneBack() throws {
        try withTemporaryFolder { folder in
            let callback = TensorBoardCallback(folder: "logs")
            func learner(_ more: [Callback]) -> Learner {
                let checkpoints = CheckpointCallback(
                    every: .steps(5), folder: folder.path + "/checkpoints", console: Console { _ in })
                return Self.learner(folder.path, [callback, checkpoints] + more)
            }
            let first = learner([Kill(at: 7)])
            #expect(throws: (any Error).self) { try first.fit(3, lr: 0.05, resume: .auto) }
            first.removeCallback(callback)
            try learner([]).fit(3, lr: 0.05, resume: .auto)
            let files = try eventFiles(folder.path + "/logs")
            #expect(files.count == 1)
            let all = try events(files[0])
            let starts = all.filter { $0.sessionLog.status == .start }.map(\.step)
            #expect(starts.count == 2 && starts.first == 1 && (6...7).contains(starts.last ?? 0), "\(starts)")
            #expect(Self.steps("train_loss", all) == Array(1...24), "\(Self.steps("train_loss", all))")
            // So that a run in the same folder takes their place, too.
            #expect(Self.steps("arguments", all) == [1])
        }
    }

    @Test(
        "losses that are no numbers are shown as such, and training goes on",
        .enabled(if: Readers.isThere, "make test-readers gets the programs"))
    func notFinite() throws {
        try withTemporaryFolder { folder in
            let callback = TensorBoardCallback(folder: "logs", histogramsEvery: 8)
            try Self.learner(folder.path, scale: 1e30, [callback]).fit(1, lr: 1e9)
            let shown = try Shown(folder.path + "/logs")
            #expect(shown.steps("train_loss") == Array(1...8))
            #expect(shown.values("train_loss").last == .some(nil))
        }
    }

    @Test("a folder that cannot be written to is said once, and training goes on") func unwritable() throws {
        try withTemporaryFolder { folder in
            try Data().write(to: folder.appending(path: "file"))
            let callback = TensorBoardCallback(folder: "file/logs", histogramsEvery: 1)
            let learner = Self.learner(folder.path, [callback])
            try learner.fit(1, lr: 0.05)
            #expect(learner.recorder?.rows.count == 1)
            let failure = try #require(callback.failure)
            #expect("\(failure)".contains("file"))
            try learner.fit(1, lr: 0.05)
            #expect(learner.warned.filter { $0.contains("TensorBoard") && $0.contains("file") }.count == 1)
        }
    }

    @Test("who copies a model waits while two copies are not written, and not when writing has failed")
    func copies() throws {
        try withTemporaryFolder { folder in
            let writer = EventWriter(folder: folder.path + "/logs")
            let made = Mutex(0)
            let (gate, done) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            BackgroundThread.begin {
                for _ in 0..<5 {
                    writer.add(copying: { made.withLock { $0 += 1 } }) { _ in
                        gate.wait()
                        return Tensorboard_Event()
                    }
                }
                done.signal()
            }
            while made.withLock({ $0 }) < EventWriter.mostCopies { Thread.sleep(forTimeInterval: 0.001) }
            // Time in which the others would be made.
            Thread.sleep(forTimeInterval: 0.2)
            let early = made.withLock { $0 }
            #expect(early == EventWriter.mostCopies)
            for _ in 0..<5 { gate.signal() }
            done.wait()
            writer.finish()
            let all = made.withLock { $0 }
            #expect(all == 5 && writer.failure == nil)
            let path = try #require(writer.path)
            #expect(try events(path).count == 6)

            try Data().write(to: folder.appending(path: "file"))
            let failing = EventWriter(folder: folder.path + "/file/logs")
            for _ in 0..<5 { failing.add(copying: { 1 }) { _ in Tensorboard_Event() } }
            failing.finish()
            #expect(failing.failure != nil)
        }
    }

    @Test(
        "on two ranks one writes, gradients are those of the whole batch, and the weights are the same",
        arguments: [1, 2])
    func ranks(count: Int) throws {
        try withTemporaryFolder { folder in
            let found = Mutex<[[Float]]>([])
            try InProcessWorld(count).run { ranks in
                let callback = TensorBoardCallback(folder: "logs", histogramsEvery: 4)
                let learner = Self.learner(folder.path, [callback])
                try learner.distributed(over: ranks) { try learner.fit(2, lr: 0.05) }
                #expect(callback.failure == nil)
                found.withLock { $0.append(learner.model.parameters()[0].value.floats) }
            }
            #expect(try eventFiles(folder.path + "/logs").count == 1)
            let all = try events(eventFiles(folder.path + "/logs")[0]).flatMap { event in
                event.summary.value.map { (step: Int(event.step), value: $0) }
            }
            #expect(all.filter { $0.value.tag == "train_loss" }.map(\.step) == Array(1...16))
            let gradients = all.filter { $0.value.tag == "gradients/0.weight" }
            #expect(gradients.map(\.step) == [4, 8, 12, 16])
            // What the callback looks at changes nothing.
            let plain = Self.learner(folder.path, [])
            try plain.fit(2, lr: 0.05)
            let sums = gradients.map(\.value.histo.sum)
            let alone = Self.learner(folder.path, [TensorBoardCallback(folder: "alone", histogramsEvery: 4)])
            try alone.fit(2, lr: 0.05)
            let expected = try events(eventFiles(folder.path + "/alone")[0]).flatMap(\.summary.value)
                .filter { $0.tag == "gradients/0.weight" }.map(\.histo.sum)
            #expect(sums.count == 4 && expected.count == 4)
            for (a, b) in zip(sums, expected) { #expect(abs(a - b) < 1e-5) }
            let (trained, own) = (found.withLock { $0 }, plain.model.parameters()[0].value.floats)
            #expect(trained.count == count && own.count == 12)
            for weights in trained {
                #expect(weights.count == own.count)
                for (a, b) in zip(weights, own) { #expect(abs(a - b) < 1e-5) }
            }
        }
    }
}
