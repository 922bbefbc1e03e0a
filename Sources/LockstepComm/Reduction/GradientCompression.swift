// SPDX-License-Identifier: Apache-2.0
// Sums between nodes in fewer bits: half the bytes on the network, for a known error.

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

    /// Bytes of one number on its way.
    package var bytesPerValue: Int { self == .bf16 ? 2 : 4 }
}
