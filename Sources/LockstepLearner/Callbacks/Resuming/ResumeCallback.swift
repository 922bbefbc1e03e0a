// SPDX-License-Identifier: Apache-2.0
// Going on in the middle of an epoch.

/// Starts the first epoch of a fit after the batches that an interrupted run has done, which are not even loaded.
///
/// Give the fit the point's epoch as `startEpoch`, too. The smoothed training loss and the trackers go on where they were.
/// Runs on every rank alike.
public final class ResumeCallback: Callback, Configured {
    /// Where the interrupted run was.
    public let point: ResumePoint

    /// Goes on at `point`.
    public init(_ point: ResumePoint) { self.point = point }

    public var arguments: KeyValuePairs<String, ConfigValue> {
        ["epoch": .int(point.epoch), "batches": .int(point.batches)]
    }

    /// No: it belongs to a run.
    public override var isExported: Bool { false }

    public override var order: Int { 51 }
    public override var runsAfter: [Callback.Type] { [Recorder.self] }
    public override var takesPartInInference: Bool { false }

    public override func beforeFit(_ learner: Learner) {
        guard point.smoothing.count == 2, let recorder = learner.recorder else { return }
        recorder.smooth.state = MetricState(shared: point.smoothing)
        learner.smoothLoss = recorder.smooth.value
    }

    /// After all trackers have begun the fit.
    public override func beforeTrain(_ learner: Learner) {
        guard learner.epoch == point.epoch else { return }
        learner.firstBatch = point.batches
        TrackerMemory.restore(point.trackers, to: learner.callbacks.compactMap { $0 as? Tracker })
    }
}
