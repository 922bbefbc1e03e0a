// SPDX-License-Identifier: Apache-2.0
// Trackers of a run that was interrupted go on with what they remember.

import FoundationEssentials
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Trackers that are resumed")
struct TrackerResumeTests {
    /// Trackers that take a falling loss for a failing one: no epoch improves on the first.
    private func trackers(takingBest: Bool) -> [Tracker] {
        let silent = Console { _ in }
        let others: [Tracker] = [
            EarlyStoppingCallback(direction: .greater, patience: 4, console: silent),
            ReduceLROnPlateau(direction: .greater, patience: 2, factor: 4, console: silent),
        ]
        return takingBest
            ? others + [SaveModelCallback(direction: .greater, filename: "best", console: silent)] : others
    }

    @Test("they stop, lower rates and keep the best as an uninterrupted run's do", arguments: [false, true])
    func resumed(takingBest: Bool) throws {
        try withTemporaryFolder { folder in
            func make() -> Learner {
                let learner = synthLearner(
                    nTrain: 5, callbacks: [Recorder()] + trackers(takingBest: takingBest), path: folder.path)
                learner.logger = SilentLogger()
                return learner
            }
            let whole = make()
            try whole.fit(9, lr: 0.01)
            #expect(
                whole.recorder?.rows.map(\.epoch) == [0, 1, 2, 3, 4], "stopped after four epochs without improvement")
            let first = make()
            try first.on(.afterBatch, order: 75) { learner in
                if learner.training, learner.epoch == 3, learner.iter == 1 { throw CancelSignal.fit }
            }
            // Before the best model is taken back, as a run does that the system ends.
            try first.on(.afterCancelFit) { learner in
                try learner.saveResumePoint(ResumePoint(epoch: learner.epoch, batches: 2))
            }
            try first.fit(9, lr: 0.01)
            let second = make()
            let point = try second.loadResumePoint()
            try second.fit(9, lr: 0.01, callbacks: [ResumeCallback(point)], startEpoch: point.epoch)
            #expect(second.recorder?.rows.map(\.epoch) == [0, 1, 2, 3, 4])
            #expect(second.recorder?.rows.last == whole.recorder?.rows.last)
            let weights = [whole, second].map { $0.model.parameters().map { $0.value.floats } }
            #expect(weights[0] == weights[1])
            let best = [whole, second].map { learner in learner.callbacks.compactMap { ($0 as? Tracker)?.best } }
            #expect(best[0] == best[1] && best[0].count == (takingBest ? 3 : 2))
            #expect(whole.optimizer?.hyper("lr", group: 0) == second.optimizer?.hyper("lr", group: 0))
        }
    }

    @Test("a memory goes to the tracker of its type and column, and to no other")
    func matched() throws {
        try withTemporaryFolder { folder in
            func make(_ trackers: [Tracker]) -> Learner {
                let learner = synthLearner(nTrain: 2, callbacks: [Recorder()] + trackers, path: folder.path)
                learner.logger = SilentLogger()
                return learner
            }
            let first = make([Tracker(), EarlyStoppingCallback(monitor: "train_loss", patience: 50)])
            try first.fit(2)
            try first.saveResumePoint(ResumePoint(epoch: 2))
            let (early, other) = (
                EarlyStoppingCallback(monitor: "train_loss", patience: 50), EarlyStoppingCallback(patience: 50)
            )
            let second = make([other, early])
            let point = try second.loadResumePoint()
            var seen: [Double?] = []
            try second.on(.beforeBatch) { learner in if seen.isEmpty { seen = [early.best, other.best] } }
            try second.fit(3, callbacks: [ResumeCallback(point)], startEpoch: 2)
            #expect(seen == [(first.callbacks.compactMap { $0 as? EarlyStoppingCallback }.first)?.best, nil])
            #expect(seen.first != .some(nil))
        }
    }
}
