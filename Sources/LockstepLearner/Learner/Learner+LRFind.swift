// SPDX-License-Identifier: Apache-2.0
// Looking for a good learning rate without leaving a trace.

import LockstepData
public import LockstepOptim
import LockstepTensor

extension Learner {
    /// Trains with a rate that rises from `startLR` to `endLR`, and suggests one from where the loss fell. Smith, arXiv
    /// 1506.01186.
    ///
    /// However it ends, everything is as it was: parameters, buffers, optimizer, counters, random numbers, loaders, the
    /// recorder's history. Nothing is written to disk. Callbacks that do not take part in inference (recorder, progress,
    /// trackers) sit it out.
    ///
    /// ```swift
    /// let found = try learner.lrFind()
    /// try learner.fitOneCycle(5, lrMax: .value(found.valley ?? 1e-3))
    /// ```
    /// Collective: on several ranks call it on all of them. Each restores its own state; they stop in the same batch, and
    /// the result is the same everywhere.
    ///
    /// - Parameters:
    ///   - startLR: The first rate; `.perGroup` gives each parameter group its own.
    ///   - endLR: The rate the last batch stays just below.
    ///   - iterations: Number of batches; at least 6 are made.
    ///   - stopOnDivergence: Whether to stop when the smoothed loss is four times its lowest value.
    ///   - suggest: The rules to ask.
    /// - Throws: what `fit` throws.
    /// - Note: fastai: `lr_find`.
    public func lrFind(
        startLR: LearningRate = 1e-7, endLR: LearningRate = 10, iterations: Int = 100, stopOnDivergence: Bool = true,
        suggest: [LRSuggestion] = [.valley], callbacks: [Callback] = []
    ) throws -> LRFindResult {
        guard !isFitting else { throw LearnerError(.busy, "lrFind: this learner is in the middle of a fit") }
        let iterations = max(6, iterations)
        guard try length(of: dls.train) != 0 else {
            throw LearnerError(.noLoader, "lrFind: the training loader is empty, so there is nothing to train on")
        }
        // Each has at least one batch, on any number of ranks, and the finder stops where it has seen enough.
        let epochs = iterations
        _ = try optimizer ?? createOptimizer()
        let finder = LRFinder(
            start: startLR, end: endLR, iterations: iterations, stopsOnDivergence: stopOnDivergence)
        let snapshot = LearnerSnapshot(self)
        let bystanders = self.callbacks.filter { !$0.takesPartInInference }
        try withRemovedCallbacks(bystanders) { _ in
            defer { snapshot.restore(to: self) }
            try replacing(\.expectsNonFiniteLoss, on: self, with: true) {
                try withoutLogging { try fit(epochs, callbacks: callbacks + [finder]) }
            }
        }
        let result = LRFindResult(lrs: finder.lrs, losses: finder.losses, iterations: iterations, rules: suggest)
        if result.suggestions.count < suggest.count {
            warn("lrFind: \(finder.losses.count) batches are too few for a suggestion; ask for more iterations")
        }
        return result
    }
}
