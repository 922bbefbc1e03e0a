// SPDX-License-Identifier: Apache-2.0
// Properties replaced for a scope: logging, progress, the loss's reduction.

import LockstepNN
import LockstepTensor

extension Learner {
    /// Runs `body` without rows being logged. Progress bars stay. Ranks that do not write log nothing anyway.
    @discardableResult
    public func withoutLogging<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        try replacing(\.logger, on: self, with: SilentLogger(), body)
    }

    /// Runs `body` without progress bars and their table; rows go to ``Learner/logger``, which prints them as lists unless it
    /// was replaced. Ranks that do not write show nothing anyway.
    /// - Note: fastai: `no_bar`.
    @discardableResult
    public func withoutProgress<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result
    {
        try replacing(\.showsProgress, on: self, with: false, body)
    }

    /// Runs `body` while the loss function returns one loss per item (or per element) instead of their mean. On several
    /// ranks the losses are those of the rank's own items.
    @discardableResult
    public func withUnreducedLoss<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var unreduced = lossFunction
        unreduced.reduction = .none
        return try replacing(\.lossFunction, on: self, with: unreduced, body)
    }
}
