// SPDX-License-Identifier: Apache-2.0
// Memory the ranks of one node share: a segment per rank, and every segment readable and writable by all of them.

/// One rank's view of memory allocated by `Communicator.allocateShared(byteCount:)`.
///
/// The memory starts as zeros, at the start of a 4 KiB page, on pages of its own, and lives as long as `owner` does on
/// this rank. Views that outlive this value must keep `owner`. Not `Sendable`: it belongs to its rank.
public struct SharedSegment {
    /// This rank's segment.
    public let own: UnsafeMutableRawBufferPointer
    /// The segments of all ranks that share memory with this one, in rank order; only `own` where sharing is impossible.
    public let peers: [UnsafeMutableRawBufferPointer]
    /// The rank each of the `peers` belongs to, in the communicator that allocated them.
    public let ranks: [Int]
    /// Position of `own` in `peers`.
    public let localRank: Int
    /// Keeps the memory, and the mapping of the peers' memory, alive.
    public let owner: AnyObject

    /// A view of `peers`, of which number `localRank` is this rank's own.
    public init(peers: [UnsafeMutableRawBufferPointer], ranks: [Int], localRank: Int, owner: AnyObject) {
        self.own = peers[localRank]
        self.peers = peers
        self.ranks = ranks
        self.localRank = localRank
        self.owner = owner
    }
}

/// The place of one rank: which machine, and which of the machine's ranks. A fact about processes, whether or not they
/// could share memory.
public struct Placement: Sendable, Hashable {
    /// Nodes are numbered by their lowest rank.
    public var node: Int
    /// Position among the ranks of the node.
    public var localRank: Int
    /// Number of ranks on the node.
    public var localSize: Int
    /// Number of nodes.
    public var nodeCount: Int
    /// Name of the machine.
    public var host: String

    /// A place.
    public init(node: Int, localRank: Int, localSize: Int, nodeCount: Int, host: String) {
        self.node = node
        self.localRank = localRank
        self.localSize = localSize
        self.nodeCount = nodeCount
        self.host = host
    }
}
