// SPDX-License-Identifier: Apache-2.0
// Scheduled hyper-parameters.

import LockstepLearner
import LockstepOptim
import LockstepTesting
import Testing

@Suite("Schedules in a fit")
struct OneCycleTests {
    /// A learner of five training batches, with a recorder.
    private func learner(_ batches: Int = 5) -> Learner {
        goldenLearner(optimizer: .adam(), batchSize: 2, trainRows: 2 * batches)
    }

    @Test("[§9.3] one cycle over 2 × 5 batches, golden values of §9.3")
    func golden() throws {
        let learner = learner()
        try learner.fitOneCycle(2, lrMax: 1e-2)
        let hps = try #require(learner.recorder?.hps)
        expectClose(
            try #require(hps["lr"]),
            [
                0.0004, 0.00371672, 0.00908328, 0.00989074, 0.00904509, 0.00750002, 0.00552269, 0.00345498, 0.00165443,
                0.00043237,
            ],
            relative: 1e-5, absolute: 1e-7)
        expectClose(
            try #require(hps["mom"]),
            [0.95, 0.915451, 0.859549, 0.851093, 0.859549, 0.875, 0.894774, 0.915451, 0.933457, 0.945677],
            absolute: 1e-6)
    }

    @Test("[§9.3] one cycle with every argument, golden values of §9.3")
    func goldenArguments() throws {
        let learner = learner(4)
        try learner.fitOneCycle(1, lrMax: 1e-2, div: 10, divFinal: 100, pctStart: 0.5, moms: (0.8, 0.7, 0.8))
        expectClose(try #require(learner.recorder?.hps["lr"]), [0.001, 0.0055, 0.01, 0.00505], relative: 1e-5)
        expectClose(try #require(learner.recorder?.hps["mom"]), [0.8, 0.75, 0.7, 0.75], relative: 1e-6)
    }

    @Test("[SCH-10] a resumed one-cycle goes on where it was")
    func resumed() throws {
        let (whole, rest) = (learner(), learner())
        try whole.fitOneCycle(3, lrMax: 1e-2)
        try rest.fitOneCycle(3, lrMax: 1e-2, startEpoch: 1)
        expectClose(
            try #require(rest.recorder?.hps["lr"]), Array(try #require(whole.recorder?.hps["lr"])[5...]), relative: 1e-9
        )
    }

    @Test("what was scheduled is put back after the fit, however it ends")
    func putBack() throws {
        let learner = learner()
        try learner.fit(1)
        try learner.fitOneCycle(1, lrMax: 1e-2)
        #expect(learner.optimizer?.hypers[0]["mom"] == 0.9)
        #expect(throws: CallbackError.self) {
            try learner.fitOneCycle(1, callbacks: [Throwing(LoopFailure(), at: .afterStep)])
        }
        #expect(learner.optimizer?.hypers[0]["mom"] == 0.9)
    }
    struct LoopFailure: Error {}

    @Test("the scheduler runs before the fit's own callbacks")
    func placing() throws {
        let learner = learner()
        let late = ClosureCallback(
            [.beforeBatch: { if $0.training { try $0.optimizer?.setHyper("lr", 7) } }], order: 60)
        try learner.fitOneCycle(1, lrMax: 1e-2, callbacks: [late])
        #expect(learner.recorder?.lrs == [7, 7, 7, 7, 7])
    }

    @Test("any hyper-parameter can be scheduled; unknown names are harmless")
    func paramScheduler() throws {
        let learner = learner()
        let scheduler = ParamScheduler(["lr": .linear(1, 0), "wd": .constant(0.3), "nonsense": .cosine(0, 1)])
        try learner.fit(1, callbacks: [scheduler])
        expectClose(try #require(learner.recorder?.lrs), [1, 0.8, 0.6, 0.4, 0.2])
        #expect(learner.recorder?.hps["wd"] == [0.3, 0.3, 0.3, 0.3, 0.3])
        #expect(learner.recorder?.hps["nonsense"]?.count == 5)
    }
}
