// SPDX-License-Identifier: Apache-2.0
// What happens when one rank does something collective and the others do not.

import Foundation
import LockstepComm
import LockstepDistributed
import LockstepLearner
import LockstepTesting
import Synchronization
import Testing

/// Set by one thread, seen by others.
private final class Flag: Sendable {
    let value = Mutex(false)
}

@Suite("Only rank 0 calls") struct RankZeroOnlyTests {
    /// Rank 0 alone runs `body`; the others go on with `meanwhile`. Returns what rank 0 was told.
    private func error(
        ranks: Int, _ body: @escaping @Sendable (Learner) throws -> Void,
        othersAreBusy: Bool
    ) -> CommunicatorError? {
        let isOver = Flag()
        let failure = #expect(throws: RankFailure.self) {
            try InProcessWorld(ranks, timeouts: Timeouts(stall: 0.2, abort: 0.5)).run { communicator in
                let learner = synthLearner(nTrain: 2)
                learner.logger = SilentLogger()
                try learner.distributed(over: communicator) {
                    try learner.fit(1)
                    if communicator.rank == 0 {
                        defer { isOver.value.withLock { $0 = true } }
                        return try body(learner)
                    }
                    while othersAreBusy, !isOver.value.withLock({ $0 }) { Thread.sleep(forTimeInterval: 0.01) }
                }
            }
        }
        let own = failure?.all.first { $0.rank == 0 }?.error
        return own as? CommunicatorError ?? (own as? CallbackError)?.underlying as? CommunicatorError
    }

    @Test(
        "[DIST-29] the others are busy: a time-out that names the operation and a missing rank", arguments: [2, 3, 4])
    func busy(ranks: Int) {
        let calls: [@Sendable (Learner) throws -> Void] = [
            { _ = try $0.validate() }, { _ = try $0.predictions() }, { try $0.save("/tmp/never-written") },
        ]
        for call in calls {
            let told = error(ranks: ranks, call, othersAreBusy: true)
            #expect(told?.code == .timedOut)
            #expect(told?.message.contains("has not come within 0.5 s") == true)
            #expect(told?.message.contains("rank \(told?.rank ?? 0) ") == true, "\(told?.message ?? "no error")")
            #expect((1..<ranks).contains(told?.rank ?? 0))
        }
    }

    @Test("[DIST-29] the others have ended: noticed at once, with the rank", arguments: [2, 3, 4])
    func ended(ranks: Int) {
        let start = ContinuousClock.now
        let told = error(ranks: ranks, { _ = try $0.validate() }, othersAreBusy: false)
        #expect(told?.code == .peerLeft)
        #expect(told?.message.contains("has ended its program while rank 0 waits") == true)
        #expect(ContinuousClock.now - start < .seconds(10))
    }
}
