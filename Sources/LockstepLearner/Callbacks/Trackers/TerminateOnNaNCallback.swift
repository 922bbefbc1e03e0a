// SPDX-License-Identifier: Apache-2.0
// Ending a fit whose loss is not a number.

public import LockstepTensor

/// Ends the fit when a batch's loss is NaN or infinite, in training or validation. That batch is not recorded.
///
/// On several ranks a bad loss on one of them ends the fit on all. The sentence that says where the loss was bad says that it
/// ends (``Learner/nonFiniteLoss``).
/// - Note: fastai: `TerminateOnNaNCallback`.
public final class TerminateOnNaNCallback: Callback {
    public override var order: Int { -9 }
    public override var takesPartInInference: Bool { false }

    public override func afterBatch(_ learner: Learner) throws {
        // A part that counts nothing may have no loss where the batch has one: asked of all ranks, so all end alike.
        let loss = try learner.stepLoss ?? learner.wholeLoss()
        guard let loss, !loss.isFinite else { return }
        if !learner.training || learner.nonFiniteLoss == nil {
            let found = NonFiniteLoss(
                epoch: learner.epoch, batch: learner.iter, isTraining: learner.training, rank: nil, value: loss)
            learner.warn("\(found): TerminateOnNaNCallback ends the fit")
        }
        throw CancelSignal.fit
    }
}

extension TerminateOnNaNCallback: Configurable {
    public static let configuration = Configuration(TerminateOnNaNCallback.self) { _ in TerminateOnNaNCallback() }
}
