// SPDX-License-Identifier: Apache-2.0
// Sums between nodes in fewer bits: half the bytes on the network, for a known error.
internal import CMPI

/// How gradients travel between nodes. Inside a node they do not travel, and are always summed in float32.
public enum GradientCompression: String, Sendable, Hashable, CaseIterable {
    /// As they are. The default: the number of ranks changes no more than the order of addition.
    case none
    /// As bfloat16, with half the bytes. Each node's sum is rounded once, to 8 bits of significand, and the sums of the nodes
    /// are added in float32, in node order, so that all ranks get the same bits. From three nodes on each node adds a part
    /// for all, and what it sends back is rounded once more.
    ///
    /// The error of a sum Σₙ sₙ over nodes is at most 2⁻⁸ Σ |sₙ|, and 2⁻⁸ |Σ sₙ| more from three nodes on (Kalamkar et al.,
    /// arXiv 1905.12322, train with it). Magnitudes keep the range of float32. Nothing changes within one node.
    case bf16
}

extension CollectiveEngine {
    /// Sums float32 over the ranks of this lane, one on each node, in place: the same bits on all. Collective over the lane.
    func sumBetweenNodes(
        _ buffer: UnsafeMutableRawBufferPointer, over link: any NodeLink, _ compression: GradientCompression
    ) throws {
        let values = buffer.assumingMemoryBound(to: Float.self)
        guard compression == .bf16, let base = values.baseAddress, !values.isEmpty else {
            return try link.allReduce(buffer, as: .float32, .sum)
        }
        let nodes = topology.nodes.count
        if nodes == 2 {
            let (out, into) = try linkBuffers(count: values.count, blocks: nodes)
            cmpi_to_bfloat16(out, base, values.count)
            try link.gatherLane(bytes(out, values.count), into: bytes(into, values.count * nodes))
            return cmpi_sum_bfloat16(base, into, CInt(nodes), values.count)
        }
        // All to all would be more bytes than float32 from five nodes on: each node adds a share, and sends the sums back.
        let share = ((values.count + nodes - 1) / nodes + 31) & ~31
        let (out, into) = try linkBuffers(count: share * nodes, blocks: 1)
        cmpi_to_bfloat16(out, base, values.count)
        (out + values.count).update(repeating: 0, count: share * nodes - values.count)
        try link.exchangeLane(bytes(out, share * nodes), into: bytes(into, share * nodes))
        withUnsafeTemporaryAllocation(of: Float.self, capacity: share) { sums in
            guard let sum = sums.baseAddress else { return }
            cmpi_sum_bfloat16(sum, into, CInt(nodes), share)
            cmpi_to_bfloat16(out, sum, share)
        }
        try link.gatherLane(bytes(out, share), into: bytes(into, share * nodes))
        cmpi_sum_bfloat16(base, into, 1, values.count)
    }

    /// Room for `count` numbers on their way out, and for `blocks` times as many that come in.
    private func linkBuffers(
        count: Int, blocks: Int
    ) throws -> (out: UnsafeMutablePointer<UInt16>, into: UnsafeMutablePointer<UInt16>) {
        let outBytes = (count * 2 + 63) & ~63
        let needed = outBytes + count * 2 * blocks
        let memory: OwnedMemory
        if let linkBuffer, linkBuffer.bytes.count >= needed {
            memory = linkBuffer
        } else {
            memory = try OwnedMemory(byteCount: needed)
            linkBuffer = memory
        }
        let base = memory.bytes.baseAddress.unsafelyUnwrapped
        return (base.assumingMemoryBound(to: UInt16.self), (base + outBytes).assumingMemoryBound(to: UInt16.self))
    }

    private func bytes(_ start: UnsafeMutablePointer<UInt16>, _ count: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: start, count: count * 2)
    }

    private func bytes(_ start: UnsafeMutablePointer<UInt16>, _ count: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: start, count: count * 2)
    }
}
