// SPDX-License-Identifier: Apache-2.0
// Keeping every batch of a fit, to look at it.

public import LockstepTensor

/// Keeps inputs, targets, outputs and loss of every batch of a fit, training and validation, cut from the graph.
///
/// On several ranks each keeps its own shards of the batches.
/// - Note: fastai: `CollectDataCallback`.
public final class CollectDataCallback: Callback {
    /// What is kept of one batch.
    public struct Entry {
        /// What the model was given.
        public let inputs: [Tensor]
        /// Empty for a batch without targets.
        public let targets: [Tensor]
        /// What the model said.
        public let outputs: [Tensor]
        /// Nil for a batch without targets.
        public let loss: Tensor?
    }
    /// The batches since the fit began.
    public private(set) var data: [Entry] = []

    public override init() { super.init() }

    public override func beforeFit(_ learner: Learner) { data = [] }

    public override func afterBatch(_ learner: Learner) {
        data.append(
            Entry(
                inputs: learner.xb.map(\.detached), targets: learner.yb.map(\.detached),
                outputs: learner.preds.map(\.detached), loss: learner.loss?.detached))
    }
}

extension CollectDataCallback: Configurable {
    public static let configuration = Configuration(CollectDataCallback.self) { _ in CollectDataCallback() }
}
