// SPDX-License-Identifier: Apache-2.0
// A batch's forward and backward passes, in other hands than the learner's.

/// Carries out the passes of a batch in place of the learner, which makes one forward and one backward pass over the whole
/// of it. For schemes that see a batch in pieces. Events are the same; callbacks need not know.
///
/// On several ranks each asks its own, with its part of the batch, for every batch of the loop.
public protocol BatchPasses: AnyObject {
    /// Runs the model on ``Learner/xb`` and leaves ``Learner/preds``; also called when this rank's shard has no items.
    func forward(_ learner: Learner) throws
    /// Leaves ``Learner/loss``, ``Learner/lossGrad`` and ``Learner/batchWeight``. Called for every batch with targets, also when
    /// this rank's shard has no items.
    func computeLoss(_ learner: Learner) throws
    /// Leaves the parameters' gradients; also called when this rank's shard has no items.
    func backward(_ learner: Learner) throws
}
