// SPDX-License-Identifier: Apache-2.0
// Training mode and the counters that schedules follow.

import LockstepNN
public import LockstepTensor

/// Puts model and learner into training or evaluation mode and counts.
///
/// `pctTrain` in batch i of epoch e is (e + i / nIter) / nEpoch, so schedules see values from 0 to just under 1; e / nEpoch
/// where the loader does not know its number of batches. Runs on every rank alike.
public final class TrainEvalCallback: Callback {
    public override init() {
        super.init()
        runValid = false
    }

    public override var order: Int { -10 }

    public override func afterCreate(_ learner: Learner) { learner.nEpoch = 1 }

    public override func beforeFit(_ learner: Learner) {
        if learner.isInferring { return }
        (learner.epoch, learner.trainIter, learner.pctTrain) = (0, 0, 0)
        learner.loss = nil
        learner.model.reset()
    }

    public override func beforeTrain(_ learner: Learner) {
        learner.pctTrain = Double(learner.epoch) / Double(learner.nEpoch)
        learner.model.train()
        learner.training = true
    }

    public override func afterBatch(_ learner: Learner) {
        if learner.nIter > 0 { learner.pctTrain += 1 / (Double(learner.nIter) * Double(learner.nEpoch)) }
        learner.trainIter += 1
    }

    public override func beforeValidate(_ learner: Learner) {
        learner.model.eval()
        learner.training = false
    }

    /// A fit that ends without validation leaves evaluation mode behind too.
    public override func teardown(_ learner: Learner) {
        guard learner.training else { return }
        learner.model.eval()
        learner.training = false
    }
}

extension TrainEvalCallback: Configurable {
    public static let configuration = Configuration(TrainEvalCallback.self) { _ in TrainEvalCallback() }
}

/// Skips the epochs before a given one, as when resuming, on every rank alike. Added by `fit(startEpoch:)`.
///
/// A skipped epoch belongs to a run before this one: the loop starts at ``epoch``, and no callback sees an event of those
/// before, be it one that saves, counts or logs. What a callback changes on its way (a layer it thaws in epoch 3) is state
/// of the run that a ``ResumePoint`` brings back. In a loop of one's own that dispatches events it cancels the epoch.
public final class SkipToEpoch: Callback {
    /// The first epoch that is trained.
    public let epoch: Int

    /// Skips epochs 0 ..< `epoch`.
    public init(_ epoch: Int) { self.epoch = max(0, epoch) }

    public override var order: Int { 70 }
    /// No: it belongs to a fit.
    public override var isExported: Bool { false }

    public override func beforeEpoch(_ learner: Learner) throws {
        if learner.epoch < epoch { throw CancelSignal.epoch }
    }
}

extension SkipToEpoch: Configurable {
    public static let configuration = Configuration(SkipToEpoch.self) {
        Field("epoch", \.epoch)
    }
}
