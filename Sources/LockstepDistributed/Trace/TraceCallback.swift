// SPDX-License-Identifier: Apache-2.0
// A time line of all ranks in one file, for Perfetto or chrome://tracing.

import LockstepComm
import LockstepData
public import LockstepLearner
import LockstepTensor

/// Writes what every rank did when, to one file in Chrome's trace format (open it in ui.perfetto.dev).
///
/// Spans: data, forward, backward, step, and every collective by its name (`gradients`, `agree`: the agreements of a step,
/// `metrics`, …) with the waiting in it. All ranks are on rank 0's clock; between machines, offsets are estimated when
/// the fit begins. Each rank keeps its latest `capacity` spans (48 bytes each). Rank 0 writes the file when a fit ends,
/// over one written before; when it ends with an error, each rank writes what it has to `file.rank-N.json`.
public final class TraceCallback: TimingCallback {
    /// Where the trace goes.
    public let file: String
    private var buffer: SpanBuffer
    private var offset = ClockOffset(nanoseconds: 0, uncertainty: 0)
    private var place: (epoch: Int32, batch: Int32) = (0, -1)
    private var isUnwritten = false

    /// - Precondition: `capacity` is positive.
    public init(
        _ file: String, capacity: Int = 1 << 18, sourceFile: StaticString = #fileID, line: UInt = #line
    ) {
        require(capacity > 0, "TraceCallback: a capacity of \(capacity) spans", file: sourceFile, line: line)
        self.file = file
        buffer = SpanBuffer(capacity: capacity)
        super.init()
    }

    public override func beforeFit(_ learner: Learner) throws {
        try super.beforeFit(learner)
        guard let communicator else { return }
        if communicator.nodeCount > 1 { offset = try ClockOffset.estimate(over: communicator) }
        isUnwritten = true
    }

    public override func beforeBatch(_ learner: Learner) throws {
        place = (Int32(truncatingIfNeeded: learner.epoch), Int32(truncatingIfNeeded: learner.iter))
        try super.beforeBatch(learner)
    }

    public override func afterTrain(_ learner: Learner) { place.batch = -1 }
    public override func afterValidate(_ learner: Learner) { place.batch = -1 }

    public override func span(
        _ activity: Activity, from start: Int64, to end: Int64, communicated: Int64, learner: Learner
    ) {
        let batch = activity == .data ? -1 : place.batch
        add(activity.rawValue, batch, start, end, waited: 0)
    }

    public override func collective(_ name: String, from start: Int64, to end: Int64, waited: Int64, worked: Int64) {
        super.collective(name, from: start, to: end, waited: waited, worked: worked)
        // The agreements of a step, which must not look like the step.
        add(name == Activity.step.rawValue ? "agree" : name, place.batch, start, end, waited: waited)
    }

    private func add(_ name: String, _ batch: Int32, _ start: Int64, _ end: Int64, waited: Int64) {
        buffer.append(
            Span(
                name: buffer.number(of: name), epoch: place.epoch, batch: batch, start: start - offset.nanoseconds,
                duration: end - start, waited: min(waited, end - start)))
    }

    public override func afterFit(_ learner: Learner) throws {
        guard let communicator else { return }
        isUnwritten = false
        try TraceFile(path: file, rank: communicator.rank, host: communicator.placement.host, offset: offset)
            .writeTogether(buffer, over: communicator) { body in
                // What rank 0 cannot write is an error of all ranks alike.
                try learner.coordinator.rankCount == communicator.size
                    ? learner.coordinator.write(body) : communicator.onRankZero("trace", body)
            }
    }

    /// The others may be gone: what this rank knows is the more precious.
    public override func teardown(_ learner: Learner) {
        super.teardown(learner)
        guard isUnwritten, let communicator else { return }
        isUnwritten = false
        let own = "\(file).rank-\(communicator.rank).json"
        do {
            try TraceFile(path: own, rank: communicator.rank, host: communicator.placement.host, offset: offset)
                .writeAlone(buffer)
        } catch {
            Console.standardError.write("lockstep: the trace is lost: \(error)\n")
        }
    }
}
