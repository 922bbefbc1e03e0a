// SPDX-License-Identifier: Apache-2.0
// The distributed checks on one process and on ranks that are threads.

import LockstepChecks
import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepTesting
import Testing

@Suite("Distributed training, ranks as threads") struct InProcessTests {
    @Test("alone: every check on one rank", arguments: DistributedChecks.all.indices)
    func alone(_ index: Int) throws { try DistributedChecks.all[index].body(SoloCommunicator()) }

    @Test("every check", arguments: DistributedChecks.all.indices, [2, 3, 4])
    func together(_ index: Int, ranks: Int) throws {
        let check = DistributedChecks.all[index]
        do {
            try InProcessWorld(ranks).run { communicator in try check.body(communicator) }
        } catch {
            Issue.record("\(check.name) on \(ranks) ranks: \(error)")
        }
    }

    @Test(
        "[DIST-23] an error of one rank ends all, with its rank and text",
        arguments: [2, 3, 4])
    func errorEndsAll(ranks: Int) throws {
        struct Broken: Error, CustomStringConvertible { let description = "the disk is on fire" }
        let failure = #expect(throws: RankFailure.self) {
            try InProcessWorld(ranks).run { communicator in
                let learner = synthLearner(nTrain: 4)
                let last = communicator.size - 1
                try learner.on(.afterLoss) { learner in
                    if learner.iter == 2, communicator.rank == last { throw Broken() }
                }
                try learner.distributed(over: communicator) { try learner.fit(3) }
            }
        }
        #expect(failure?.rank == ranks - 1)
        #expect(failure?.description.contains("the disk is on fire") == true)
        #expect(failure?.all.count == ranks, "every rank must end with an error")
    }
}
