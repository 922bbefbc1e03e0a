// SPDX-License-Identifier: Apache-2.0
// Ending in good order when the system asks for it: agree, save, stop.

public import LockstepComm
public import LockstepLearner
import LockstepOptim
public import LockstepTensor

/// Stops a fit when a signal asks the program to end, and leaves a checkpoint from which it goes on.
///
/// The signals of `StopSignals` are watched during the fit. One that reaches any rank is agreed on at the next batch,
/// training or validation; all ranks stop there, rank 0 writes a `ResumePoint`, and the fit returns. A further signal ends
/// the process at once. All ranks stop after the same batch. With a `CheckpointCallback` beside it the checkpoint is one of that one's. When another callback ends the fit while a signal is pending, the
/// fit is over: what is left is its end.
///
/// ```swift
/// let preemption = PreemptionCallback()
/// try learner.fitOneCycle(20, callbacks: [preemption])
/// if preemption.signal != nil { World.end(code: World.stopRequestedCode) }     // 75
/// ```
public final class PreemptionCallback: Callback {
    /// The checkpoint's name, as for `Learner.save`.
    public let file: String
    /// Write it after every so many epochs, too, for ends that nobody announces; nil never.
    public let everyEpochs: Int?
    /// The signal that ended the fit, the same on every rank; nil while none has. Later fits end before they begin.
    public var signal: Int32? { if case .signal(let number)? = reason { number } else { nil } }
    /// Why the fit was ended, the same on every rank; nil while it has not been. Later fits end before they begin.
    public private(set) var reason: StopReason?
    /// Whether a fit was ended, or kept from beginning.
    public var hasEndedFit: Bool { reason != nil }
    /// When the program has to be over; nil for whenever it is.
    public let deadline: Deadline?
    /// Whether this callback has ended the fit.
    private var hasStopped = false
    private var isWatching = false
    /// Why this rank has wanted to stop: kept, because what all have agreed on stays so.
    private var own: StopReason?
    private let console: Console
    private let requested: () -> Int32?

    /// - Parameters:
    ///   - deadline: When the program has to be over: the fit ends early enough for a checkpoint before.
    ///   - requested: The number of the signal that asks this rank to stop, if one does.
    /// - Precondition: `everyEpochs` is positive.
    public init(
        saving file: String = "resume", everyEpochs: Int? = nil, until deadline: Deadline? = nil,
        console: Console = .standardError, requested: @escaping () -> Int32? = { StopSignals.received },
        sourceFile: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            everyEpochs.map { $0 > 0 } ?? true, "PreemptionCallback: every \(everyEpochs ?? 0) epochs; at least 1",
            file: sourceFile, line: line)
        (self.file, self.everyEpochs, self.deadline) = (file, everyEpochs, deadline)
        (self.console, self.requested) = (console, requested)
    }

    /// No: it belongs to a run.
    public override var isExported: Bool { false }
    /// After all others, so that the batch and the epoch at hand are complete.
    public override var order: Int { 1_000_000 }
    public override var takesPartInInference: Bool { false }

    public override func beforeFit(_ learner: Learner) throws {
        if reason != nil { throw CancelSignal.fit }
        if !isWatching { StopSignals.watch() }
        (isWatching, hasStopped) = (true, false)
        learner.resuming.notesEndOfTraining = true
        own = nil
        learner.coordinator.watch(.stop) { [unowned self, unowned learner] in wantsStop(learner) }
    }

    private func wantsStop(_ learner: Learner) -> Bool {
        own = own ?? wanted(learner)
        return own != nil
    }

    /// Why this rank is to stop, if it is. Of the time that is left the writing rank says: it knows how long a checkpoint takes.
    private func wanted(_ learner: Learner) -> StopReason? {
        if let number = requested() { return .signal(number) }
        guard learner.coordinator.isWriter, let deadline, deadline.isSet else { return nil }
        return deadline.isNear(leaving: secondsToSave(learner)) ? .timeLimit : nil
    }

    /// How long a checkpoint may take: twice what the slowest took, or, before there was one, what a slow disk would need.
    private func secondsToSave(_ learner: Learner) -> Double {
        let longest = learner.callback(ofType: CheckpointCallback.self)?.longestWrite ?? 0
        let bytes = Double(3 * (learner.optimizer?.arena.valueByteCount ?? 0))
        return 2 + (longest > 0 ? 2 * longest : bytes / 50e6)
    }

    public override func afterBatch(_ learner: Learner) throws {
        // Ranks tell each other in the agreements of a batch, and then stop together.
        guard learner.coordinator.isAgreed(.stop) else { return }
        hasStopped = true
        throw CancelSignal.fit
    }

    public override func afterEpoch(_ learner: Learner) throws {
        guard let everyEpochs, (learner.epoch + 1) % everyEpochs == 0 else { return }
        try learner.saveResumePoint(ResumePoint(epoch: learner.epoch + 1), to: file)
        if learner.coordinator.isWriter { learner.coordinator.saved(step: learner.trainIter) }
    }

    /// A fit may have been cancelled for other reasons: ranks ask each other.
    public override func afterCancelFit(_ learner: Learner) throws {
        guard reason == nil else { return }
        let weight = wantsStop(learner) ? 1.0 : 0
        let number = Double(own?.number ?? 0)
        guard let mean = try learner.coordinator.average(number, weight: weight).mean else { return }
        let squares = try learner.coordinator.average(number * number, weight: weight)
        let reason = StopReason(mean: mean, ofSquares: squares.mean ?? mean * mean)
        self.reason = reason
        // One that another callback has ended goes on with its end, as it would have without a signal.
        let stopped = try learner.coordinator.average(0, weight: hasStopped ? 1 : 0).weight > 0
        let point = stopped ? learner.place : ResumePoint(epoch: learner.nEpoch)
        let checkpoints = learner.callback(ofType: CheckpointCallback.self)
        let path = try checkpoints?.leave(point, learner) ?? learner.saveResumePoint(point, to: file)
        guard learner.coordinator.isWriter else { return }
        // A CheckpointCallback tells it.
        if checkpoints == nil { learner.coordinator.saved(step: learner.trainIter) }
        let place = point.isTrained ? "its training" : "\(learner.place.batches) batches"
        console.write(
            "lockstep: \(reason): stopped in epoch \(learner.epoch) after \(place); the run can be resumed from \(path)\n"
        )
    }

    public override func teardown(_ learner: Learner) {
        if isWatching { StopSignals.unwatch() }
        isWatching = false
        learner.resuming.notesEndOfTraining = false
        learner.coordinator.watch(.stop, nil)
    }
}

extension PreemptionCallback: Configurable {
    public static let configuration = Configuration(PreemptionCallback.self) {
        Field(told: "every_epochs") { $0.everyEpochs.map { .int($0) } ?? .string("none") }
    }
}
