// SPDX-License-Identifier: Apache-2.0
// The slices of a shared arena: read from every rank, written where all read it.
internal import CMPI

/// The gradients of two ranks in a piece of which nobody has taken the average yet: it is
/// `shares.0 · first + shares.1 · second`.
public struct UnaveragedPair {
    /// Where the piece starts in the arena of each rank.
    public let first, second: UnsafePointer<Float>
    /// What each rank counts for: its weight in that of all.
    public let shares: (Float, Float)
}

/// What an owner does with its slice of an arena.
struct OwnedUpdate {
    /// Whether `update` averages the gradients of two ranks itself.
    let averagesPairs: Bool
    /// Called once, with the sum of the tails, before the first piece.
    let begin: (UnsafeBufferPointer<Float>) throws -> Void
    /// Called with each piece as soon as it is averaged, or instead of that.
    let update: (Range<Int>, UnaveragedPair?) throws -> Void

    /// Updates what is averaged in `part`.
    func updateInPieces(_ part: Range<Int>) throws {
        for start in stride(from: part.lowerBound, to: part.upperBound, by: CollectiveEngine.updatePiece) {
            try update(start..<min(start + CollectiveEngine.updatePiece, part.upperBound), nil)
        }
    }
}

extension CollectiveEngine {
    /// Floats of one piece handed to an update: two arenas of it fit the second-level cache.
    fileprivate static let updatePiece = 1 << 14

    /// The part of `count` floats that the rank `owner` of this node updates.
    func ownedRange(_ owner: Int, of count: Int) -> Range<Int> {
        owner < ownerCount
            ? LockstepComm.slice(owner, of: ownerCount, in: 0..<count, granularity: 16) : count..<count
    }

    /// Reduces an arena: everywhere, or, with an `owner`, for the owner of each slice, who then updates.
    /// - Parameter norms: takes the sum of squares of what this rank has averaged.
    func reduceArena(
        _ segment: SharedSegment, _ plan: SharedReducer.Plan, _ call: CollectiveCall, owner: OwnedUpdate? = nil,
        norms: SharedNorms? = nil
    ) throws -> Agreement {
        let agreement = try open(call)
        if size == 1 {
            if let owner {
                let tail = segment.own.assumingMemoryBound(to: Float.self)[plan.tail]
                try handing { try owner.begin(UnsafeBufferPointer(rebasing: tail)) }
                for range in plan.ranges { try handing { try owner.update(range, nil) } }
            }
            if let norms, let own = segment.own.assumingMemoryBound(to: Float.self).baseAddress {
                norms.set(
                    plan.ranges.reduce(0) { $0 + cmpi_sum_of_squares(own + $1.lowerBound, $1.count) }, in: segment)
            }
            return agreement
        }
        if let owner { try sumTail(plan.tail, segment, owner) }
        try withUnsafeTemporaryAllocation(of: Float.self, capacity: plane.size) { scales in
            guard plane.rank < ownerCount else { return }
            for peer in 0..<plane.size {
                let weight = header(of: topology.nodes[nodeIndex][peer]).pointee.weight
                scales[peer] = agreement.weight == 0 ? 0 : Float(weight / agreement.weight)
            }
            let all = ownedRange(plane.rank, of: plan.tail.lowerBound)
            let slices = plan.ranges.map { range in
                owner != nil
                    ? range.clamped(to: all)
                    : LockstepComm.slice(plane.rank, of: ownerCount, in: range, granularity: 16)
            }
            let tail = owner == nil && plane.rank == ownerCount - 1 ? plan.tail : 0..<0
            if let link {
                return try reduceBetweenNodes(
                    slices, tail: tail, segment, scales, owner, plan.compression, over: link)
            }
            var squares: Double? = norms == nil ? nil : 0
            for slice in slices { try reduceSlice(slice, segment, scales, owner, &squares) }
            if let norms, let squares { norms.set(squares, in: segment) }
            if !tail.isEmpty {
                scales.update(repeating: 1)
                var unmeasured: Double?
                try reduceSlice(tail, segment, scales, nil, &unmeasured)
            }
        }
        try synchronise()
        return agreement
    }

    /// Runs what the caller has done inside: its failure is everyone's, its time its own.
    private func handing(_ body: () throws -> Void) throws { try guarded { try working(body) } }

    /// Hands the sum of all tails to `owner`. Inside a node each rank sums for itself, which takes no synchronisation.
    private func sumTail(_ tail: Range<Int>, _ segment: SharedSegment, _ owner: OwnedUpdate) throws {
        if let link {
            try withUnsafeTemporaryAllocation(of: Float.self, capacity: plane.size) { unused in
                if plane.rank == ownerCount - 1 {
                    try reduceBetweenNodes([], tail: tail, segment, unused, nil, .none, over: link)
                }
            }
            try synchronise()
            let own = segment.own.assumingMemoryBound(to: Float.self)
            return try handing { try owner.begin(UnsafeBufferPointer(rebasing: own[tail])) }
        }
        try withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, tail.count)) { sums in
            sums.initialize(repeating: 0)
            for peer in segment.peers {
                let values = peer.assumingMemoryBound(to: Float.self)
                for index in tail { sums[index - tail.lowerBound] += values[index] }
            }
            try handing { try owner.begin(UnsafeBufferPointer(rebasing: sums[..<tail.count])) }
        }
    }

    private func reduceSlice(
        _ slice: Range<Int>, _ segment: SharedSegment, _ scales: UnsafeMutableBufferPointer<Float>,
        _ owner: OwnedUpdate?, _ squares: inout Double?
    ) throws {
        let everywhere = owner == nil
        if let owner, let pair = pair(at: slice.lowerBound, segment, scales), owner.averagesPairs {
            // The arenas are read once, by the update, beside parameters and state: many streams at a time are faster.
            if !slice.isEmpty { try handing { try owner.update(slice, pair) } }
            return
        }
        let piece = owner != nil || squares != nil ? CollectiveEngine.updatePiece : max(1, slice.count)
        for start in stride(from: slice.lowerBound, to: slice.upperBound, by: piece) {
            let part = start..<min(start + piece, slice.upperBound)
            weightedSum(part, segment, scales, everywhere: everywhere)
            let own = segment.own.baseAddress.unsafelyUnwrapped + part.lowerBound * MemoryLayout<Float>.stride
            if let sum = squares {
                squares = sum + cmpi_sum_of_squares(own.assumingMemoryBound(to: Float.self), part.count)
            }
            if let owner { try handing { try owner.update(part, nil) } }
        }
    }

    /// The two ranks of this job, where there are no others and both have a weight.
    private func pair(
        at offset: Int, _ segment: SharedSegment, _ scales: UnsafeMutableBufferPointer<Float>
    ) -> UnaveragedPair? {
        guard size == 2, segment.peers.count == 2, scales[0] != 0, scales[1] != 0 else { return nil }
        func address(_ peer: Int) -> UnsafePointer<Float> {
            UnsafePointer(
                segment.peers[peer].baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self) + offset)
        }
        return UnaveragedPair(first: address(0), second: address(1), shares: (scales[0], scales[1]))
    }

    /// Σ scale·value over the ranks of this node that have a weight, in local order.
    func weightedSum(
        _ part: Range<Int>, _ segment: SharedSegment, _ scales: UnsafeMutableBufferPointer<Float>, everywhere: Bool
    ) {
        let count = segment.peers.count
        func address(_ peer: Int) -> UnsafeMutablePointer<Float> {
            segment.peers[peer].baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self) + part.lowerBound
        }
        withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Float>.self, capacity: count) { destinations in
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: count) { sources in
                withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { factors in
                    var sourceCount = 0
                    for peer in 0..<count where scales[peer] != 0 {
                        sources[sourceCount] = UnsafePointer(address(peer))
                        factors[sourceCount] = scales[peer]
                        sourceCount += 1
                    }
                    if everywhere {
                        for peer in 0..<count { destinations[peer] = address(peer) }
                    } else {
                        destinations[0] = address(segment.localRank)
                    }
                    cmpi_weighted_sum(
                        destinations.baseAddress.unsafelyUnwrapped, everywhere ? CInt(count) : 1,
                        sources.baseAddress.unsafelyUnwrapped, factors.baseAddress.unsafelyUnwrapped, CInt(sourceCount),
                        part.count)
                }
            }
        }
    }
}

extension SharedReducer {
    /// The same reduction where arenas cannot be shared: scaled in place, then reduced through the communicator.
    func reduceByMessages(_ plan: Plan, _ call: CollectiveCall) throws -> Agreement {
        let agreement = try communicator.agree(
            weight: call.weight, status: call.status, name: "\(call.name) \(call.count)")
        guard communicator.size > 1 else { return agreement }
        let scale = agreement.weight == 0 ? 0 : Float(call.weight / agreement.weight)
        for range in plan.ranges {
            // A rank without weight counts as zeros, whatever it holds.
            if let base = arena.baseAddress {
                let part: [UnsafeMutablePointer<Float>] = [base + range.lowerBound]
                cmpi_weighted_sum(part, 1, part.map { UnsafePointer($0) }, [scale], scale == 0 ? 0 : 1, range.count)
            }
            if let engine = (communicator as? any EngineBacked)?.engine {
                _ = try engine.allReduce(bytes(range), as: .float32, .sum, name: call.name, compression: compression)
            } else {
                try communicator.allReduce(bytes(range), as: .float32, .sum, name: call.name)
            }
        }
        if !plan.tail.isEmpty { try communicator.allReduce(bytes(plan.tail), as: .float32, .sum, name: call.name) }
        return agreement
    }

    func bytes(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(
            rebasing: UnsafeMutableRawBufferPointer(arena)[range.lowerBound * 4..<range.upperBound * 4])
    }
}
