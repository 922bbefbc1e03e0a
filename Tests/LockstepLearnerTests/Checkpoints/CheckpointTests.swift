// SPDX-License-Identifier: Apache-2.0
// Checkpoints taken while training goes on: when, how many, and what happens where they cannot be written.

import Foundation
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Synchronization
import Testing

@testable import LockstepData
@testable import LockstepLearner

@Suite("Checkpoints", .serialized) struct CheckpointTests {
    /// Four batches an epoch.
    private func learner(_ folder: String, _ callbacks: [Callback]) -> Learner {
        setSeed(1)
        let learner = Learner(
            dls: synthLoaders(batchSize: 4, nTrain: 4, nValid: 1, path: folder), model: Linear(1, 1), loss: .mse,
            callbacks: [Recorder()] + callbacks, metrics: [.mae], modelDirectory: "", defaultCallbacks: .core)
        learner.logger = SilentLogger()
        return learner
    }

    /// What a callback prints.
    private final class Said: Sendable {
        let lines = Mutex<[String]>([])
        var console: Console { Console { [self] line in lines.withLock { $0.append(line) } } }
        var text: String { lines.withLock { $0.joined() } }
    }

    private func steps(_ folder: String) -> [Int] { CheckpointStore(folder + "/checkpoints").generations.map(\.step) }

    /// Waits after every batch, so that which checkpoints there are does not depend on the disk.
    private func waiting(_ checkpoints: CheckpointCallback) -> [Callback] {
        [checkpoints, ClosureCallback([.afterBatch: { _ in checkpoints.wait() }], order: 2_000_000)]
    }

    @Test("every so many steps, the newest few stay, and the end of the fit is one of them")
    func bySteps() throws {
        try withTemporaryFolder { folder in
            let checkpoints = CheckpointCallback(every: .steps(3), keep: 3)
            try learner(folder.path, waiting(checkpoints)).fit(5)
            #expect(steps(folder.path) == [20, 18, 15])
            #expect(checkpoints.step == 20 && checkpoints.longestWrite > 0)
            for generation in checkpoints.store(for: learner(folder.path, [])).generations {
                let metadata = try Safetensors.verify(generation.path)
                #expect(metadata.contains { $0.key == "resume.step" && $0.value == "\(generation.step)" })
            }
        }
    }

    @Test("every so many epochs")
    func byEpochs() throws {
        try withTemporaryFolder { folder in
            try learner(folder.path, waiting(CheckpointCallback(every: .epochs(2), keep: 9))).fit(5)
            #expect(steps(folder.path) == [20, 16, 8])
        }
    }

    @Test("memory for a copy is taken only by a fit that trains on while one is written; the files are the same")
    func copies() throws {
        try withTemporaryFolder { folder in
            func fit(_ name: String, _ interval: CheckpointInterval, epochs: Int) throws -> (Bool, Data) {
                let checkpoints = CheckpointCallback(every: interval)
                try learner(folder.path + "/" + name, waiting(checkpoints)).fit(epochs)
                let newest = try #require(CheckpointStore(folder.path + "/\(name)/checkpoints").generations.first)
                return (checkpoints.holdsCopy, try Data(contentsOf: URL(filePath: newest.path)))
            }
            let one = try fit("one", .epochs(1), epochs: 1)
            let steps = try fit("steps", .steps(4), epochs: 1)
            let rare = try fit("rare", .epochs(2), epochs: 2)
            let two = try fit("two", .epochs(1), epochs: 2)
            #expect([one.0, steps.0, rare.0, two.0] == [false, true, false, true])
            #expect(one.1.count == steps.1.count && rare.1.count == two.1.count)
            #expect(rare.1 == two.1)
        }
    }

    @Test("the last epoch's holds that epoch's weights, whatever another callback does at the end of the fit")
    func lastEpoch() throws {
        try withTemporaryFolder { folder in
            func weights(_ name: String, _ others: [Callback]) throws -> [UInt8] {
                let path = folder.path + "/" + name
                try learner(path, waiting(CheckpointCallback(every: .epochs(1))) + others).fit(1)
                let newest = try #require(CheckpointStore(path + "/checkpoints").generations.first)
                let archive = try Safetensors.read(newest.path)
                return archive.entries.filter { !$0.name.contains("/") }.flatMap { archive.bytes(of: $0) }
            }
            let forgets = ClosureCallback(
                [.afterFit: { learner in learner.model.parameters().forEach { $0.wrappedValue = $0.value * 0 } }],
                order: 20)
            let own = try weights("own", [])
            #expect(try weights("changed", [forgets]) == own && own.contains { $0 != 0 })
        }
    }

    @Test("every so many minutes, by a clock that is set")
    func byMinutes() throws {
        try withTemporaryFolder { folder in
            let now = Mutex(0.0)
            let checkpoints = CheckpointCallback(every: .minutes(1.5), keep: 9)
            checkpoints.clock = { now.withLock(\.self) }
            let learner = learner(folder.path, waiting(checkpoints))
            try learner.on(.beforeBatch) { _ in now.withLock { $0 += 30 } }
            try learner.fit(2)
            // Four training batches and one of validation an epoch, half a minute each.
            #expect(steps(folder.path) == [8, 5, 3])
        }
    }

    @Test("the best epoch's stays, however old")
    func best() throws {
        try withTemporaryFolder { folder in
            let checkpoints = CheckpointCallback(every: .epochs(1), keep: 1, best: .min("valid_loss"))
            let learner = learner(folder.path, waiting(checkpoints))
            // From the third epoch on it gets worse.
            try learner.on(.beforeEpoch) { learner in
                if learner.epoch == 2 { try learner.optimizer?.setHyper("lr", 50) }
            }
            try learner.fit(5, lr: 0.1)
            let losses = try #require(learner.recorder).rows.map { $0["valid_loss"] ?? .nan }
            let best = try #require(losses.indices.min { losses[$0] < losses[$1] })
            #expect(best < 4)
            #expect(steps(folder.path) == [20, 4 * (best + 1)])
            #expect(throws: (any Error).self) {
                try self.learner(folder.path, [CheckpointCallback(best: .max("nothing"), overwrites: true)]).fit(1)
            }
        }
    }

    @Test("damaged ones are passed by and named; without any the run begins anew, or is refused")
    func damaged() throws {
        try withTemporaryFolder { folder in
            let whole = learner(folder.path + "/whole", [])
            try whole.fit(3)
            try learner(folder.path, waiting(CheckpointCallback(every: .epochs(1), keep: 9))).fit(3)
            let generations = CheckpointStore(folder.path + "/checkpoints").generations
            #expect(generations.map(\.step) == [12, 8, 4])
            for (number, generation) in generations.enumerated() {
                var bytes = try Data(contentsOf: URL(filePath: generation.path))
                if number == 0 { bytes[bytes.count / 2] ^= 1 } else { bytes.removeLast(7) }
                try bytes.write(to: URL(filePath: generation.path))
                let said = Said()
                let again = learner(folder.path, [CheckpointCallback(keep: 9, console: said.console)])
                // Looked at, not run: that would write whole ones.
                let checkpoints = try #require(again.callback(ofType: CheckpointCallback.self))
                if number < 2 {
                    guard case .goOn(let point) = try checkpoints.plan(again, .auto, resetOptimizer: false) else {
                        Issue.record("generation \(number) is damaged: the run does not go on")
                        return
                    }
                    #expect(point.epoch == 2 - number)
                    // Named once, and set aside.
                    #expect(said.text.contains(generation.path))
                    #expect(Files.exists(generation.path + ".damaged") && !Files.exists(generation.path))
                } else {
                    let error = #expect(throws: CheckpointError.self) {
                        try checkpoints.plan(again, .required, resetOptimizer: false)
                    }
                    #expect("\(try #require(error))".contains("no checkpoint that is whole"))
                }
                checkpoints.teardown(again)
            }
            let again = learner(folder.path, [CheckpointCallback(console: Console { _ in })])
            try again.fit(3, resume: .auto)
            #expect(again.model.parameters().map(\.value.floats) == whole.model.parameters().map(\.value.floats))
        }
    }

    @Test(
        "1,000 bits of a checkpoint, one after another, and every length: each is noticed, and the one before is taken")
    func everyBit() throws {
        try withTemporaryFolder { folder in
            try learner(folder.path, waiting(CheckpointCallback(every: .epochs(1), keep: 2))).fit(2)
            let store = CheckpointStore(folder.path + "/checkpoints")
            let (newest, older) = (store.generations[0], store.generations[1])
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: newest.path)))
            func taken(_ bytes: [UInt8]) throws -> Int? {
                try Data(bytes).write(to: URL(filePath: newest.path))
                defer { unlink(newest.path + ".damaged") }
                return try store.newest(skipped: { _ in }) { try Safetensors.verify($0.path) }?.generation.step
            }
            #expect(try taken(bytes) == newest.step)
            let bits = 8 * bytes.count
            for number in 0..<1000 {
                let bit = number * bits / 1000 + number % 8
                var changed = bytes
                changed[bit / 8] ^= 1 << UInt8(bit % 8)
                #expect(try taken(changed) == older.step, "bit \(bit)")
            }
            for number in 0..<300 {
                let length = number * bytes.count / 300
                #expect(try taken(Array(bytes[..<length])) == older.step, "cut to \(length)")
            }
            #expect(try taken(bytes + [0]) == older.step)
        }
    }

    @Test("a folder that holds checkpoints is not begun anew without being told to")
    func refusal() throws {
        try withTemporaryFolder { folder in
            try learner(folder.path, [CheckpointCallback()]).fit(2)
            let error = #expect(throws: (any Error).self) { try learner(folder.path, [CheckpointCallback()]).fit(2) }
            #expect("\(try #require(error))".contains("holds checkpoints of a run, the newest after 8 batches"))
            try learner(folder.path, [CheckpointCallback(overwrites: true)]).fit(1)
            #expect(steps(folder.path) == [4])
            let missing = #expect(throws: LearnerError.self) { try learner(folder.path, []).fit(1, resume: .auto) }
            #expect("\(try #require(missing))".contains("no CheckpointCallback"))
        }
    }

    @Test("a run that is complete is not run again, and comes back as it ended")
    func complete() throws {
        try withTemporaryFolder { folder in
            let first = learner(folder.path, [CheckpointCallback()])
            try first.fit(2, resume: .auto)
            let second = learner(folder.path, [CheckpointCallback()])
            try second.on(.beforeBatch) { _ in Issue.record("a batch is run") }
            try second.fit(2, resume: .auto)
            #expect(second.model.parameters().map(\.value.floats) == first.model.parameters().map(\.value.floats))
            #expect(second.epochsSeen == 2)
        }
    }

    @Test("a disk that takes nothing more: training goes on, the last good one stays, and the end is an error")
    func fullDisk() throws {
        try withTemporaryFolder { folder in
            let said = Said()
            let checkpoints = CheckpointCallback(every: .epochs(1), keep: 2, console: said.console)
            let learner = learner(folder.path, waiting(checkpoints))
            let store = folder.path + "/checkpoints"
            // A folder where the file should go cannot be replaced, by root either.
            try learner.on(.beforeEpoch) { learner in
                if learner.epoch == 1 {
                    for step in [8, 12] {
                        try FileManager.default.createDirectory(
                            atPath: CheckpointStore(store).path(step: step) + "/x", withIntermediateDirectories: true)
                    }
                }
            }
            let error = #expect(throws: (any Error).self) { try learner.fit(3) }
            #expect("\(try #require(error))".contains("step-000000000012"))
            #expect(said.text.contains("step-000000000008") && said.text.contains("training goes on"))
            #expect(throws: Never.self) { try Safetensors.verify(CheckpointStore(store).path(step: 4)) }
            #expect(learner.epoch == 2)
        }
    }

    @Test("what a run that was killed while it wrote has left is removed, and nothing else")
    func leftovers() throws {
        try withTemporaryFolder { folder in
            let host = ProcessInfo.processInfo.hostName
            let store = folder.path + "/checkpoints"
            try Files.createFolder(store)
            // No process has this number: it is above the kernel's limit.
            let dead = [
                ".lockstep-\(host)-2000000000-7.tmp", ".lockstep-2000000000-7.tmp", ".lockstep-elsewhere-5-7.tmp",
            ]
            let alive = ["mine.tmp", ".lockstep-x"]
            for name in dead + alive { try Data([1]).write(to: URL(filePath: "\(store)/\(name)")) }
            try learner(folder.path, [CheckpointCallback()]).fit(1)
            for name in dead { #expect(!Files.exists("\(store)/\(name)"), "\(name)") }
            for name in alive { #expect(Files.exists("\(store)/\(name)"), "\(name)") }
        }
    }

    @Test("intervals as they are written")
    func intervals() {
        for interval: CheckpointInterval in [.steps(500), .epochs(2), .minutes(10), .minutes(0.5)] {
            #expect(CheckpointInterval("\(interval)") == interval)
        }
        #expect(CheckpointInterval("3") == .epochs(3) && CheckpointInterval("1 epoch") == .epochs(1))
        for text in ["", "x", "0", "-1", "0steps", "1.5steps", "infmin", "1e9", "1 fortnight"] {
            #expect(CheckpointInterval(text) == nil, "\(text)")
        }
    }

    @Test("a second fit takes no memory and leaves no thread, and checkpoints of both are those of one file")
    func twoFits() throws {
        try withTemporaryFolder { folder in
            let checkpoints = CheckpointCallback(every: .steps(1), keep: 99)
            let learner = learner(folder.path, waiting(checkpoints))
            try learner.fit(1)
            try learner.fit(1)
            #expect(steps(folder.path) == Array((1...8).reversed()))
            // What is written beside training has the bytes of what is written at once.
            let path = try learner.saveResumePoint(ResumePoint(epoch: 1))
            func tensors(_ path: String) throws -> [String: [UInt8]] {
                let archive = try Safetensors.read(path)
                return Dictionary(uniqueKeysWithValues: archive.entries.map { ($0.name, Array(archive.bytes(of: $0))) })
            }
            let (own, plain) = (
                try tensors(CheckpointStore(folder.path + "/checkpoints").path(step: 8)), try tensors(path)
            )
            #expect(own == plain && own.count > 5)
        }
    }
}
