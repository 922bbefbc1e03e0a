// SPDX-License-Identifier: Apache-2.0
// Following the loss of validation: the best epoch's model, and an end when it no longer falls.

import Lockstep
import LockstepData

extension TrainingOptions {
    /// The callbacks that follow the loss of validation, and say so on `console`.
    func trackers(_ console: Console) -> [Callback] {
        // A line for each better epoch would part the table.
        let silent = Console { _ in }
        return (best ? [SaveModelCallback(filename: "best", console: silent)] : [])
            + (earlyStop.map { [EarlyStoppingCallback(patience: $0, console: console)] } ?? [])
    }

    /// Refuses to follow a loss that there is none of.
    func checkTrackers(_ task: TrainingTask) throws {
        guard best || earlyStop != nil, (task.dls.valid?.itemCount ?? 0) == 0 else { return }
        let option = best ? "--best" : "--early-stop"
        throw Failure.usage("\(option): there is nothing for validation, so there is no loss to follow")
    }
}
