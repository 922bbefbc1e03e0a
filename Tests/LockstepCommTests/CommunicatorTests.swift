// SPDX-License-Identifier: Apache-2.0
// The checks of the test kit on one rank, on threads, and on threads that pretend to be on several machines.
import LockstepChecks
import LockstepComm
import Testing

@Suite("Communicators")
struct CommunicatorTests {
    @Test("every collective on one rank without MPI")
    func solo() throws {
        try CommChecks.all(SoloCommunicator())
    }

    @Test("every collective on threads of one process", arguments: [1, 2, 3, 4])
    func inProcess(size: Int) throws {
        try InProcessWorld(size).run { try CommChecks.all($0) }
    }

    @Test("every collective on pretended nodes", arguments: [(2, 1), (4, 2), (3, 2), (5, 2)])
    func nodes(size: Int, ranksPerNode: Int) throws {
        try InProcessWorld(size, ranksPerNode: ranksPerNode).run { world in
            guard world.nodeCount == (size + ranksPerNode - 1) / ranksPerNode else {
                throw CheckFailure("\(world.nodeCount) nodes")
            }
            try CommChecks.all(world)
        }
    }

    @Test("sums over many nodes, one rank on each or several", arguments: [(3, 1), (5, 1), (8, 4), (16, 1)])
    func manyNodes(size: Int, ranksPerNode: Int) throws {
        try InProcessWorld(size, ranksPerNode: ranksPerNode).run { world in
            try CommChecks.nodeSums(world)
            try CommChecks.reducer(world)
        }
    }

    @Test("a network is measured between nodes only")
    func link() throws {
        let speeds = try InProcessWorld(3, ranksPerNode: 1).run { try LinkSpeed.measure(over: $0, seconds: 0.01) }
        let speed = try #require(speeds[0])
        #expect(speed.latency > 0 && speed.latency < 1 && speed.bytesPerSecond > 1e5)
        #expect(Set(speeds).count == 1)
        #expect(try InProcessWorld(2).run { try LinkSpeed.measure(over: $0) } == [nil, nil])
        #expect(try LinkSpeed.measure(over: SoloCommunicator()) == nil)
    }

    @Test("results come back by rank, and the current world is the thread's own")
    func results() throws {
        let ranks = try InProcessWorld(3).run { world in
            guard try World.current() === world else { throw CheckFailure("another world") }
            return world.rank
        }
        #expect(ranks == [0, 1, 2])
    }
}
