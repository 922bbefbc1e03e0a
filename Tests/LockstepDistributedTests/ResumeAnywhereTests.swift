// SPDX-License-Identifier: Apache-2.0
// Runs interrupted or killed anywhere and resumed, on ranks that are threads.

import LockstepChecks
import LockstepComm
import LockstepDistributed
import Testing

@Suite("Interrupted anywhere", .serialized) struct ResumeAnywhereTests {
    private typealias Check = (name: String, body: @Sendable (any Communicator) throws -> Void)

    @Test(
        "a run goes on to the bits of an uninterrupted one",
        arguments: DistributedChecks.resumingAnywhere.indices, [1, 2, 3])
    func resumed(_ index: Int, ranks: Int) { run(DistributedChecks.resumingAnywhere[index], ranks) }

    @Test(
        "a run that was killed goes on by itself to the bits of an uninterrupted one",
        arguments: DistributedChecks.checkpoints.indices, [1, 2, 3])
    func killed(_ index: Int, ranks: Int) { run(DistributedChecks.checkpoints[index], ranks) }

    private func run(_ check: Check, _ ranks: Int) {
        do {
            if ranks == 1 { return try check.body(SoloCommunicator()) }
            try InProcessWorld(ranks).run { communicator in try check.body(communicator) }
        } catch {
            Issue.record("\(check.name) on \(ranks) ranks: \(error)")
        }
    }
}
