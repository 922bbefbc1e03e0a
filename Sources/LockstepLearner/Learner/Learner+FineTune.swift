// SPDX-License-Identifier: Apache-2.0
// Transfer learning in one call: first the head, then everything.

public import LockstepOptim
import LockstepTensor

extension Learner {
    /// Trains the last parameter group with the others frozen, then all of them with smaller rates for earlier ones.
    ///
    /// ```
    /// frozen     freezeEpochs   one cycle, peaks .slice(baseLR), pctStart 0.99
    /// unfrozen   epochs         one cycle, peaks .slice(baseLR / 2 / lrMult, baseLR / 2)
    /// ```
    /// Trackers among `callbacks` keep their best value from the first phase in the second, so that what they restore is
    /// the best of both. Collective: on several ranks call it on all of them.
    ///
    /// - Parameters:
    ///   - epochs: Epochs of the second phase.
    ///   - lrMult: How much smaller the first group's rate is than the last one's.
    ///   - pctStart: Of the second phase.
    ///   - div: Of the second phase: it starts at a peak divided by this.
    ///   - callbacks: For these fits only.
    ///   - resume: As for `fit`: a run that was interrupted in the second phase goes on there.
    /// - Throws: what `fit` throws.
    /// - Note: fastai: `fine_tune`.
    public func fineTune(
        _ epochs: Int, baseLR: Double = 2e-3, freezeEpochs: Int = 1, lrMult: Double = 100, pctStart: Double = 0.3,
        div: Double = 5, divFinal: Double = 1e5, wd: HyperValue? = nil, moms: (Double, Double, Double)? = nil,
        callbacks: [Callback] = [], resume: ResumePolicy = .never
    ) throws {
        recordCall(
            of: "fine_tune",
            [
                "epochs": .int(epochs), "base_lr": .double(baseLR), "freeze_epochs": .int(freezeEpochs),
                "lr_mult": .double(lrMult), "pct_start": .double(pctStart), "div": .double(div),
            ])
        try freeze()
        try fitOneCycle(
            freezeEpochs, lrMax: .slice(baseLR), divFinal: divFinal, pctStart: 0.99, wd: wd, moms: moms,
            callbacks: callbacks, resume: resume)
        try unfreeze()
        let trackers = (self.callbacks + callbacks).compactMap { $0 as? Tracker }.filter(\.resetOnFit)
        for tracker in trackers { tracker.resetOnFit = false }
        defer { for tracker in trackers { tracker.resetOnFit = true } }
        try fitOneCycle(
            epochs, lrMax: .slice(baseLR / 2 / lrMult, baseLR / 2), div: div, divFinal: divFinal, pctStart: pctStart,
            wd: wd, moms: moms, callbacks: callbacks, resume: resume)
    }
}
