// SPDX-License-Identifier: Apache-2.0
// A fit in which the learning rate rises until the loss explodes.

import LockstepOptim

/// Raises the learning rate batch by batch, records the smoothed loss, and ends the fit when it explodes.
///
/// The loss is that of all ranks together where someone tells it (``Learner/stepLoss``), so all ranks end alike.
final class LRFinder: Callback {
    private let (start, end): (HyperValue, HyperValue)
    private let iterations: Int
    private let stopsOnDivergence: Bool
    private let smooth = AvgSmoothLoss()
    private var schedules: [Schedule] = []
    private var best = Double.infinity
    private(set) var lrs: [Double] = []
    private(set) var losses: [Double] = []

    init(start: HyperValue, end: HyperValue, iterations: Int, stopsOnDivergence: Bool) {
        (self.start, self.end, self.iterations) = (start, end, iterations)
        self.stopsOnDivergence = stopsOnDivergence
        super.init()
        runValid = false
    }

    override var order: Int { 60 }
    override var isExported: Bool { false }

    override func beforeFit(_ learner: Learner) throws {
        let groups = learner.optimizer?.groups.count ?? 1
        let ends = try end.values(groups: groups, name: "endLR")
        schedules = try zip(start.values(groups: groups, name: "startLR"), ends).map { .exponential($0, $1) }
    }

    override func beforeBatch(_ learner: Learner) throws {
        let rates = schedules.map { $0(Double(learner.trainIter) / Double(iterations)) }
        try learner.optimizer?.setHyper("lr", .perGroup(rates))
    }

    override func afterBatch(_ learner: Learner) throws {
        smooth.accumulate(learner)
        if let loss = smooth.value, let optimizer = learner.optimizer {
            losses.append(loss)
            lrs.append(optimizer.hyper("lr", group: optimizer.groups.count - 1) ?? 0)
            learner.smoothLoss = loss
            best = min(best, loss)
            if stopsOnDivergence, loss > 4 * best || !loss.isFinite { throw CancelSignal.fit }
        }
        if learner.trainIter >= iterations { throw CancelSignal.fit }
    }

    override func beforeValidate(_ learner: Learner) throws { throw CancelSignal.validate }
}
