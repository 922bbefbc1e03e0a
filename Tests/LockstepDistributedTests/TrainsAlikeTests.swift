// SPDX-License-Identifier: Apache-2.0
// The test kit's comparison of ranks with one process: it passes what keeps the promise, and names what does not.
import LockstepComm
import LockstepDistributed
import LockstepLearner
import LockstepTensor
import LockstepTesting
import Testing

/// What a callback of one's own may do: the same to every item.
private final class Halving: Callback {
    override func afterLoss(_ learner: Learner) { learner.loss = learner.loss.map { $0 * 0.5 } }
}

/// Something that looks at a rank's own items only.
private final class OwnItems: Callback {
    override func afterLoss(_ learner: Learner) {
        learner.loss = learner.loss.map { $0 * Double(learner.batchItemCount) }
    }
}

@Suite("Test kit: training on ranks")
struct TrainsAlikeTests {
    @Test("a callback and a metric that keep the promise pass") func keeps() throws {
        try expectTrainsAlike(ranks: [1, 2, 3]) {
            synthLearner(nTrain: 3, nValid: 2, callbacks: [Halving()], metrics: [.mae])
        }
    }

    @Test("a callback that depends on how many items a rank has is told, with rank and weight") func breaks() throws {
        try withKnownIssue {
            try expectTrainsAlike(ranks: [2]) { synthLearner(nTrain: 3, nValid: 2, callbacks: [OwnItems()]) }
        } matching: { issue in
            issue.comments.contains { $0.rawValue.contains(" of 2: ") }
        }
    }

    @Test("what a rank throws comes through") func throwing() {
        struct Broken: Error {}
        #expect(throws: RankFailure.self) {
            try expectTrainsAlike(ranks: [2]) {
                synthLearner(nTrain: 2)
            } training: { learner in
                if try World.current().size > 1 { throw Broken() }
                try learner.fit(1)
            }
        }
    }
}
