// SPDX-License-Identifier: Apache-2.0
// The reduction of gradients in memory the ranks share: no messages inside a node, nothing copied in or out.

/// Reduces one float arena per rank, in place, to the weighted mean over all ranks.
///
/// Each rank writes its gradients into `arena`, which lies in memory that all ranks of the node can read. `reduce` cuts
/// the arena into one slice per local rank; the owner of a slice reads it from every rank's arena, in rank order, and
/// writes the result into all of them. Between nodes the owners of equal slices reduce over the network, all at once. The
/// same inputs on the same ranks give the same bits, on every rank, in every run.
///
/// Making one is collective. Not `Sendable`: it belongs to its rank.
public final class SharedReducer {
    /// The ranks whose values are added up.
    public let communicator: any Communicator
    /// Keeps the arena alive; hand it to whatever keeps pointers into it.
    public var owner: AnyObject { segment.owner }
    /// This rank's floats: the place for gradients, and for the tail after them. Page aligned, zero at first.
    public let arena: UnsafeMutableBufferPointer<Float>
    /// Whether the ranks of each node read each other's arenas directly, the same answer on every rank. Otherwise data is
    /// staged or sent, and `reduceOwned` gives every rank everything.
    public let isShared: Bool
    /// How sums travel between nodes.
    public let compression: GradientCompression
    /// The sum of squares of all that the last `reduce` has averaged, where it was asked for and memory is shared: added
    /// up slice by slice, in rank order, the same on every rank.
    public private(set) var squaredNorm: Double?
    let segment: SharedSegment
    private let norms: SharedNorms

    /// Allocates the arenas. Collective; every rank must ask for as many floats.
    /// - Parameter compression: how sums travel between nodes; the same on every rank.
    public init(
        over communicator: any Communicator, floatCount: Int, compression: GradientCompression = .none,
        file: StaticString = #fileID, line: UInt = #line
    ) throws {
        require(floatCount >= 0, "SharedReducer: \(floatCount) floats", file: file, line: line)
        (self.communicator, self.compression) = (communicator, compression)
        norms = SharedNorms(after: floatCount * MemoryLayout<Float>.stride)
        segment = try communicator.allocateShared(byteCount: norms.end)
        arena = UnsafeMutableBufferPointer(
            start: segment.own.baseAddress?.assumingMemoryBound(to: Float.self), count: floatCount)
        let here = (communicator as? any EngineBacked)?.engine.plane.size ?? communicator.localSize
        isShared = try communicator.allRanks(segment.peers.count == here, name: "SharedReducer")
    }

    /// Replaces the first `count` floats of every arena by Σ weight·value / Σ weight over the ranks, and the `tailCount`
    /// floats that follow by their plain sum. Collective.
    ///
    /// A rank of weight 0 takes part without contributing to the first part, whatever its arena holds. If all weights are
    /// 0 the result is 0. With one rank nothing is touched.
    /// - Parameters:
    ///   - weight: usually the number of items in this rank's batch.
    ///   - status: OR-ed over the ranks; comes back in the result.
    ///   - count: floats to average; nil for all that come before the tail.
    ///   - ranges: parts of `0 ..< count` to reduce, ascending; nil for all of it. What is outside keeps its values.
    ///   - measuresNorm: Whether to leave the sum of the squares of what was averaged in ``squaredNorm``.
    /// - Returns: Σ weight and the status words of all ranks.
    @discardableResult
    public func reduce(
        weight: Double, status: StatusWord = [], count: Int? = nil, tailCount: Int = 0, ranges: [Range<Int>]? = nil,
        measuresNorm: Bool = false, name: String = "gradients", file: StaticString = #fileID, line: UInt = #line
    ) throws -> Agreement {
        let plan = Plan(
            arena.count, count, tailCount, ranges, compression: compression, file: file, line: line)
        let call = plan.call(weight: weight, status: status, name: name)
        squaredNorm = nil
        guard let engine = (communicator as? any EngineBacked)?.engine, isShared else {
            return try reduceByMessages(plan, call)
        }
        let agreement = try engine.observed(name) {
            try engine.reduceArena(segment, plan, call, norms: measuresNorm ? norms : nil)
        }
        if measuresNorm, engine.link == nil { squaredNorm = norms.sum(in: segment) }
        return agreement
    }

    /// As `reduce`, but leaves each averaged slice with its owner only, and hands it to `update`: the reduction and the
    /// optimizer become one pass over memory. Returns when all ranks have updated.
    ///
    /// `update` is called with consecutive pieces of `ownedRange(of: count)`, while they are still in the cache; the
    /// averages stand in `arena` at the same place. What it writes to shared memory all ranks see when this returns.
    /// - Parameters:
    ///   - averagesPairs: Whether `update` can average the gradients of two ranks itself, and leave the average in `arena`:
    ///     with two ranks it then gets its whole slice at once, and the pair. Otherwise the pair is nil.
    ///   - begin: called before any update with the sum of the tails, which in the arenas is not to be relied on.
    @discardableResult
    public func reduceOwned(
        weight: Double, status: StatusWord = [], count: Int? = nil, tailCount: Int = 0, ranges: [Range<Int>]? = nil,
        averagesPairs: Bool = false, name: String = "gradients", file: StaticString = #fileID, line: UInt = #line,
        begin: (UnsafeBufferPointer<Float>) throws -> Void = { _ in },
        update: (Range<Int>, UnaveragedPair?) throws -> Void
    ) throws -> Agreement {
        let plan = Plan(
            arena.count, count, tailCount, ranges, compression: compression, file: file, line: line)
        let call = plan.call(weight: weight, status: status, name: name)
        if let engine = (communicator as? any EngineBacked)?.engine, isShared {
            return try withoutActuallyEscaping(begin) { begin in
                try withoutActuallyEscaping(update) { update in
                    let owner = OwnedUpdate(averagesPairs: averagesPairs, begin: begin, update: update)
                    return try engine.observed(name) { try engine.reduceArena(segment, plan, call, owner: owner) }
                }
            }
        }
        let agreement = try reduceByMessages(plan, call)
        try begin(UnsafeBufferPointer(rebasing: arena[plan.tail]))
        for range in plan.ranges { try update(range, nil) }
        try communicator.barrier(name: name)
        return agreement
    }

    /// The part of an arena of `count` floats this rank reduces and updates in `reduceOwned`, whatever the ranges are:
    /// one slice per rank of the node, none left out; all of it where memory is not shared, so that every rank then updates
    /// a copy of its own. Ranks that own nothing (more ranks here than on the smallest node) get an empty range.
    public func ownedRange(of count: Int) -> Range<Int> {
        ownedRanges(of: count)[isShared ? segment.localRank : 0]
    }

    /// As ``ownedRange(of:)``, of every rank of this node.
    public func ownedRanges(of count: Int) -> [Range<Int>] {
        guard isShared, let engine = (communicator as? any EngineBacked)?.engine else { return [0..<count] }
        return (0..<engine.plane.size).map { engine.ownedRange($0, of: count) }
    }

    /// Copies what the other ranks of the node hold of `ranges` after `reduceOwned` into this rank's arena. Not collective;
    /// to be called before any rank writes to its arena again.
    public func fetch(_ ranges: [Range<Int>], of count: Int) {
        guard let own = arena.baseAddress else { return }
        for (peer, owned) in ownedRanges(of: count).enumerated() where peer != segment.localRank {
            let from = segment.peers[peer].baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self)
            for range in ranges where range.overlaps(owned) {
                let part = range.clamped(to: owned)
                (own + part.lowerBound).update(from: from + part.lowerBound, count: part.count)
            }
        }
    }

    /// What to reduce.
    struct Plan {
        var ranges: [Range<Int>]
        var tail: Range<Int>
        /// How the ranges' sums travel between nodes; the tail's travel as they are.
        var compression: GradientCompression

        init(
            _ capacity: Int, _ count: Int?, _ tailCount: Int, _ ranges: [Range<Int>]?,
            compression: GradientCompression = .none, file: StaticString, line: UInt
        ) {
            self.compression = compression
            let count = count ?? capacity - tailCount
            require(
                tailCount >= 0 && count >= 0 && count + tailCount <= capacity,
                "reduce: \(count) floats and a tail of \(tailCount) do not fit an arena of \(capacity)", file: file,
                line: line)
            self.ranges = ranges ?? [0..<count]
            tail = count..<count + tailCount
            var end = 0
            for range in self.ranges {
                require(
                    range.lowerBound >= end && range.upperBound <= count,
                    "reduce: range \(range) overlaps one before it or leaves 0..<\(count)", file: file, line: line)
                end = range.upperBound
            }
        }

        /// Ranks that compress differently call different collectives, and are told so.
        func call(weight: Double, status: StatusWord, name: String) -> CollectiveCall {
            CollectiveCall(
                kind: .reduceArena, count: ranges.reduce(tail.count) { $0 + $1.count }, type: .float32,
                name: compression == .none ? name : "\(name), \(compression.rawValue) between nodes", weight: weight,
                status: status)
        }
    }
}
