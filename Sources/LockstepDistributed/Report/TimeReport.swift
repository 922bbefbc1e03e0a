// SPDX-License-Identifier: Apache-2.0
// Where the time of an epoch went, rank by rank.

import LockstepComm
public import LockstepLearner
import LockstepTensor

/// Prints, after every epoch, what each rank's training steps spent their time on: a table by which stragglers, slow
/// loaders and expensive reductions are seen.
///
/// ```
/// epoch 0, ms per step  steps   total    data  forward  backward    step  communication    wait  validation s
/// rank 0                   23  4.1200  0.3100   1.2020    2.0100  0.3300         0.1680  0.1000          0.05
/// ```
/// `communication` is what collectives took without the waiting for other ranks in them; `wait` is that waiting: a rank
/// that waits much is faster than another. Both are left out of the columns before them; `total` holds all and what
/// callbacks took. Rank 0 prints; the rows are the same everywhere.
public final class TimeReport: TimingCallback {
    /// What one rank's epoch was spent on, in seconds.
    public struct Row: Sendable, Equatable {
        /// Number of training batches.
        public var steps = 0.0
        /// The whole training phase.
        public var total = 0.0
        /// Waiting for batches.
        public var data = 0.0
        /// The model and the loss.
        public var forward = 0.0
        /// The backward pass.
        public var backward = 0.0
        /// Seconds in updates.
        public var step = 0.0
        /// Collectives, without the waiting in them.
        public var communication = 0.0
        /// Waiting for other ranks.
        public var wait = 0.0
        /// The whole validation phase.
        public var validation = 0.0
        /// Mebibytes that tensors hold when the epoch ends, in use or kept for the next (`Memory.report`).
        public var memory = 0.0

        var values: [Double] { [steps, total, data, forward, backward, step, communication, wait, validation, memory] }

        init() {}
        init(_ values: ArraySlice<Double>) {
            let v = Array(values)
            (steps, total, data, forward, backward) = (v[0], v[1], v[2], v[3], v[4])
            (step, communication, wait, validation, memory) = (v[5], v[6], v[7], v[8], v[9])
        }
    }

    /// For each epoch of the fit a row per rank.
    public private(set) var epochs: [[Row]] = []
    private var row = Row()
    private var phaseStart: Int64 = 0
    /// Between the beginning of a training phase and its end.
    private var isInTraining = false
    private let console: Console

    /// A report on `console`.
    public init(console: Console = .standardOutput) {
        self.console = console
        super.init()
    }

    public override func beforeFit(_ learner: Learner) throws {
        try super.beforeFit(learner)
        epochs = []
    }

    public override func beforeEpoch(_ learner: Learner) { row = Row() }

    public override func beforeTrain(_ learner: Learner) throws {
        try super.beforeTrain(learner)
        phaseStart = MonotonicClock.now
        isInTraining = true
    }

    public override func afterBatch(_ learner: Learner) { if learner.training { row.steps += 1 } }
    public override func afterTrain(_ learner: Learner) {
        row.total = seconds(MonotonicClock.now - phaseStart)
        isInTraining = false
    }

    public override func beforeValidate(_ learner: Learner) throws {
        try super.beforeValidate(learner)
        phaseStart = MonotonicClock.now
    }

    public override func afterValidate(_ learner: Learner) {
        row.validation = seconds(MonotonicClock.now - phaseStart)
    }

    public override func span(
        _ activity: Activity, from start: Int64, to end: Int64, communicated: Int64, learner: Learner
    ) {
        guard learner.training else { return }
        let own = seconds(end - start - communicated)
        switch activity {
        case .data: row.data += own
        case .forward: row.forward += own
        case .backward: row.backward += own
        case .step: row.step += own
        }
    }

    public override func collective(_ name: String, from start: Int64, to end: Int64, waited: Int64, worked: Int64) {
        super.collective(name, from: start, to: end, waited: waited, worked: worked)
        // What the recorder asks afterwards is no part of a step.
        guard isInTraining, learner?.training == true else { return }
        row.communication += seconds(end - start - waited - worked)
        row.wait += seconds(waited)
    }

    public override func afterEpoch(_ learner: Learner) throws {
        guard let communicator, row.steps > 0 || row.validation > 0 else { return }
        row.memory = Double(Memory.report.systemBytes) / 1_048_576
        let all = try communicator.allGather(row.values, name: "times")
        let width = row.values.count
        epochs.append((0..<communicator.size).map { Row(all[$0 * width..<($0 + 1) * width]) })
        if communicator.rank == 0 { console.write(table(epoch: learner.epoch)) }
    }

    private func table(epoch: Int) -> String {
        let headings = [
            "steps", "total", "data", "forward", "backward", "step", "communication", "wait", "validation s",
            "MiB",
        ]
        var lines = [["epoch \(epoch), ms per step"] + headings]
        for (rank, row) in (epochs.last ?? []).enumerated() {
            let perStep = row.values[1..<8].map { fixedPoint($0 * 1e3 / max(1, row.steps), 4) }
            lines.append(
                ["rank \(rank)", "\(Int(row.steps))"] + perStep
                    + [fixedPoint(row.validation, 2), fixedPoint(row.memory, 1)])
        }
        let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { cells in
            let padded = zip(cells, widths).enumerated().map { column, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 0 ? cell.0 + space : space + cell.0
            }
            return padded.joined(separator: "  ") + "\n"
        }.joined()
    }

    private func seconds(_ nanoseconds: Int64) -> Double { Double(nanoseconds) * 1e-9 }
}

/// `value` with a fixed number of decimals.
func fixedPoint(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite, value.magnitude < 1e12 else { return "\(value)" }
    let scale = (0..<decimals).reduce(1.0) { product, _ in product * 10 }
    let digits = String(Int64((value.magnitude * scale).rounded()))
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    return (value < 0 ? "-" : "") + padded.dropLast(decimals) + "." + padded.suffix(decimals)
}
