// SPDX-License-Identifier: Apache-2.0
// Forgetting recurrent state between phases.

import LockstepNN
public import LockstepTensor

/// Calls the model's `reset()` before each training and validation phase and after the fit. For models that carry state
/// from batch to batch, such as language models. Runs on every rank alike.
/// - Note: fastai: `ModelResetter`.
public final class ModelResetter: Callback {
    public override init() { super.init() }
    public override func beforeTrain(_ learner: Learner) { learner.model.reset() }
    public override func beforeValidate(_ learner: Learner) { learner.model.reset() }
    public override func afterFit(_ learner: Learner) { learner.model.reset() }
}

extension ModelResetter: Configurable {
    public static let configuration = Configuration(ModelResetter.self) { _ in ModelResetter() }
}
