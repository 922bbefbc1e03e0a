// SPDX-License-Identifier: Apache-2.0
// Ending in good order when the system asks for it: agree, save, stop.

public import LockstepComm
public import LockstepLearner
import LockstepTensor

/// Stops a fit when a signal asks the program to end, and leaves a checkpoint from which it goes on.
///
/// The signals of `StopSignals` are watched during the fit. One that reaches any rank is agreed on at the next batch,
/// training or validation; all ranks stop there, rank 0 writes a `ResumePoint`, and the fit returns. A further signal ends
/// the process at once. With gradient accumulation the fit goes on to the end of the step at hand.
///
/// ```swift
/// let preemption = PreemptionCallback()
/// try learner.fitOneCycle(20, callbacks: [preemption])
/// if preemption.signal != nil { World.end(code: World.stopRequestedCode) }     // 75
/// ```
public final class PreemptionCallback: Callback, Configured {
    /// The checkpoint's name, as for `Learner.save`.
    public let file: String
    /// Write it after every so many epochs, too, for ends that nobody announces; nil never.
    public let everyEpochs: Int?
    /// The signal that ended the fit, the same on every rank; nil while none has. Later fits end before they begin.
    public private(set) var signal: Int32?
    /// Training batches of the epoch that are done.
    private var batches = 0
    private var isWatching = false
    private let console: Console
    private let requested: () -> Int32?

    /// - Parameters:
    ///   - requested: The number of the signal that asks this rank to stop, if one does.
    /// - Precondition: `everyEpochs` is positive.
    public init(
        saving file: String = "resume", everyEpochs: Int? = nil, console: Console = .standardError,
        requested: @escaping () -> Int32? = { StopSignals.received }, sourceFile: StaticString = #fileID,
        line: UInt = #line
    ) {
        require(
            everyEpochs.map { $0 > 0 } ?? true, "PreemptionCallback: every \(everyEpochs ?? 0) epochs; at least 1",
            file: sourceFile, line: line)
        (self.file, self.everyEpochs, self.console, self.requested) = (file, everyEpochs, console, requested)
    }

    public var arguments: KeyValuePairs<String, ConfigValue> {
        ["every_epochs": everyEpochs.map { .int($0) } ?? .string("none")]
    }

    /// No: it belongs to a run.
    public override var isExported: Bool { false }
    /// After recorder, progress and trackers, so that the batch and the epoch at hand are complete.
    public override var order: Int { 80 }
    public override var takesPartInInference: Bool { false }

    public override func beforeFit(_ learner: Learner) throws {
        if signal != nil { throw CancelSignal.fit }
        if !isWatching { StopSignals.watch() }
        isWatching = true
    }

    public override func beforeEpoch(_ learner: Learner) { batches = 0 }
    public override func beforeTrain(_ learner: Learner) { batches = learner.firstBatch }

    public override func afterBatch(_ learner: Learner) throws {
        if learner.training { batches += 1 }
        guard requested() != nil else { return }
        // What has been accumulated for a step is in no checkpoint.
        if let accumulation = learner.callback(ofType: GradientAccumulation.self), accumulation.count > 0 { return }
        throw CancelSignal.fit
    }

    public override func afterEpoch(_ learner: Learner) throws {
        guard let everyEpochs, (learner.epoch + 1) % everyEpochs == 0 else { return }
        try learner.saveResumePoint(ResumePoint(epoch: learner.epoch + 1), to: file)
    }

    /// A fit may have been cancelled for other reasons: ranks ask each other.
    public override func afterCancelFit(_ learner: Learner) throws {
        guard signal == nil else { return }
        let own = requested()
        let met = try learner.coordinator.average(Double(own ?? 0), weight: own == nil ? 0 : 1)
        guard let mean = met.mean else { return }
        // Ranks that got different signals call it SIGTERM.
        signal = mean == mean.rounded() ? Int32(mean) : 15
        let path = try learner.saveResumePoint(ResumePoint(epoch: learner.epoch, batches: batches), to: file)
        guard learner.coordinator.isWriter, let signal else { return }
        console.write(
            "lockstep: \(StopSignals.name(of: signal)): stopped in epoch \(learner.epoch) after \(batches) batches; the run can be resumed from \(path)\n"
        )
    }

    public override func teardown(_ learner: Learner) {
        if isWatching { StopSignals.unwatch() }
        isWatching = false
    }
}
