// SPDX-License-Identifier: Apache-2.0
// The slices of a shared arena: read from every rank, written where all read it.
internal import CMPI

extension CollectiveEngine {
    /// Floats of one piece between nodes: 1 MiB, above which Open MPI 4.1 is half as fast.
    private static let linkPiece = 1 << 18
    /// Floats of one piece handed to an update: two arenas of it fit the second-level cache.
    private static let updatePiece = 1 << 14

    func reduceArena(
        _ segment: SharedSegment, _ plan: SharedReducer.Plan, _ call: CollectiveCall,
        update: ((Range<Int>) throws -> Void)?
    ) throws -> Agreement {
        let agreement = try open(call)
        if size == 1 {
            if let update { for range in plan.ranges { try guarded { try update(range) } } }
            return agreement
        }
        try withUnsafeTemporaryAllocation(of: Float.self, capacity: plane.size) { scales in
            let owner = plane.rank
            if owner < ownerCount {
                for peer in 0..<plane.size {
                    let weight = header(of: topology.nodes[nodeIndex][peer]).pointee.weight
                    scales[peer] = agreement.weight == 0 ? 0 : Float(weight / agreement.weight)
                }
                for range in plan.ranges {
                    let owned = LockstepComm.slice(owner, of: ownerCount, in: range, granularity: 16)
                    try reduceSlice(owned, segment, scales, everywhere: update == nil, update)
                }
                if owner == ownerCount - 1, !plan.tail.isEmpty {
                    scales.update(repeating: 1)
                    try reduceSlice(plan.tail, segment, scales, everywhere: true, nil)
                }
            }
        }
        try synchronise()
        return agreement
    }

    private func reduceSlice(
        _ slice: Range<Int>, _ segment: SharedSegment, _ scales: UnsafeMutableBufferPointer<Float>, everywhere: Bool,
        _ update: ((Range<Int>) throws -> Void)?
    ) throws {
        let piece =
            update != nil
            ? CollectiveEngine.updatePiece : link != nil ? CollectiveEngine.linkPiece : max(1, slice.count)
        for start in stride(from: slice.lowerBound, to: slice.upperBound, by: piece) {
            let part = start..<min(start + piece, slice.upperBound)
            weightedSum(part, segment, scales, everywhere: everywhere && link == nil)
            if let link {
                let own = segment.own.baseAddress.unsafelyUnwrapped + part.lowerBound * MemoryLayout<Float>.stride
                let bytes = part.count * MemoryLayout<Float>.stride
                try guarded {
                    try link.allReduce(UnsafeMutableRawBufferPointer(start: own, count: bytes), as: .float32, .sum)
                }
                if everywhere {
                    for peer in segment.peers.indices where peer != segment.localRank {
                        (segment.peers[peer].baseAddress.unsafelyUnwrapped + part.lowerBound
                            * MemoryLayout<Float>.stride)
                            .copyMemory(from: own, byteCount: bytes)
                    }
                }
            }
            if let update { try guarded { try update(part) } }
        }
    }

    /// Σ scale·value over the ranks of this node that have a weight, in local order.
    private func weightedSum(
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
            try communicator.allReduce(bytes(range), as: .float32, .sum, name: call.name)
        }
        if !plan.tail.isEmpty { try communicator.allReduce(bytes(plan.tail), as: .float32, .sum, name: call.name) }
        return agreement
    }

    private func bytes(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(
            rebasing: UnsafeMutableRawBufferPointer(arena)[range.lowerBound * 4..<range.upperBound * 4])
    }
}
