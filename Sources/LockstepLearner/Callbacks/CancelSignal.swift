// SPDX-License-Identifier: Apache-2.0
// What a callback throws to leave a part of the loop early, and the parts it can leave.

/// Thrown by a callback to leave a level of the loop early; that level's own handler catches it.
///
/// | Signal | The rest of … is skipped | Then fire |
/// |---|---|---|
/// | `backward` | the backward pass; the step still happens | `after_cancel_backward`, `after_backward` |
/// | `step` | the optimizer's step; gradients are zeroed | `after_cancel_step`, `after_step` |
/// | `batch` | the batch; gradients are **not** zeroed | `after_cancel_batch`, `after_batch` |
/// | `train`, `validate` | the phase | `after_cancel_…`, `after_…` |
/// | `epoch` | the epoch, without its inner `after_…` events | `after_cancel_epoch`, `after_epoch` |
/// | `fit` | everything, without any inner `after_…` event | `after_cancel_fit`, `after_fit` |
///
/// `after_validate` is therefore no place to put something back: a signal for epoch or fit leaves the phase without it. What a
/// callback does after `level()` in ``Callback/around(_:_:_:)`` happens whichever signal, or error, ends the level.
///
/// Thrown where no such level is running (say `.train` from `afterTrain`), it leaves `fit` as an ``EscapedCancelError``.
public enum CancelSignal: String, Error, Sendable, CaseIterable {
    case fit, epoch, train, validate, batch, step, backward
}

/// A level of the loop: what `before_…` and `after_…` events come in pairs for.
public enum Phase: String, Sendable, CaseIterable {
    case fit, epoch, train, validate, batch, backward, step

    /// The event that opens it.
    public var before: Event {
        switch self {
        case .fit: .beforeFit
        case .epoch: .beforeEpoch
        case .train: .beforeTrain
        case .validate: .beforeValidate
        case .batch: .beforeBatch
        case .backward: .beforeBackward
        case .step: .beforeStep
        }
    }

    /// The event that closes it, cancelled or not.
    public var after: Event {
        switch self {
        case .fit: .afterFit
        case .epoch: .afterEpoch
        case .train: .afterTrain
        case .validate: .afterValidate
        case .batch: .afterBatch
        case .backward: .afterBackward
        case .step: .afterStep
        }
    }

    /// The event that says it was cancelled.
    public var afterCancel: Event {
        switch self {
        case .fit: .afterCancelFit
        case .epoch: .afterCancelEpoch
        case .train: .afterCancelTrain
        case .validate: .afterCancelValidate
        case .batch: .afterCancelBatch
        case .backward: .afterCancelBackward
        case .step: .afterCancelStep
        }
    }

    /// The signal it catches.
    public var signal: CancelSignal {
        switch self {
        case .fit: .fit
        case .epoch: .epoch
        case .train: .train
        case .validate: .validate
        case .batch: .batch
        case .backward: .backward
        case .step: .step
        }
    }
}
