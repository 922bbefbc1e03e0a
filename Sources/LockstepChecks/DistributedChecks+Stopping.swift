// SPDX-License-Identifier: Apache-2.0
// Checks of ending early, resuming and being watched.

import Foundation
import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting

extension DistributedChecks {
    /// A learner with everything a checkpoint must hold: momentum, Adam's moments, batch norm and dropout.
    private static func wholeLearner(_ path: String, callbacks: [Callback] = []) -> Learner {
        setSeed(3)
        let model = Sequential {
            Linear(4, 8); BatchNorm1d(8); ReLU(); Dropout(0.2); Linear(8, 3)
        }
        let items = TensorDataset(
            inputs: [sample([24, 4], seed: 5)], targets: [sampleIntegers([24], seed: 6, in: 0..<3)])
        let learner = Learner(
            dls: DataLoaders(
                DataLoader(items, batchSize: 6, shuffle: true), DataLoader(items, batchSize: 6), path: path),
            model: model, loss: .crossEntropy, callbacks: [Recorder()] + callbacks, metrics: [.accuracy],
            defaultCallbacks: .core)
        learner.logger = SilentLogger()
        return learner
    }

    private static func state(_ learner: Learner) -> [Double] {
        learner.model.stateDictionary().flatMap { $0.tensor.doubles }
            + (learner.recorder?.rows.last?.values ?? []).map { $0 ?? -1 }
    }

    /// The same name on every rank, in rank 0's folder.
    private static func withSharedFolder(_ c: any Communicator, _ body: (String) throws -> Void) throws {
        try withTemporaryFolder { folder in try body(c.broadcast(folder.path, from: 0, name: "folder")) }
        try c.barrier()
    }

    @Sendable static func resuming(_ c: any Communicator) throws {
        try withSharedFolder(c) { folder in
            let whole = wholeLearner(folder)
            try whole.fitOneCycle(4, lrMax: 0.02)
            // Two ranks stop after the third batch of the second epoch; the others have no part in that.
            if let two = try c.split(color: c.rank < 2 ? 0 : nil, key: c.rank) {
                let first = wholeLearner(folder)
                try first.on(.afterBatch, order: 75) { learner in
                    if learner.training, learner.epoch == 1, learner.iter == 2 { throw CancelSignal.fit }
                }
                try first.distributed(over: two) {
                    try first.fitOneCycle(4, lrMax: 0.02)
                    try first.saveResumePoint(ResumePoint(epoch: 1, batches: 3))
                }
            }
            try c.barrier()
            let second = wholeLearner(folder)
            var trained = 0
            try second.on(.afterStep) { _ in trained += 1 }
            try second.distributed(over: c) {
                let point = try second.loadResumePoint()
                try require(point.epoch == 1 && point.batches == 3, "resumes at \(point)")
                try second.fitOneCycle(4, lrMax: 0.02, callbacks: [ResumeCallback(point)], startEpoch: point.epoch)
            }
            try require(trained == 9, "\(trained) steps were left of 16 after 7")
            // Adam divides by the root of tiny moments, which magnifies rounding.
            let (resumed, uninterrupted) = (state(second), state(whole))
            let worst = zip(resumed, uninterrupted).map { abs($0 - $1) }.max() ?? .nan
            try require(
                close(resumed, uninterrupted, c.size == 1 ? 0 : 5e-3), "differs by \(worst) from the uninterrupted run")
        }
    }

    @Sendable static func stopRequests(_ c: any Communicator) throws {
        try withSharedFolder(c) { folder in
            for inValidation in [false, true] {
                var wanted: Int32?
                var said = ""
                let lines = Lines()
                let preemption = PreemptionCallback(saving: "stopped", console: Console { lines.add($0) }) { wanted }
                let learner = wholeLearner(folder, callbacks: [preemption])
                let last = c.size - 1
                try learner.on(.afterLoss) { learner in
                    if learner.epoch == 1, learner.iter == 1, learner.training != inValidation, c.rank == last {
                        wanted = 15
                    }
                }
                try learner.distributed(over: c) {
                    try learner.fitOneCycle(4, lrMax: 0.02)
                    let facts = try c.allGather([learner.epoch, learner.trainIter, Int(preemption.signal ?? 0)])
                    let expected = [1, inValidation ? 8 : 6, 15]
                    try require(
                        (0..<c.size).allSatisfy { Array(facts[3 * $0..<3 * $0 + 3]) == expected },
                        "epoch, steps and signal of the ranks: \(facts), expected \(expected)")
                    // Later fits of the program end before they begin.
                    try learner.fit(1)
                    try require(learner.trainIter == 0, "trained \(learner.trainIter) steps after the request")
                    let point = try wholeLearner(folder).loadResumePoint("stopped")
                    try require(
                        point.epoch == 1 && point.batches == (inValidation ? 4 : 2), "the checkpoint says \(point)")
                }
                said = lines.text
                try require(
                    said.isEmpty == (c.rank != 0) && (c.rank != 0 || said.contains("SIGTERM: stopped in epoch 1")),
                    "rank \(c.rank) said “\(said)”")
                wanted = nil
                try c.barrier()
            }
        }
    }

    @Sendable static func notANumber(_ c: any Communicator) throws {
        var values = (0..<12).map { Float($0) / 8 }
        values[7] = .nan  // the last of the second batch: the last rank's
        let rows = Tensor(values, shape: [12, 1])
        let data = DataLoader(TensorDataset(inputs: [rows], targets: [rows * 2 + 3]), batchSize: 4)
        let learner = Learner(
            dls: DataLoaders(data), model: RegressionModel(), loss: .mse, optimizer: .sgd(), lr: 0.01,
            callbacks: [TerminateOnNaNCallback()], defaultCallbacks: .core)
        try learner.withoutLogging { try learner.distributed(over: c) { try learner.fit(2) } }
        let steps = try c.allGather([learner.trainIter, learner.epoch])
        try require(
            (0..<c.size).allSatisfy { steps[2 * $0] == 2 && steps[2 * $0 + 1] == 0 },
            "the ranks stopped after these steps and epochs: \(steps)")
    }

    @Sendable static func traces(_ c: any Communicator) throws {
        try withSharedFolder(c) { folder in
            let file = folder + "/deep/trace.json"
            let learner = wholeLearner(folder, callbacks: [TraceCallback(file)])
            try learner.distributed(over: c) { try learner.fit(2) }
            guard c.rank == 0 else { return }
            let parsed = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: file))) as? [String: Any]
            let events = parsed?["traceEvents"] as? [[String: Any]] ?? []
            for rank in 0..<c.size {
                let own = events.filter { $0["pid"] as? Int == rank }
                func count(_ name: String) -> Int { own.filter { $0["name"] as? String == name }.count }
                let counts = ["process_name", "forward", "backward", "step", "data"].map(count)
                // Two epochs of 4 batches each way; data: one more, and the start, per phase.
                try require(counts == [1, 16, 8, 8, 24], "rank \(rank): \(counts) spans")
                if c.size > 1 { try require(count("gradients") == 8, "rank \(rank): \(count("gradients")) reductions") }
            }
            let spans = events.filter { $0["ph"] as? String == "X" }
            try require(
                spans.allSatisfy { ($0["dur"] as? Double ?? -1) >= 0 && ($0["ts"] as? Double ?? -1) > 0 },
                "spans without a time")
            // On one clock the ranks' first forward passes overlap or follow within seconds.
            let starts = spans.filter { $0["name"] as? String == "forward" }.compactMap { $0["ts"] as? Double }
            try require((starts.max() ?? 0) - (starts.min() ?? 0) < 60e6, "the ranks' clocks are apart")
        }
    }

    @Sendable static func timeReports(_ c: any Communicator) throws {
        let lines = Lines()
        let report = TimeReport(console: Console { lines.add($0) })
        let learner = learner(rows: 12, batchSize: 4, callbacks: [report])
        // The last rank is slow: the others wait for it.
        try learner.on(.afterLoss) { learner in
            if learner.training, c.rank == c.size - 1 { Thread.sleep(forTimeInterval: 0.02) }
        }
        try learner.withoutLogging { try learner.distributed(over: c) { try learner.fit(2) } }
        try require(report.epochs.count == 2, "\(report.epochs.count) epochs")
        for row in report.epochs.joined() {
            let parts = row.data + row.forward + row.backward + row.step + row.communication + row.wait
            try require(row.steps == 3 && row.total > 0 && parts <= row.total, "\(row)")
            try require(row.validation > 0, "validation took no time")
        }
        for ranks in report.epochs {
            try require(ranks.count == c.size, "\(ranks.count) rows")
            let slow = ranks[c.size - 1]
            try require(slow.forward >= 0.06, "the slow rank took \(slow.forward) s")
            for fast in ranks.dropLast() { try require(fast.wait > 0.03, "a fast rank waited \(fast.wait) s") }
        }
        try require(
            lines.text.isEmpty == (c.rank != 0) && (c.rank != 0 || lines.text.contains("rank \(c.size - 1)")),
            "rank \(c.rank) printed “\(lines.text)”")
        try require(c.observers.isEmpty, "somebody still watches the communicator")
    }
}

/// What a console was told.
private final class Lines: @unchecked Sendable {
    // Used by the thread of one rank only.
    private(set) var text = ""
    func add(_ line: String) { text += line }
}
