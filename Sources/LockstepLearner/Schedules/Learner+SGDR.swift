// SPDX-License-Identifier: Apache-2.0
// Training with warm restarts.

public import LockstepOptim
import LockstepTensor

extension Learner {
    /// Trains in cycles: in each the rate falls along a cosine from `lrMax` to 0, then starts anew. Loshchilov and Hutter,
    /// arXiv 1608.03983.
    ///
    /// Cycle i takes `cycleLength · cycleMultiplier^i` epochs. Collective: on several ranks call it on all of them; the
    /// schedule is the same everywhere.
    ///
    /// - Parameters:
    ///   - cycles: Number of cycles.
    ///   - cycleLength: Epochs of the first cycle.
    ///   - lrMax: The rate each cycle starts with; nil takes ``lr``.
    ///   - cycleMultiplier: How much longer each cycle is than the one before; 1 for equal cycles.
    ///   - callbacks: For this fit only; they run after the scheduler.
    /// - Precondition: all three counts are positive.
    /// - Throws: what `fit` throws.
    /// - Note: fastai: `fit_sgdr`.
    public func fitSGDR(
        cycles: Int, cycleLength: Int, lrMax: LearningRate? = nil, cycleMultiplier: Int = 2, wd: HyperValue? = nil,
        callbacks: [Callback] = [], resetOptimizer: Bool = false, startEpoch: Int = 0, resume: ResumePolicy = .never,
        file: StaticString = #fileID,
        line: UInt = #line
    ) throws {
        require(
            cycles > 0 && cycleLength > 0 && cycleMultiplier > 0,
            "fitSGDR: \(cycles) cycles of \(cycleLength) epochs times \(cycleMultiplier): each must be at least 1",
            file: file, line: line)
        recordCall(
            of: "fit_sgdr",
            [
                "n_cycles": .int(cycles), "cycle_len": .int(cycleLength), "lr_max": lrMax.map(ConfigValue.init),
                "cycle_mult": .int(cycleMultiplier), "wd": wd.map(ConfigValue.init),
            ])
        let lengths = (1..<cycles).reduce(into: [cycleLength]) { list, _ in
            list.append(list[list.count - 1] * cycleMultiplier)
        }
        let epochs = lengths.reduce(0, +)
        let optimizer = try optimizer ?? createOptimizer()
        let peaks = try (lrMax ?? lr).values(groups: optimizer.groups.count, name: "lr")
        let schedules = try peaks.map { peak in
            try Schedule.combined(lengths.map { (Double($0) / Double(epochs), .cosine(peak, 0)) })
        }
        try fit(
            epochs, lr: lrMax, wd: wd, callbacks: [ParamScheduler(perGroup: ["lr": schedules])] + callbacks,
            resetOptimizer: resetOptimizer, startEpoch: startEpoch, resume: resume)
    }
}
