// SPDX-License-Identifier: Apache-2.0
// Keeping the statistics of frozen batch normalisation.

import LockstepNN
public import LockstepTensor

/// Keeps batch-norm layers whose parameters do not train in evaluation mode, so that their running statistics stay too.
///
/// With the learner's `trainBn` (the default) those parameters train even in frozen groups; then this does nothing. Runs
/// on every rank alike.
/// - Note: fastai: `BnFreeze`.
public final class BnFreeze: Callback {
    public override init() { super.init() }

    public override var runsAfter: [Callback.Type] { [TrainEvalCallback.self] }

    public override func beforeTrain(_ learner: Learner) {
        for case let layer as BatchNorm in learner.model.modules() {
            let parameters = layer.parameters()
            if !parameters.isEmpty && parameters.allSatisfy({ !$0.isTrainable }) { layer.eval() }
        }
    }
}

extension BnFreeze: Configurable {
    public static let configuration = Configuration(BnFreeze.self) { _ in BnFreeze() }
}
