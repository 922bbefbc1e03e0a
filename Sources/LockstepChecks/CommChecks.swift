// SPDX-License-Identifier: Apache-2.0
// Checks every communicator must pass: the same bodies run alone, on threads, and under mpirun.
public import LockstepComm

/// What a check found wrong.
public struct CheckFailure: Error, CustomStringConvertible, Sendable {
    /// What was found and what was expected.
    public let description: String
    /// A failure that says `description`.
    public init(_ description: String) { self.description = description }
}

/// Checks of a communicator; each is collective and throws `CheckFailure` with the values in question.
public enum CommChecks {
    /// Element counts around vector widths, stages and slices.
    static let counts = [0, 1, 2, 7, 9, 16, 17, 101, 2049, 9001]

    /// All checks that leave the communicator usable.
    public static func all(_ communicator: any Communicator) throws {
        try reductions(communicator)
        try gathers(communicator)
        try broadcasts(communicator)
        try agreements(communicator)
        try rankZeroScopes(communicator)
        try sharedMemory(communicator)
        try reducer(communicator)
        try reducerOwned(communicator)
        try nodeSums(communicator)
        try splits(communicator)
    }

    /// Sums, extremes (NaN wins) and scattered blocks of several element types and sizes are those of one process.
    public static func reductions(_ c: any Communicator) throws {
        let n = c.size
        for count in counts {
            var floats = (0..<count).map { Float(($0 % 13) + c.rank) }
            try c.allReduce(&floats, name: "floats \(count)")
            try expect(
                floats, (0..<count).map { Float(($0 % 13) * n + n * (n - 1) / 2) }, "allReduce sum, \(count) floats")
            var doubles = (0..<count).map { Double($0 * (c.rank + 1)) }
            try c.allReduce(&doubles, .max)
            try expect(doubles, (0..<count).map { Double($0 * n) }, "allReduce max, \(count) doubles")
            var integers = (0..<count).map { Int64($0 - 5) * Int64(c.rank + 1) }
            try c.allReduce(&integers, .min)
            try expect(
                integers, (0..<count).map { min(Int64($0 - 5), Int64($0 - 5) * Int64(n)) },
                "allReduce min, \(count) int64")
            var words = [UInt64](repeating: .max - UInt64(c.rank), count: count)
            try c.allReduce(&words, .max)
            try expect(words, [UInt64](repeating: .max, count: count), "allReduce max, \(count) uint64")
            let blocks = (0..<count * n).map { Float($0) + Float(c.rank) }
            let block = try c.reduceScatter(blocks)
            try expect(
                block, (0..<count).map { Float((c.rank * count + $0) * n + n * (n - 1) / 2) },
                "reduceScatter, \(count) floats")
        }
        for count in [65_536, 150_001] {
            var floats = [Float](repeating: Float(c.rank), count: count)
            floats[count - 1] = 1
            try c.allReduce(&floats)
            try expect(
                floats.first == Float(n * (n - 1) / 2) && floats[count - 2] == floats[0]
                    && floats[count - 1] == Float(n), true,
                "allReduce over several stages, \(count) floats")
        }
        let worst = try c.allReduce(c.rank == n - 1 ? Double.nan : 1, .min)
        try expect(worst.isNaN, true, "allReduce min keeps a NaN of rank \(n - 1)")
    }

    /// Gathering, of equal and of unequal parts, gives all ranks' parts in rank order.
    public static func gathers(_ c: any Communicator) throws {
        let n = c.size
        for count in counts {
            let all = try c.allGather((0..<count).map { Int32($0 * n + c.rank) })
            try expect(
                all, (0..<n).flatMap { rank in (0..<count).map { Int32($0 * n + rank) } }, "allGather, \(count) int32")
            let own = [UInt16](repeating: UInt16(c.rank), count: count * (c.rank + 1) * 17 % 300_001)
            let parts = try c.allGatherVariable(own)
            let expected = (0..<n).map { [UInt16](repeating: UInt16($0), count: count * ($0 + 1) * 17 % 300_001) }
            try expect(parts, expected, "allGatherVariable, \(count)")
            let gathered = try c.gatherVariable(own, to: n - 1)
            try expect(gathered, c.rank == n - 1 ? expected : nil, "gatherVariable, \(count)")
        }
        try expect(try c.allGather("rank \(c.rank)"), (0..<n).map { "rank \($0)" }, "allGather of texts")
    }

    /// Every rank ends with the root's values, whichever rank is the root.
    public static func broadcasts(_ c: any Communicator) throws {
        for count in counts {
            for root in 0..<c.size {
                var values = (0..<count).map { Double($0 + 1000 * c.rank) }
                try c.broadcast(&values, from: root)
                try expect(
                    values, (0..<count).map { Double($0 + 1000 * root) },
                    "broadcast of \(count) doubles from rank \(root)")
            }
        }
        try expect(try c.broadcast("from \(c.rank) ü", from: c.size - 1), "from \(c.size - 1) ü", "broadcast of a text")
        try expect(try c.broadcast(bytes: c.isRankZero ? [] : nil), [], "broadcast of no bytes")
    }

    /// Weights are added and status words joined; the first rank that signals is known to all.
    public static func agreements(_ c: any Communicator) throws {
        let n = c.size
        for round in 0..<50 {
            let mine: StatusWord = round % n == c.rank ? .custom(5) : []
            let agreement = try c.agree(weight: Double(c.rank + 1), status: mine, name: "round \(round)")
            try expect(agreement.weight, Double(n * (n + 1) / 2), "agreed weight")
            try expect(agreement.status, .custom(5), "agreed status")
            try expect(agreement.firstSignallingRank, round % n, "who signalled")
        }
        c.outgoingStatus = c.rank == n - 1 ? .custom(7) : []
        var one: [Float] = [1]
        try expect(try c.allReduce(&one).status, .custom(7), "a status word rides in any collective")
        c.outgoingStatus = []
        try expect(try c.barrier().status, [], "a status word is gone when taken back")
        try expect(try c.anyRank(c.rank == n - 1), true, "anyRank")
        try expect(try c.allRanks(c.rank == n - 1), n == 1, "allRanks")
        c.note(step: 3, event: "checks")
    }

    /// Work of rank 0 alone: its result and its error reach all, and a collective inside is an error at the call.
    public static func rankZeroScopes(_ c: any Communicator) throws {
        var code: CommunicatorError.Code?
        c.withRankZeroOnly("save") {
            do { try c.barrier() } catch { code = (error as? CommunicatorError)?.code }
        }
        try expect(code, c.rank == 0 ? .collectiveInRankZeroScope : nil, "a collective in a rank 0 scope")
        try expect(try c.onRankZero("read") { 7 }, c.rank == 0 ? 7 : nil, "onRankZero")
        var text = ""
        do { try c.onRankZero("read") { throw CheckFailure("no such file") } } catch {
            text = String(describing: error)
        }
        try expect(text.hasSuffix("no such file"), true, "an error of rank 0 reaches rank \(c.rank): '\(text)'")
        try expect(try c.rankZeroFirst("download") { c.rank }, c.rank, "rankZeroFirst")
    }

    /// Segments have their sizes, start as zeros at the start of a page, and show what peers wrote.
    public static func sharedMemory(_ c: any Communicator) throws {
        for count in [1, 1000, 10_000] {
            let segment = try c.allocateShared(byteCount: count * (c.rank + 1))
            try expect(segment.own.count, count * (c.rank + 1), "size of a segment")
            try expect(segment.own.allSatisfy { $0 == 0 }, true, "a segment starts as zeros")
            for peer in segment.peers {
                try expect(Int(bitPattern: peer.baseAddress) % 4096, 0, "place of a segment in its first page")
            }
            for index in segment.own.indices { segment.own[index] = UInt8(c.rank + 1) }
            try c.barrier()
            let sums = segment.peers.map { $0.reduce(0) { $0 + Int($1) } }
            try expect(segment.ranks[segment.localRank], c.rank, "own rank among those of a segment")
            try expect(sums, segment.ranks.map { count * ($0 + 1) * ($0 + 1) }, "what peers wrote")
            try c.barrier()
        }
    }

    /// Arenas become weighted means and plain sums of tails, whoever is empty and whatever ranges are reduced.
    public static func reducer(_ c: any Communicator) throws {
        let n = c.size
        for count in counts {
            let reducer = try SharedReducer(over: c, floatCount: count + 3)
            for round in 0..<3 {
                // The last rank may be empty, as on a short last batch; what it holds must not matter.
                let isEmpty = round == 1 && n > 1 && c.rank == n - 1
                let weight = isEmpty ? 0 : Double(c.rank + 1)
                for index in 0..<count { reducer.arena[index] = isEmpty ? .nan : Float(index % 7 + c.rank + round) }
                for index in 0..<3 { reducer.arena[count + index] = Float(c.rank + index) }
                let agreement = try reducer.reduce(
                    weight: weight, status: c.rank == 0 ? .custom(7) : [], tailCount: 3)
                let active = round == 1 && n > 1 ? n - 1 : n
                let total = active * (active + 1) / 2
                try expect(agreement.weight, Double(total), "reduced weight")
                try expect(agreement.status, .custom(7), "reduced status")
                let expected = (0..<count).map { index -> Float in
                    var sum = 0
                    for rank in 0..<active { sum += (rank + 1) * (index % 7 + rank + round) }
                    return n == 1 ? Float(index % 7 + round) : Float(Double(sum) / Double(total))
                }
                let worst = zip(reducer.arena, expected).map { abs($0 - $1) }.max() ?? 0
                try expect(worst <= 1e-5, true, "weighted mean of \(count) floats: off by \(worst)")
                try expect(
                    Array(reducer.arena[count..<count + 3]), (0..<3).map { Float(n * (n - 1) / 2 + n * $0) },
                    "sum of the tail")
                // The same bits everywhere.
                var highest = reducer.arena.map(\.bitPattern).map(UInt64.init)
                var lowest = highest
                try c.allReduce(&highest, .max)
                try c.allReduce(&lowest, .min)
                try expect(highest == lowest, true, "all ranks hold the same bits, \(count) floats")
            }
            if count >= 100, n > 1 {
                for index in reducer.arena.indices { reducer.arena[index] = Float(c.rank) }
                try reducer.reduce(weight: 1, count: count, ranges: [10..<20, 50..<count])
                let mean = Float(n - 1) / 2
                try expect(reducer.arena[9], Float(c.rank), "floats outside the ranges stay")
                try expect(abs(reducer.arena[10] - mean) < 1e-6, true, "floats inside the ranges are averaged")
                try expect(reducer.arena[20], Float(c.rank), "floats between the ranges stay")
                try expect(abs(reducer.arena[count - 1] - mean) < 1e-6, true, "the last float is averaged")
            }
        }
        let none = try SharedReducer(over: c, floatCount: 4)
        for index in 0..<4 { none.arena[index] = 1 }
        try expect(try none.reduce(weight: 0).weight, 0, "no weight at all")
        if n > 1 { try expect(Array(none.arena), [0, 0, 0, 0], "no weight at all gives zeros") }
    }

    /// Owners get averages of their slices once, and all see what they write.
    public static func reducerOwned(_ c: any Communicator) throws {
        for count in [0, 1, 17, 1000, 40_001, 300_007] {
            let gradients = try SharedReducer(over: c, floatCount: count + 1)
            let updated = try c.allocateShared(byteCount: count * 4)
            for index in 0..<count { gradients.arena[index] = Float(index % 5 + c.rank) }
            gradients.arena[count] = 1
            var covered = 0
            var tail: [Float] = []
            try gradients.reduceOwned(weight: 2, tailCount: 1) {
                tail = Array($0)
            } update: { range, _ in
                covered += range.count
                for peer in updated.peers {
                    let values = peer.assumingMemoryBound(to: Float.self)
                    for index in range { values[index] = gradients.arena[index] }
                }
            }
            try expect(covered, gradients.ownedRange(of: count).count, "what this rank updates")
            let all = try c.allReduce(covered)
            let copies = try c.allReduce(updated.localRank == 0 ? 1 : 0)
            try expect(all, count * copies, "every float is updated once where memory is shared")
            try expect(tail, [Float(c.size)], "the tail is summed everywhere")
            let values = Array(updated.own.assumingMemoryBound(to: Float.self))
            let mean = Float(c.size - 1) / 2
            let worst = values.enumerated().map { abs($1 - Float($0 % 5) - mean) }.max() ?? 0
            try expect(worst < 1e-5, true, "owners' updates reach all ranks: off by \(worst)")
            if gradients.isShared { gradients.fetch([0..<count], of: count) }
            let off = (0..<count).map { abs(gradients.arena[$0] - values[$0]) }.max() ?? 0
            try expect(off, 0, "what owners hold can be fetched")
            try c.barrier()
            for index in 0..<count { gradients.arena[index] = Float(index % 5 + c.rank) }
            var pairs = 0
            try gradients.reduceOwned(weight: 2, tailCount: 1, averagesPairs: true) { range, pair in
                guard let pair else { return }
                pairs += 1
                for index in 0..<range.count {
                    gradients.arena[range.lowerBound + index] =
                        pair.shares.0 * pair.first[index] + pair.shares.1 * pair.second[index]
                }
            }
            let owned = gradients.ownedRange(of: count)
            try expect(
                pairs, c.size == 2 && c.localSize == 2 && gradients.isShared && !owned.isEmpty ? 1 : 0,
                "pairs come whole, of two ranks")
            let gap = owned.map { abs(gradients.arena[$0] - values[$0]) }.max() ?? 0
            try expect(gap, 0, "an update that averages has the same average")
            try c.barrier()
        }
    }

    /// Sums over nodes have the bits of an addition in rank order on each node, then in node order, whatever their size.
    public static func nodeSums(_ c: any Communicator) throws {
        func value(_ rank: Int, _ index: Int) -> Float {
            Float((index &* 2_654_435_761 &+ rank &* 40_503) & 0xFFFF) / 7 * (index % 3 == 0 ? 1e6 : 1e-3)
        }
        let places = try c.allGather([Int64(c.nodeIndex)])
        // Of few nodes more than are on their way at once.
        for count in counts + [31, 33, 3000, c.nodeCount <= 3 ? 540_001 : 70_001] {
            let reducer = try SharedReducer(over: c, floatCount: count)
            guard reducer.isShared else { return }
            var expected = [Float](repeating: -0.0, count: count)
            for node in 0..<c.nodeCount {
                var sums = [Float](repeating: -0.0, count: count)
                for rank in 0..<c.size where places[rank] == Int64(node) {
                    for index in 0..<count { sums[index] += value(rank, index) }
                }
                for index in 0..<count { expected[index] += sums[index] }
            }
            for _ in 0..<2 {
                for index in 0..<count { reducer.arena[index] = value(c.rank, index) }
                // As a tail, nothing is weighted.
                try reducer.reduce(weight: 1, count: 0, tailCount: count)
                var differing = 0
                for index in 0..<count where reducer.arena[index].bitPattern != expected[index].bitPattern {
                    differing += 1
                }
                try expect(differing, 0, "floats of \(count) whose sum over nodes has other bits")
            }
        }
    }

    /// The norm measured in passing is that of what was averaged, the same on every rank.
    public static func reducerNorm(_ c: any Communicator) throws {
        for count in [1, 17, 1000, 40_001] {
            let gradients = try SharedReducer(over: c, floatCount: count)
            for index in 0..<count { gradients.arena[index] = Float(index % 11) - 5 + Float(c.rank) }
            try gradients.reduce(weight: 1, measuresNorm: true)
            guard let squared = gradients.squaredNorm else { continue }
            let exact = gradients.arena.reduce(0) { $0 + Double($1) * Double($1) }
            try expect(abs(squared - exact) <= 1e-9 * exact, true, "squares of \(count) floats: \(squared), \(exact)")
            try expect(try c.allReduce(squared, .min), squared, "all ranks have the same norm")
        }
    }

    /// Parts of a communicator, made by colour and ordered by key, reduce among themselves; a rank may stay out.
    public static func splits(_ c: any Communicator) throws {
        let half = try c.split(color: c.rank % 2, key: -c.rank)
        guard let half else { throw CheckFailure("split: rank \(c.rank) got no group") }
        let members = (0..<c.size).filter { $0 % 2 == c.rank % 2 }.sorted(by: >)
        try expect(half.size, members.count, "size of a part")
        try expect(members[half.rank], c.rank, "rank in a part")
        let sum = try half.allReduce(c.rank)
        try expect(sum, members.reduce(0, +), "sum within a part")
        let reducer = try SharedReducer(over: half, floatCount: 100)
        for index in 0..<100 { reducer.arena[index] = Float(c.rank) }
        try reducer.reduce(weight: 1)
        try expect(abs(reducer.arena[99] - Float(sum) / Float(members.count)) < 1e-5, true, "reduction within a part")
        let first = try c.split(color: c.rank == 0 ? 0 : nil, key: 0)
        try expect(first?.size, c.rank == 0 ? 1 : nil, "a rank may stay out of a split")
        try c.barrier()
    }

    private static func expect<T: Equatable>(_ value: T, _ expected: T, _ what: String) throws {
        if value != expected {
            throw CheckFailure("\(what): \(shortened(value)), expected \(shortened(expected))")
        }
    }

    private static func shortened<T>(_ value: T) -> String {
        let text = String(describing: value)
        return text.count <= 200 ? text : text.prefix(200) + "…"
    }
}
