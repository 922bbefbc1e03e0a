// SPDX-License-Identifier: Apache-2.0
// Measuring what the time of a fit goes into: the base of traces and reports.

public import LockstepComm
public import LockstepLearner

/// What a rank does with its time.
public enum Activity: String, Sendable, CaseIterable {
    /// Waiting for, or making, the next batch.
    case data
    /// From the batch's arrival to its loss.
    case forward
    case backward
    /// The optimizer.
    case step
}

/// The base of callbacks that measure: override ``span(_:from:to:communicated:learner:)``, and
/// ``collective(_:from:to:waited:worked:)`` for what ranks do together.
///
/// Measures with a few looks at the clock per batch. Each rank measures itself.
open class TimingCallback: Callback, CommunicationObserver {
    /// No: what is timed is a run.
    open override var isExported: Bool { false }
    /// The ranks; nil until a fit begins with those of the learner's ``DistributedCallback``, or this program's.
    public private(set) var communicator: (any Communicator)?
    /// Nanoseconds of collectives since the fit began, without updates that were made inside.
    private var communicated: Int64 = 0
    private var isObserving = false
    /// When the activity at hand began, and what had been communicated then.
    private var mark: (time: Int64, communicated: Int64) = (0, 0)

    /// Times of the ranks of `communicator`; nil means those this program was started with.
    public init(communicator: (any Communicator)? = nil) {
        self.communicator = communicator
        super.init()
    }

    /// After the sharding of loaders and the reduction of gradients.
    open override var order: Int { 12 }
    open override var runsAfter: [Callback.Type] { [DistributedCallback.self] }
    open override var takesPartInInference: Bool { false }
    /// None: it looks at the clock only.
    open override var gradientNeeds: GradientNeeds { [] }

    /// One stretch of time, in nanoseconds of `MonotonicClock`.
    ///
    /// - Parameter communicated: nanoseconds of it that went into collectives.
    open func span(_ activity: Activity, from start: Int64, to end: Int64, communicated: Int64, learner: Learner) {}

    /// One collective; an override calls `super`.
    open func collective(_ name: String, from start: Int64, to end: Int64, waited: Int64, worked: Int64) {
        communicated += end - start - worked
    }

    // MARK: Events

    /// An override calls `super`.
    open override func beforeFit(_ learner: Learner) throws {
        let ranks =
            try communicator ?? learner.callback(ofType: DistributedCallback.self)?.communicator ?? World.current()
        communicator = ranks
        if !isObserving { ranks.observers.append(self) }
        isObserving = true
    }

    open override func beforeTrain(_ learner: Learner) throws { time(learner) }
    open override func beforeValidate(_ learner: Learner) throws { time(learner) }
    open override func beforeBatch(_ learner: Learner) throws { begin() }
    open override func afterLoss(_ learner: Learner) throws { end(.forward, learner) }
    open override func beforeBackward(_ learner: Learner) throws { begin() }
    open override func afterBackward(_ learner: Learner) throws { end(.backward, learner) }
    open override func beforeStep(_ learner: Learner) throws { begin() }
    open override func afterStep(_ learner: Learner) throws { end(.step, learner) }

    /// An override calls `super`.
    open override func teardown(_ learner: Learner) {
        if isObserving { communicator?.observers.removeAll { $0 === self } }
        isObserving = false
    }

    private func begin() { mark = (MonotonicClock.now, communicated) }

    private func end(_ activity: Activity, _ learner: Learner) {
        span(
            activity, from: mark.time, to: MonotonicClock.now, communicated: communicated - mark.communicated,
            learner: learner)
    }

    /// Has the loader of the phase that begins say how long its batches take.
    private func time(_ learner: Learner) {
        guard let loader = learner.dl else { return }
        learner.dl = TimedSource(loader) { [weak self, weak learner] start, before in
            guard let self, let learner else { return }
            span(.data, from: start, to: MonotonicClock.now, communicated: communicated - before, learner: learner)
        } communicated: { [weak self] in
            self?.communicated ?? 0
        }
    }
}
