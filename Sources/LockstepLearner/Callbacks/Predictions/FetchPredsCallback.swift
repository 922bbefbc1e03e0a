// SPDX-License-Identifier: Apache-2.0
// Predictions after each validation, while training goes on.

import LockstepTensor

/// Fetches predictions after each validation phase, and keeps the last ones.
///
/// Recorder, progress and trackers sit the prediction run out, and the fit goes on where it was. `validate` fetches too;
/// `predictions` and `tta` do not. On several ranks all of them run the model, and the writing rank has the result.
/// - Note: fastai: `FetchPredsCallback`.
public final class FetchPredsCallback: Callback {
    /// What the last validation's run gave; nil before the first.
    public private(set) var predictions: Predictions?
    private let source: DataSource
    private let withInput: Bool
    private let withDecoded: Bool
    private let reorder: Bool
    private let bystanders: [Callback]

    /// - Parameters:
    ///   - source: The items to predict.
    ///   - withInput: Whether inputs are kept too.
    ///   - withDecoded: Whether decisions are added.
    ///   - callbacks: Callbacks of the learner that sit the prediction run out as well.
    ///   - reorder: Whether the result is in the data set's order.
    public init(
        on source: DataSource = .valid, withInput: Bool = false, withDecoded: Bool = false, callbacks: [Callback] = [],
        reorder: Bool = true
    ) {
        (self.source, self.withInput, self.withDecoded) = (source, withInput, withDecoded)
        (bystanders, self.reorder) = (callbacks, reorder)
    }

    /// No: it belongs to a run.
    public override var isExported: Bool { false }

    public override func afterValidate(_ learner: Learner) throws {
        // Its own run, and any other that gathers predictions already.
        guard learner.callback(ofType: GatherPredsCallback.self) == nil else { return }
        predictions = try learner.withRemovedCallbacks(bystanders) { learner in
            try learner.predictions(on: source, withInput: withInput, withDecoded: withDecoded, reorder: reorder)
        }
    }
}
