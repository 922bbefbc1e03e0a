// SPDX-License-Identifier: Apache-2.0
// Compression between nodes and the choice of who updates, on ranks that are threads.

import LockstepChecks
import LockstepComm
import Testing

@Suite("Between nodes", .serialized) struct WireTests {
    @Test("every check", arguments: WireChecks.all.indices, [1, 2, 3, 4])
    func together(_ index: Int, ranks: Int) throws {
        try run(WireChecks.all[index], InProcessWorld(ranks))
    }

    /// Ranks, and ranks per node: two, three and four nodes, with one rank each, with two, and with one and two.
    static let nodes = [(2, 1), (3, 1), (4, 1), (4, 2), (3, 2), (5, 1)]

    @Test(
        "every check where nodes have one rank, or several",
        arguments: WireChecks.all.indices,
        nodes)
    func apart(_ index: Int, _ shape: (ranks: Int, ranksPerNode: Int)) throws {
        try run(WireChecks.all[index], InProcessWorld(shape.ranks, ranksPerNode: shape.ranksPerNode))
    }

    private func run(
        _ check: (name: String, body: @Sendable (any Communicator) throws -> Void), _ world: InProcessWorld
    ) throws {
        do { try world.run { communicator in try check.body(communicator) } } catch {
            Issue.record("\(check.name), \(world.size) ranks, \(world.ranksPerNode) per node: \(error)")
        }
    }

    @Test("ranks that compress differently are told so")
    func disagreement() {
        let failure = #expect(throws: RankFailure.self) {
            try InProcessWorld(2, ranksPerNode: 1).run { ranks in
                let reducer = try SharedReducer(
                    over: ranks, floatCount: 10, compression: ranks.rank == 0 ? .none : .bf16)
                try reducer.reduce(weight: 1)
            }
        }
        #expect(failure?.description.contains("'gradients, bf16 between nodes'") == true)
    }
}
