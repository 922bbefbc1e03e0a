// SPDX-License-Identifier: Apache-2.0
// Who wants to save what can be saved when a fit fails.

/// A callback that is told of an error before the other ranks are: some may be gone.
package protocol FailureWitness: Callback {
    /// Must neither throw nor communicate.
    func fitFailed(_ learner: Learner)
}
