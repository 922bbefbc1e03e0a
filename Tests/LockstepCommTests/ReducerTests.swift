// SPDX-License-Identifier: Apache-2.0
// The gradient reduction: the order of addition, weights, and what is left alone.
import LockstepComm
import LockstepTesting
import Testing

@Suite("Shared reduction")
struct ReducerTests {
    /// Values whose sum depends on the order of addition.
    private static func value(_ rank: Int, _ index: Int) -> Float {
        Float((index &* 2_654_435_761 &+ rank &* 40_503) & 0xFFFF) / 7 * (index % 3 == 0 ? 1e6 : 1e-3)
    }

    @Test("the same bits in every run, added in rank order", arguments: [1, 2, 3, 4, 5, 8])
    func deterministic(size: Int) throws {
        let count = 5003
        func run() throws -> [[UInt32]] {
            try InProcessWorld(size).run { world in
                let reducer = try SharedReducer(over: world, floatCount: count)
                for index in 0..<count { reducer.arena[index] = Self.value(world.rank, index) }
                try reducer.reduce(weight: Double(world.rank + 1))
                return reducer.arena.map(\.bitPattern)
            }
        }
        let first = try run()
        #expect(Set(first).count == 1)
        #expect(try run() == first)
        guard size > 1 else { return }
        let total = Double(size * (size + 1) / 2)
        for index in stride(from: 0, to: count, by: 97) {
            var exact = 0.0
            var magnitude = 0.0
            for rank in 0..<size {
                exact += Double(rank + 1) / total * Double(Self.value(rank, index))
                magnitude += abs(Double(Self.value(rank, index)))
            }
            #expect(abs(Double(Float(bitPattern: first[0][index])) - exact) <= magnitude * 1e-6)
        }
    }

    @Test("one rank: nothing is touched, to the bit")
    func solo() throws {
        let reducer = try SharedReducer(over: SoloCommunicator(), floatCount: 100)
        for index in 0..<100 { reducer.arena[index] = Self.value(0, index) }
        let before = reducer.arena.map(\.bitPattern)
        try reducer.reduce(weight: 3, tailCount: 2)
        #expect(reducer.arena.map(\.bitPattern) == before)
        #expect(reducer.ownedRange(of: 90) == 0..<90)
    }

    @Test("slices of all owners cover a range once", arguments: [1, 2, 3, 4, 7])
    func slices(size: Int) throws {
        for count in [0, 1, 15, 16, 17, 63, 64, 65, 1000, 4097] {
            let parts = try InProcessWorld(size).run { world in
                try SharedReducer(over: world, floatCount: count).ownedRange(of: count)
            }
            #expect(parts.map(\.count).reduce(0, +) == count)
            var end = 0
            for part in parts where !part.isEmpty {
                #expect(part.lowerBound == end)
                #expect(part.lowerBound % 16 == 0)
                end = part.upperBound
            }
        }
    }

    @Test("memory of a reducer outlives it while its owner is kept")
    func lifetime() throws {
        try InProcessWorld(2).run { world in
            var reducer: SharedReducer? = try SharedReducer(over: world, floatCount: 1000)
            let owner = try #require(reducer).owner
            let arena = try #require(reducer).arena
            reducer = nil
            try world.barrier()
            arena[999] = 1
            withExtendedLifetime(owner) { #expect(arena[999] == 1) }
        }
    }

    @Test("a report names kind, ranks and threads")
    func report() throws {
        let reports = try InProcessWorld(2).run { try TransportReport.collect(over: $0) }
        #expect(reports[0].sharedMemoryWorks)
        #expect(reports[0].size == 2)
        #expect(reports[0].suggestedThreadsPerRank >= 1)
        #expect(reports[0].description.contains("threads of one process"))
        #expect(try TransportReport.collect(over: SoloCommunicator()).kind == "solo")
    }
}
