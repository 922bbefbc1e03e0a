// SPDX-License-Identifier: Apache-2.0
// Training at a constant rate with a cosine descent at the end.

public import LockstepOptim
import LockstepTensor

extension Learner {
    /// Trains at `lr` for the first `pctStart` of the fit, then lets it fall along a cosine to `lr / divFinal`.
    ///
    /// Momentum is left alone. A fit that starts at a later epoch goes on where the schedule is then. Collective: on several
    /// ranks call it on all of them; the schedule is the same everywhere.
    ///
    /// - Parameters:
    ///   - lr: The rate; nil takes ``lr``. Slices give each parameter group its own.
    ///   - divFinal: The last rate is `lr / divFinal`.
    ///   - pctStart: The part of the fit before the descent, 0 to 1.
    ///   - callbacks: For this fit only; they run after the scheduler.
    /// - Throws: what `fit` throws.
    /// - Note: fastai: `fit_flat_cos`.
    public func fitFlatCos(
        _ nEpoch: Int, lr: LearningRate? = nil, divFinal: Double = 1e5, pctStart: Double = 0.75, wd: HyperValue? = nil,
        callbacks: [Callback] = [], resetOptimizer: Bool = false, startEpoch: Int = 0, resume: ResumePolicy = .never
    ) throws {
        recordCall(
            of: "fit_flat_cos",
            [
                "n_epoch": .int(nEpoch), "lr": lr.map(ConfigValue.init), "div_final": .double(divFinal),
                "pct_start": .double(pctStart), "wd": wd.map(ConfigValue.init),
            ])
        let optimizer = try optimizer ?? createOptimizer()
        let rates = try (lr ?? self.lr).values(groups: optimizer.groups.count, name: "lr")
        let scheduler = ParamScheduler(perGroup: ["lr": rates.map { .combinedCosine(pctStart, $0, $0, $0 / divFinal) }])
        try fit(
            nEpoch, lr: lr, wd: wd, callbacks: [scheduler] + callbacks, resetOptimizer: resetOptimizer,
            startEpoch: startEpoch, resume: resume)
    }
}
