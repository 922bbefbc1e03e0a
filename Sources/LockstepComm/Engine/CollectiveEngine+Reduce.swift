// SPDX-License-Identifier: Apache-2.0
// Reductions of private buffers: staged in shared memory, each slice reduced by its owner.
internal import CMPI

extension CollectiveEngine {
    /// Up to this many bytes every rank reduces everything itself: one synchronisation instead of two.
    private static let smallBytes = 8 << 10

    /// How many ranks of this node own a slice.
    var ownerCount: Int { link?.laneCount ?? plane.size }

    /// - Parameter compression: for sums of float32, how they travel between nodes.
    func allReduce(
        _ buffer: UnsafeMutableRawBufferPointer, as type: ElementType, _ operation: ReductionOperation, name: String,
        compression: GradientCompression = .none
    ) throws -> Agreement {
        requireWhole(buffer.count, type, "allReduce")
        let call = CollectiveCall(
            kind: .allReduce, count: buffer.count / type.byteCount, type: type, operation: operation, name: name)
        guard let base = buffer.baseAddress, buffer.count > 0 else { return try open(call) }
        var agreement: Agreement?
        var offset = 0
        while offset < buffer.count {
            let bytes = min(NodePlane.stageBytes, buffer.count - offset)
            let isSmall = link == nil && buffer.count <= CollectiveEngine.smallBytes
            plane.stage(plane.rank, turn: turn).copyMemory(from: base + offset, byteCount: bytes)
            if agreement == nil { agreement = try open(call) } else { try synchronise() }
            if isSmall {
                combine(0..<bytes, into: base + offset, type, operation)
            } else {
                let owned = slice(min(plane.rank, ownerCount), of: ownerCount, in: 0..<bytes)
                if !owned.isEmpty {
                    let result = plane.stage(plane.rank, turn: turn) + owned.lowerBound
                    combine(owned, into: result, type, operation)
                    if let link {
                        try guarded {
                            let part = UnsafeMutableRawBufferPointer(start: result, count: owned.count)
                            if compression == .none {
                                try link.allReduce(part, as: type, operation)
                            } else {
                                let values = part.assumingMemoryBound(to: Float.self)
                                let pieces = NodeSum.pieces(
                                    0..<values.count, nodes: topology.nodes.count, compression)
                                if let base = values.baseAddress {
                                    try sumBetweenNodes(pieces, of: base, owner: plane, over: link)
                                }
                            }
                        }
                    }
                }
                try synchronise()
                for owner in 0..<ownerCount {
                    let part = slice(owner, of: ownerCount, in: 0..<bytes)
                    (base + offset + part.lowerBound).copyMemory(
                        from: plane.stage(owner, turn: turn) + part.lowerBound, byteCount: part.count)
                }
            }
            turn += 1
            offset += bytes
        }
        return agreement ?? Agreement(weight: 0, status: [], firstSignallingRank: nil)
    }

    func reduceScatter(
        _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer, as type: ElementType,
        _ operation: ReductionOperation, name: String
    ) throws -> Agreement {
        requireWhole(destination.count, type, "reduceScatter")
        require(
            source.count == destination.count * size,
            "reduceScatter: \(source.count) bytes in, expected \(size) blocks of \(destination.count)")
        let call = CollectiveCall(
            kind: .reduceScatter, count: destination.count / type.byteCount, type: type, operation: operation,
            name: name)
        guard let from = source.baseAddress, let to = destination.baseAddress, destination.count > 0 else {
            return try open(call)
        }
        if let link {
            let agreement = try open(call)
            try guarded { try link.reduceScatter(source, into: destination, as: type, operation) }
            return agreement
        }
        var agreement: Agreement?
        let piece = NodePlane.stageBytes / size & ~63
        for offset in stride(from: 0, to: destination.count, by: piece) {
            let bytes = min(piece, destination.count - offset)
            let stage = plane.stage(plane.rank, turn: turn)
            for block in 0..<size {
                (stage + block * piece).copyMemory(from: from + (block * destination.count + offset), byteCount: bytes)
            }
            if agreement == nil { agreement = try open(call) } else { try synchronise() }
            combine(rank * piece..<rank * piece + bytes, into: to + offset, type, operation)
            turn += 1
        }
        return agreement ?? Agreement(weight: 0, status: [], firstSignallingRank: nil)
    }

    /// Reduces `range` of all stages of this turn.
    private func combine(
        _ range: Range<Int>, into destination: UnsafeMutableRawPointer, _ type: ElementType,
        _ operation: ReductionOperation
    ) {
        withUnsafeTemporaryAllocation(of: UnsafeRawPointer.self, capacity: plane.size) { sources in
            for peer in 0..<plane.size {
                sources[peer] = UnsafeRawPointer(plane.stage(peer, turn: turn)) + range.lowerBound
            }
            cmpi_combine(
                destination, sources.baseAddress.unsafelyUnwrapped, CInt(plane.size), range.count / type.byteCount,
                CInt(type.rawValue), CInt(operation.rawValue))
        }
    }

    /// Slices of a stage, cut at cache lines. The owner `parts` (a rank that owns nothing) has an empty one.
    private func slice(_ owner: Int, of parts: Int, in range: Range<Int>) -> Range<Int> {
        owner < parts
            ? LockstepComm.slice(owner, of: parts, in: range, granularity: 64) : range.upperBound..<range.upperBound
    }

    private func requireWhole(_ bytes: Int, _ type: ElementType, _ operation: String) {
        require(type != .byte, "\(operation): bytes cannot be reduced; name an element type")
        require(bytes % type.byteCount == 0, "\(operation): \(bytes) bytes are no whole number of \(type) elements")
    }
}
