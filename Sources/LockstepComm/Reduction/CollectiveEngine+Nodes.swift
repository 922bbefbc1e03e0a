// SPDX-License-Identifier: Apache-2.0
// An arena's slices between nodes: what a node has added up goes out while the next piece is added up.
internal import CMPI

extension CollectiveEngine {
    /// Sums `pieces` over the ranks of this lane, one on each node, in place: the same bits on all. Collective over the lane.
    /// - Parameters:
    ///   - owner: keeps `base` alive, where a failure leaves messages behind that still want it.
    ///   - prepare: called before a piece leaves: makes it what this node contributes.
    ///   - finish: called when a piece is the sum of all nodes.
    func sumBetweenNodes(
        _ pieces: [LinkPiece], of base: UnsafeMutablePointer<Float>, owner: AnyObject, over link: any NodeLink,
        prepare: (LinkPiece) -> Void = { _ in }, finish: (LinkPiece) throws -> Void = { _ in }
    ) throws {
        let nodes = topology.nodes.count
        let memory = try linkMemory(byteCount: NodeSum.memoryBytes(for: pieces, nodes: nodes))
        guard let room = memory.bytes.baseAddress else { return }
        let sum = NodeSum(pieces, of: base, node: nodeIndex, nodes: nodes, over: link, memory: room)
        let byteCount = pieces.reduce(0) { $0 + $1.byteCount }
        do { try link.exchanging(byteCount: byteCount) { try sum.run(prepare: prepare, finish: finish) } } catch {
            if sum.isUnfinished {
                // MPI may still write there, whatever becomes of this communicator: the memory is never freed.
                _ = Unmanaged.passRetained(memory)
                _ = Unmanaged.passRetained(owner)
                linkBuffer = nil
            }
            let known = self.known(error)
            link.breakOff(known)
            throw known
        }
    }

    /// Averages this rank's slice of each range over all ranks, and its node's part of the tail.
    func reduceBetweenNodes(
        _ slices: [Range<Int>], tail: Range<Int>, _ segment: SharedSegment,
        _ scales: UnsafeMutableBufferPointer<Float>, _ owner: OwnedUpdate?, _ compression: GradientCompression,
        over link: any NodeLink
    ) throws {
        guard let base = segment.own.baseAddress?.assumingMemoryBound(to: Float.self) else { return }
        let nodes = topology.nodes.count
        var pieces = slices.flatMap { NodeSum.pieces($0, nodes: nodes, compression) }
        pieces += NodeSum.pieces(tail, nodes: nodes, .none).map {
            LinkPiece(range: $0.range, compression: .none, isTail: true)
        }
        try withUnsafeTemporaryAllocation(of: Float.self, capacity: plane.size) { ones in
            ones.initialize(repeating: 1)
            try guarded {
                try sumBetweenNodes(pieces, of: base, owner: segment.owner, over: link) { piece in
                    weightedSum(piece.range, segment, piece.isTail ? ones : scales, everywhere: false)
                } finish: { piece in
                    guard let owner else { return hand(piece.range, to: segment) }
                    try working { try owner.updateInPieces(piece.range) }
                }
            }
        }
    }

    /// Copies what this rank holds of `part` to the other ranks of its node.
    private func hand(_ part: Range<Int>, to segment: SharedSegment) {
        let bytes = part.lowerBound * MemoryLayout<Float>.stride..<part.upperBound * MemoryLayout<Float>.stride
        let own = UnsafeRawBufferPointer(rebasing: segment.own[bytes])
        for (peer, memory) in segment.peers.enumerated() where peer != segment.localRank {
            UnsafeMutableRawBufferPointer(rebasing: memory[bytes]).copyMemory(from: own)
        }
    }

    /// Room for what travels; kept from one sum to the next.
    private func linkMemory(byteCount: Int) throws -> OwnedMemory {
        if let linkBuffer, linkBuffer.bytes.count >= byteCount { return linkBuffer }
        let memory = try OwnedMemory(byteCount: max(64, byteCount))
        linkBuffer = memory
        return memory
    }
}

extension LinkPiece {
    /// What a node sends of it when it goes to one other.
    var byteCount: Int { range.count * compression.bytesPerValue }
}
