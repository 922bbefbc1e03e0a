// SPDX-License-Identifier: Apache-2.0
// One item of a dataset, and many of them as one batch: ordered tensors, the inputs first.

public import LockstepTensor

/// One item: what the model is given, and what it should answer.
public struct Sample {
    /// What the model is given.
    public var inputs: [Tensor]
    /// What it should say; empty when that is not known.
    public var targets: [Tensor]
    /// The item's number in its dataset (in a stream its place), once a loader has made it.
    public internal(set) var index: Int?

    /// An item.
    public init(inputs: [Tensor], targets: [Tensor] = []) {
        self.inputs = inputs
        self.targets = targets
    }

    /// Inputs, then targets.
    public var members: [Tensor] { inputs + targets }
}

/// Several items as tensors whose first axis counts the items.
public struct Batch {
    /// What the model is called with, in order.
    public var inputs: [Tensor]
    /// What the loss compares the model's outputs with; empty for unlabelled data.
    public var targets: [Tensor]
    /// The number of items. The weight of this batch in averages and in a distributed step.
    public var size: Int
    /// The place of the first item in the global batch, when this is one rank's shard of it; otherwise 0.
    public var firstItem = 0
    /// Where in the epoch's order the next batch begins; nil where its loader does not know. More than the items of all batches
    /// before when some were skipped.
    package var endPosition: Int?
    /// How much of a global batch is sure with this rank's shard: 1 unless its items end here and incomplete batches are dropped.
    package var shareOfWhole = 1.0

    /// A batch; `size` defaults to the length of the first member's first axis (1 for a scalar, 0 without members).
    public init(inputs: [Tensor], targets: [Tensor] = [], size: Int? = nil) {
        self.inputs = inputs
        self.targets = targets
        self.size = size ?? (inputs.first ?? targets.first).map { $0.shape.first ?? 1 } ?? 0
    }

    /// Inputs, then targets.
    public var members: [Tensor] { inputs + targets }

    /// A batch of `members`, of which the first `inputCount` are inputs.
    public init(members: [Tensor], inputCount: Int, size: Int? = nil) {
        self.init(
            inputs: Array(members.prefix(inputCount)), targets: Array(members.dropFirst(inputCount)), size: size)
    }

    /// The same members without items: a part of the batch that holds none.
    package var withoutItems: Batch {
        func emptied(_ tensors: [Tensor]) -> [Tensor] {
            tensors.map { $0.rank > 0 ? .zeros(Shape([0] + $0.shape.dimensions.dropFirst()), dtype: $0.dtype) : $0 }
        }
        return Batch(inputs: emptied(inputs), targets: emptied(targets), size: 0)
    }
}
