// SPDX-License-Identifier: Apache-2.0
// Sums whose bits do not depend on how many ranks share the work.
internal import CMPI

extension SharedReducer {
    /// Floats of one piece where arenas cannot be read in place.
    private static let messagePiece = 1 << 16

    /// Replaces the first `count` floats of every arena by their sum over the ranks, added as a binary tree over the ranks,
    /// and the `tailCount` floats that follow by their sum in rank order. Collective.
    ///
    /// If each rank brings the sum of 2ᵏ parts, added as a tree too, the result has the same bits for 1, 2, 4, … ranks with
    /// the same parts.
    ///
    /// - Parameter ranges: parts of `0 ..< count` to sum, ascending. What is outside keeps its values.
    public func sumAsTree(
        count: Int, tailCount: Int = 0, ranges: [Range<Int>], name: String = "gradient tree",
        file: StaticString = #fileID, line: UInt = #line
    ) throws {
        require(
            communicator.size <= 64, "sumAsTree: \(communicator.size) ranks, at most 64 are possible", file: file,
            line: line)
        let plan = Plan(arena.count, count, tailCount, ranges, file: file, line: line)
        guard communicator.size > 1 else { return }
        if let engine = (communicator as? any EngineBacked)?.engine, isShared, engine.link == nil {
            return try engine.observed(name) {
                try engine.sumAsTree(segment, plan, plan.call(weight: 1, status: [], name: name))
            }
        }
        for range in plan.ranges {
            for start in stride(from: range.lowerBound, to: range.upperBound, by: SharedReducer.messagePiece) {
                let part = start..<min(start + SharedReducer.messagePiece, range.upperBound)
                let all = try communicator.allGather(Array(arena[part]), name: name)
                all.withUnsafeBufferPointer { all in
                    guard let base = all.baseAddress, let own = arena.baseAddress else { return }
                    let sources = (0..<communicator.size).map { base + $0 * part.count }
                    cmpi_tree_sum([own + part.lowerBound], 1, sources, CInt(sources.count), part.count)
                }
            }
        }
        if !plan.tail.isEmpty { try communicator.allReduce(bytes(plan.tail), as: .float32, .sum, name: name) }
    }
}

extension CollectiveEngine {
    /// The tree over the ranks of one node: each rank sums a slice, for all.
    fileprivate func sumAsTree(_ segment: SharedSegment, _ plan: SharedReducer.Plan, _ call: CollectiveCall) throws {
        _ = try open(call)
        for range in plan.ranges {
            sumAsTree(LockstepComm.slice(plane.rank, of: plane.size, in: range, granularity: 16), segment)
        }
        try synchronise()
        // Small, and everyone sums for himself into memory nobody else reads.
        var tail = [Float](repeating: 0, count: plan.tail.count)
        for peer in segment.peers {
            let values = peer.assumingMemoryBound(to: Float.self)
            for (index, place) in plan.tail.enumerated() { tail[index] += values[place] }
        }
        try synchronise()
        let own = segment.own.assumingMemoryBound(to: Float.self)
        for (index, place) in plan.tail.enumerated() { own[place] = tail[index] }
    }

    private func sumAsTree(_ part: Range<Int>, _ segment: SharedSegment) {
        if part.isEmpty { return }
        let places = segment.peers.map {
            $0.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self) + part.lowerBound
        }
        cmpi_tree_sum(places, CInt(places.count), places.map { UnsafePointer($0) }, CInt(places.count), part.count)
    }
}
