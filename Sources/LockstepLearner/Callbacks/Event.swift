// SPDX-License-Identifier: Apache-2.0
// The closed list of moments at which callbacks are called.

/// A moment of the training loop. Raw values are fastai's names, as printed by ``Learner/showTrainingLoop()``.
public enum Event: String, CaseIterable, Sendable {
    case afterCreate = "after_create"
    case beforeFit = "before_fit"
    case beforeEpoch = "before_epoch"
    case beforeTrain = "before_train"
    case beforeBatch = "before_batch"
    case afterPred = "after_pred"
    case afterLoss = "after_loss"
    case beforeBackward = "before_backward"
    case afterCancelBackward = "after_cancel_backward"
    case afterBackward = "after_backward"
    case beforeStep = "before_step"
    case afterCancelStep = "after_cancel_step"
    case afterStep = "after_step"
    case afterCancelBatch = "after_cancel_batch"
    case afterBatch = "after_batch"
    case afterCancelTrain = "after_cancel_train"
    case afterTrain = "after_train"
    case beforeValidate = "before_validate"
    case afterCancelValidate = "after_cancel_validate"
    case afterValidate = "after_validate"
    case afterCancelEpoch = "after_cancel_epoch"
    case afterEpoch = "after_epoch"
    case afterCancelFit = "after_cancel_fit"
    case afterFit = "after_fit"

    /// Whether the event belongs to a batch, so that ``Callback/runTrain`` and ``Callback/runValid`` decide about it.
    public var isInner: Bool {
        switch self {
        case .beforeBatch, .afterPred, .afterLoss, .beforeBackward, .afterCancelBackward, .afterBackward, .beforeStep,
            .afterCancelStep, .afterStep, .afterCancelBatch, .afterBatch:
            true
        default: false
        }
    }

    /// Position in ``allCases``.
    var index: Int {
        switch self {
        case .afterCreate: 0
        case .beforeFit: 1
        case .beforeEpoch: 2
        case .beforeTrain: 3
        case .beforeBatch: 4
        case .afterPred: 5
        case .afterLoss: 6
        case .beforeBackward: 7
        case .afterCancelBackward: 8
        case .afterBackward: 9
        case .beforeStep: 10
        case .afterCancelStep: 11
        case .afterStep: 12
        case .afterCancelBatch: 13
        case .afterBatch: 14
        case .afterCancelTrain: 15
        case .afterTrain: 16
        case .beforeValidate: 17
        case .afterCancelValidate: 18
        case .afterValidate: 19
        case .afterCancelEpoch: 20
        case .afterEpoch: 21
        case .afterCancelFit: 22
        case .afterFit: 23
        }
    }
}
