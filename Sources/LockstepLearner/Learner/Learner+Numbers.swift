// SPDX-License-Identifier: Apache-2.0
// The fits with numbers that are variables: `fit(3, lr: rate)`, `fitOneCycle(3, lrMax: found.valley)`.

public import LockstepOptim
import LockstepTensor

// A literal could be a `HyperValue` by itself, a variable cannot. What is nil is the default, as it is there.

extension Learner {
    /// `fit` with a `Double`, a `Float`, or either of them or nil. Collective.
    ///
    /// ```swift
    /// let rate = 1e-3
    /// try learner.fit(1, lr: rate)
    /// ```
    public func fit<Rate: HyperValueConvertible, Decay: HyperValueConvertible>(
        _ nEpoch: Int, lr: Rate = HyperValue?.none, wd: Decay = HyperValue?.none, callbacks: [Callback] = [],
        resetOptimizer: Bool = false, startEpoch: Int = 0, resume: ResumePolicy = .never
    ) throws {
        try fit(
            nEpoch, lr: lr.hyperValue, wd: wd.hyperValue, callbacks: callbacks, resetOptimizer: resetOptimizer,
            startEpoch: startEpoch, resume: resume)
    }

    /// One cycle with rates that are variables. Collective.
    ///
    /// ```swift
    /// let found = try learner.lrFind()
    /// try learner.fitOneCycle(1, lrMax: found.valley)    // nil, where nothing was found, is the learner's own rate
    /// ```
    public func fitOneCycle<Rate: HyperValueConvertible, Decay: HyperValueConvertible>(
        _ nEpoch: Int, lrMax: Rate = HyperValue?.none, div: Double = 25, divFinal: Double = 1e5,
        pctStart: Double = 0.25, wd: Decay = HyperValue?.none, moms: (Double, Double, Double)? = nil,
        callbacks: [Callback] = [], resetOptimizer: Bool = false, startEpoch: Int = 0, resume: ResumePolicy = .never
    ) throws {
        try fitOneCycle(
            nEpoch, lrMax: lrMax.hyperValue, div: div, divFinal: divFinal, pctStart: pctStart, wd: wd.hyperValue,
            moms: moms, callbacks: callbacks, resetOptimizer: resetOptimizer, startEpoch: startEpoch, resume: resume)
    }

    /// A constant rate with a cosine at the end, with rates that are variables. Collective.
    public func fitFlatCos<Rate: HyperValueConvertible, Decay: HyperValueConvertible>(
        _ nEpoch: Int, lr: Rate = HyperValue?.none, divFinal: Double = 1e5, pctStart: Double = 0.75,
        wd: Decay = HyperValue?.none, callbacks: [Callback] = [], resetOptimizer: Bool = false, startEpoch: Int = 0,
        resume: ResumePolicy = .never
    ) throws {
        try fitFlatCos(
            nEpoch, lr: lr.hyperValue, divFinal: divFinal, pctStart: pctStart, wd: wd.hyperValue, callbacks: callbacks,
            resetOptimizer: resetOptimizer, startEpoch: startEpoch, resume: resume)
    }

    /// Warm restarts with rates that are variables. Collective.
    public func fitSGDR<Rate: HyperValueConvertible, Decay: HyperValueConvertible>(
        cycles: Int, cycleLength: Int, lrMax: Rate = HyperValue?.none, cycleMultiplier: Int = 2,
        wd: Decay = HyperValue?.none, callbacks: [Callback] = [], resetOptimizer: Bool = false, startEpoch: Int = 0,
        resume: ResumePolicy = .never, file: StaticString = #fileID, line: UInt = #line
    ) throws {
        try fitSGDR(
            cycles: cycles, cycleLength: cycleLength, lrMax: lrMax.hyperValue, cycleMultiplier: cycleMultiplier,
            wd: wd.hyperValue, callbacks: callbacks, resetOptimizer: resetOptimizer, startEpoch: startEpoch,
            resume: resume, file: file, line: line)
    }

    /// Transfer learning with rates that are variables: a number, or one or nil, which is 2e-3. Collective.
    public func fineTune<Rate: BinaryFloatingPoint, Decay: HyperValueConvertible>(
        _ epochs: Int, baseLR: Rate? = Double?.none, freezeEpochs: Int = 1, lrMult: Double = 100,
        pctStart: Double = 0.3, div: Double = 5, divFinal: Double = 1e5, wd: Decay = HyperValue?.none,
        moms: (Double, Double, Double)? = nil, callbacks: [Callback] = [], resume: ResumePolicy = .never
    ) throws {
        try fineTune(
            epochs, baseLR: baseLR.map { Double($0) } ?? 2e-3, freezeEpochs: freezeEpochs, lrMult: lrMult,
            pctStart: pctStart, div: div, divFinal: divFinal, wd: wd.hyperValue, moms: moms, callbacks: callbacks,
            resume: resume)
    }
}
