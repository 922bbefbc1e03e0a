// SPDX-License-Identifier: Apache-2.0
// What a prediction run gives back.

public import LockstepTensor

/// Predictions for the items of a data source, in the data set's order.
///
/// On several ranks the writing rank has everything; the others have the same parts with no items.
public struct Predictions {
    /// The model's inputs, if asked for.
    public var inputs: [Tensor]?
    /// The model's outputs after the activation.
    public var outputs: [Tensor]
    /// The targets; empty for unlabelled items.
    public var targets: [Tensor]
    /// The decisions that follow from the activated predictions, if asked for.
    public var decoded: Tensor?
    /// One loss per item, if asked for and there were targets.
    public var losses: Tensor?

    /// The first output: of most models the only one.
    public var predictions: Tensor { outputs.first ?? .zeros([0]) }
    /// The first target; nil for unlabelled items.
    public var target: Tensor? { targets.first }
    /// Number of items.
    public var count: Int { predictions.shape.first ?? 0 }
}
