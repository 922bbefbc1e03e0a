// SPDX-License-Identifier: Apache-2.0
// Cancel signals as bits of the word that every collective carries.

import LockstepComm
import LockstepLearner

extension CancelSignal {
    /// This signal's bit.
    var status: StatusWord {
        switch self {
        case .fit: .cancelFit
        case .epoch: .cancelEpoch
        case .train: .cancelTrain
        case .validate: .cancelValidate
        case .batch: .cancelBatch
        case .step: .cancelStep
        case .backward: .cancelBackward
        }
    }

    /// The signal that leaves most of the loop, when several ranks want different ones.
    init?(strongestIn status: StatusWord) {
        let order: [CancelSignal] = [.fit, .epoch, .train, .validate, .batch, .step, .backward]
        guard let strongest = order.first(where: { status.contains($0.status) }) else { return nil }
        self = strongest
    }
}
