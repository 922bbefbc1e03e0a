// SPDX-License-Identifier: Apache-2.0
// Ending a fit whose loss is not a number.

import LockstepTensor

/// Ends the fit when a batch's loss is NaN or infinite, in training or validation. That batch is not recorded.
///
/// On several ranks a bad loss on one of them ends the fit on all.
/// - Note: fastai: `TerminateOnNaNCallback`.
public final class TerminateOnNaNCallback: Callback {
    public override var order: Int { -9 }
    public override var takesPartInInference: Bool { false }

    public override func afterBatch(_ learner: Learner) throws {
        // A part that counts nothing may have no loss where the batch has one: asked of all ranks, so all end alike.
        let loss = try learner.stepLoss ?? learner.wholeLoss()
        if let loss, !loss.isFinite { throw CancelSignal.fit }
    }
}
