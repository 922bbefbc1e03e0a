// SPDX-License-Identifier: Apache-2.0
// The base class of callbacks: one method per event, and when they run.

import LockstepTensor

/// Something that takes part in training: override the events you care about.
///
/// ```swift
/// final class StopAtNoon: Callback {
///     override func afterBatch(_ learner: Learner) throws {
///         if Calendar.current.component(.hour, from: .now) >= 12 { throw CancelSignal.fit }
///     }
/// }
/// ```
///
/// Callbacks see an event in rising ``order``, equal orders as they were added; ``runsAfter`` and ``runsBefore`` override
/// that. If one throws, later ones do not see the event. What a callback replaces on the learner it puts back in
/// ``teardown(_:)``. Not `Sendable`.
///
/// On several ranks every rank has its own instance and calls it at the same events; ask
/// ``TrainingCoordinator/isWriter`` before printing or writing.
open class Callback {
    /// The learner it was added to; nil before and after.
    public internal(set) final weak var learner: Learner?
    /// Whether it runs at all. Back to true after every fit: set it to false in `beforeFit` to sit one out.
    @exclusivity(unchecked) public final var run = true
    /// Whether it sees batch events in training.
    @exclusivity(unchecked) public final var runTrain = true
    /// Whether it sees batch events in validation.
    @exclusivity(unchecked) public final var runValid = true

    /// A callback that runs in training and validation.
    public init() {}

    /// Its place among the others: −10 training mode, −9 stop on a bad loss, 0 yours, 6 accumulation, 10 precision,
    /// 11 clipping and distribution, 50 recorder, 60 progress and schedules.
    open var order: Int { 0 }
    /// Types that must run before it, whatever the orders; subclasses count.
    open var runsAfter: [Callback.Type] { [] }
    /// Types that must run after it, whatever the orders; subclasses count.
    open var runsBefore: [Callback.Type] { [] }
    /// Whether it takes part in `validate` and `predictions`; recorders and trackers of training do not.
    open var takesPartInInference: Bool { true }
    /// What its `beforeStep` wants of the gradients, where it has one: on several ranks they are those of all only if asked for.
    open var gradientNeeds: GradientNeeds { .values }
    /// Whether an exported learner keeps it; what belongs to a run or a machine, and not to the model, says no.
    open var isExported: Bool { true }
    /// Under which name the learner knows it: the snake-cased type without a trailing `Callback`.
    open var name: String { snakeCaseName(typeName, dropping: "Callback") }

    /// Called when it has been added to a learner, before any event. Must not communicate.
    open func added(to learner: Learner) {}
    /// Called when it has been removed from a learner, after any ``teardown(_:)``.
    open func removed(from learner: Learner) {}

    /// Once, at the end of the learner's initialiser; not for callbacks added later.
    open func afterCreate(_ learner: Learner) throws {}
    /// Before the first epoch; also before `validate` and `predictions` outside of a fit.
    open func beforeFit(_ learner: Learner) throws {}
    /// Before an epoch that is trained or validated.
    open func beforeEpoch(_ learner: Learner) throws {}
    /// Before an epoch's training batches; the loader can be replaced here (``Learner/dl``).
    open func beforeTrain(_ learner: Learner) throws {}
    /// When a batch is there, before the model: ``Learner/xb`` and ``Learner/yb`` can be changed.
    open func beforeBatch(_ learner: Learner) throws {}
    /// When ``Learner/preds`` is there.
    open func afterPred(_ learner: Learner) throws {}
    /// Also for batches without targets.
    open func afterLoss(_ learner: Learner) throws {}
    /// Before the backward pass, of ``Learner/lossGrad``.
    open func beforeBackward(_ learner: Learner) throws {}
    /// When a signal has ended the backward pass; the step still happens.
    open func afterCancelBackward(_ learner: Learner) throws {}
    /// After the backward pass, cancelled or not.
    open func afterBackward(_ learner: Learner) throws {}
    /// Before the update. On several ranks those after a `DistributedCallback` see gradients of the whole batch.
    open func beforeStep(_ learner: Learner) throws {}
    /// When a signal has ended the step; gradients are zeroed.
    open func afterCancelStep(_ learner: Learner) throws {}
    /// After the update, cancelled or not.
    open func afterStep(_ learner: Learner) throws {}
    /// When a signal has ended the batch.
    open func afterCancelBatch(_ learner: Learner) throws {}
    /// After every batch, cancelled or not.
    open func afterBatch(_ learner: Learner) throws {}
    /// When a signal has ended the training batches.
    open func afterCancelTrain(_ learner: Learner) throws {}
    /// After an epoch's training batches, cancelled or not.
    open func afterTrain(_ learner: Learner) throws {}
    /// Before validation batches; the loader can be replaced here.
    open func beforeValidate(_ learner: Learner) throws {}
    /// When a signal has ended the validation batches.
    open func afterCancelValidate(_ learner: Learner) throws {}
    /// After the validation batches, cancelled or not.
    open func afterValidate(_ learner: Learner) throws {}
    /// When a signal has ended the epoch.
    open func afterCancelEpoch(_ learner: Learner) throws {}
    /// After an epoch, cancelled or not.
    open func afterEpoch(_ learner: Learner) throws {}
    /// When a signal has ended the fit.
    open func afterCancelFit(_ learner: Learner) throws {}
    /// After the last epoch, cancelled or not.
    open func afterFit(_ learner: Learner) throws {}

    /// Surrounds a level of the loop: what follows `level()` happens however the level is left, by whatever signal or error.
    ///
    /// ```swift
    /// final class Timed: Callback {
    ///     override func around(_ phase: Phase, _ learner: Learner, _ level: () throws -> Void) throws {
    ///         let start = ContinuousClock.now
    ///         defer { if phase == .validate { print(ContinuousClock.now - start) } }
    ///         try level()
    ///     }
    /// }
    /// ```
    /// `level` is the level's `before` event and what it does, up to its `after_cancel` and `after` events, which stay as they are.
    /// Call it once; what it throws leaves the level whether or not you let it through. Callbacks that come first in the running
    /// order are outermost. A signal or error of your own counts as if the `before` event had thrown it. A callback that would
    /// not see a level's events (``run``, ``runTrain``, ``runValid``, ``takesPartInInference``) does not surround it.
    open func around(_ phase: Phase, _ learner: Learner, _ level: () throws -> Void) throws { try level() }

    /// Puts back what the callback replaced. Runs whenever a fit (or a `validate`, or `predictions`) ends, however it
    /// ends, last callback first; also when `beforeFit` was never reached, so it must not rely on it.
    open func teardown(_ learner: Learner) {}

    /// Whether it surrounds levels of the loop.
    var surroundsLevels: Bool { OverriddenEvents.surroundsLevels(type(of: self)) }
    /// The events it implements.
    var handledEvents: EventSet { OverriddenEvents.of(type(of: self)) }

    /// Runs the method for `event`.
    func handle(_ event: Event, _ learner: Learner) throws {
        switch event {
        case .afterCreate: try afterCreate(learner)
        case .beforeFit: try beforeFit(learner)
        case .beforeEpoch: try beforeEpoch(learner)
        case .beforeTrain: try beforeTrain(learner)
        case .beforeBatch: try beforeBatch(learner)
        case .afterPred: try afterPred(learner)
        case .afterLoss: try afterLoss(learner)
        case .beforeBackward: try beforeBackward(learner)
        case .afterCancelBackward: try afterCancelBackward(learner)
        case .afterBackward: try afterBackward(learner)
        case .beforeStep: try beforeStep(learner)
        case .afterCancelStep: try afterCancelStep(learner)
        case .afterStep: try afterStep(learner)
        case .afterCancelBatch: try afterCancelBatch(learner)
        case .afterBatch: try afterBatch(learner)
        case .afterCancelTrain: try afterCancelTrain(learner)
        case .afterTrain: try afterTrain(learner)
        case .beforeValidate: try beforeValidate(learner)
        case .afterCancelValidate: try afterCancelValidate(learner)
        case .afterValidate: try afterValidate(learner)
        case .afterCancelEpoch: try afterCancelEpoch(learner)
        case .afterEpoch: try afterEpoch(learner)
        case .afterCancelFit: try afterCancelFit(learner)
        case .afterFit: try afterFit(learner)
        }
    }

    /// Whether `run`, `runTrain` and `runValid` let it see `event`.
    final func isDue(at event: Event, isTraining: Bool) -> Bool {
        run && (!event.isInner || (isTraining ? runTrain : runValid))
    }

    /// The name of its type.
    public final var typeName: String { String(describing: type(of: self)) }
}
