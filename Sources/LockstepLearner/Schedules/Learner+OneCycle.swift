// SPDX-License-Identifier: Apache-2.0
// One-cycle training.

public import LockstepOptim
import LockstepTensor

extension Learner {
    /// Trains with one cycle of the learning rate, and the reverse cycle of the momentum. Smith, arXiv 1708.07120.
    ///
    /// ```
    ///           pctStart          1 − pctStart
    /// lr    max/div → max        max → max/divFinal          (cosines)
    /// mom   moms.0 → moms.1      moms.1 → moms.2
    /// ```
    /// Collective: on several ranks call it on all of them.
    ///
    /// - Parameters:
    ///   - lrMax: The peak; nil takes ``lr``. Slices give each parameter group its own.
    ///   - moms: Momentum at start, peak and end; nil takes ``moms``.
    ///   - callbacks: For this fit only; they run after the scheduler.
    public func fitOneCycle(
        _ nEpoch: Int, lrMax: LearningRate? = nil, div: Double = 25, divFinal: Double = 1e5, pctStart: Double = 0.25,
        wd: HyperValue? = nil, moms: (Double, Double, Double)? = nil, callbacks: [Callback] = [],
        resetOptimizer: Bool = false, startEpoch: Int = 0, resume: ResumePolicy = .never
    ) throws {
        note(
            "fit_one_cycle",
            [
                "n_epoch": .int(nEpoch), "lr_max": lrMax.map(ConfigValue.init), "div": .double(div),
                "div_final": .double(divFinal), "pct_start": .double(pctStart), "wd": wd.map(ConfigValue.init),
                "reset_opt": .bool(resetOptimizer), "start_epoch": .int(startEpoch),
            ])
        let optimizer = try optimizer ?? createOptimizer()
        let peaks = try (lrMax ?? lr).values(groups: optimizer.groups.count, name: "lr")
        let moms = moms ?? self.moms
        let scheduler = ParamScheduler(perGroup: [
            "lr": peaks.map { .combinedCosine(pctStart, $0 / div, $0, $0 / divFinal) },
            "mom": [.combinedCosine(pctStart, moms.0, moms.1, moms.2)],
        ])
        try fit(
            nEpoch, lr: lrMax, wd: wd, callbacks: [scheduler] + callbacks, resetOptimizer: resetOptimizer,
            startEpoch: startEpoch, resume: resume)
    }
}
