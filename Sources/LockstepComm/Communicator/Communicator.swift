// SPDX-License-Identifier: Apache-2.0
// The one interface between a rank and its peers: collectives over raw memory.

/// A group of ranks that act together, seen from one of them.
///
/// Every collective must be called by all ranks, in the same order, with the same element counts, types and names. A
/// difference is noticed before any data moves and becomes the same `CommunicatorError` on every rank. A wait notices a
/// dead peer within a second, reports a late one (`LOCKSTEP_STALL_TIMEOUT`, 30 s) and gives up on it in the end
/// (`LOCKSTEP_ABORT_TIMEOUT`, 300 s). After an error a communicator is of no more use: every later call throws that error,
/// and since when; but for what all ranks have found alike (`failTogether`).
///
/// Buffers are only used during the call. Not `Sendable`: a communicator belongs to the thread of its rank.
/// The calls without `name:`, and those on arrays, are extensions.
public protocol Communicator: AnyObject {
    /// 0 ..< size.
    var rank: Int { get }
    var size: Int { get }
    /// Node, rank within the node, ranks per node, number of nodes.
    var placement: Placement { get }
    /// Rides in the header of every following collective until it is changed.
    var outgoingStatus: StatusWord { get set }

    /// Told of every collective this rank has taken part in; none cost nothing. Empty, and deaf, where there is but one rank.
    var observers: [any CommunicationObserver] { get set }

    /// Replaces `buffer` on every rank by its reduction over all ranks; the same bits on every rank.
    @discardableResult
    func allReduce(
        _ buffer: UnsafeMutableRawBufferPointer, as type: ElementType, _ operation: ReductionOperation, name: String
    ) throws -> Agreement

    /// Reduces `source`, which is `size` blocks of `destination.count` bytes, and leaves block `rank` in `destination`.
    @discardableResult
    func reduceScatter(
        _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer, as type: ElementType,
        _ operation: ReductionOperation, name: String
    ) throws -> Agreement

    /// Places the ranks' `source` blocks, all of the same size, one after the other into `destination`.
    @discardableResult
    func allGather(
        _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer, name: String
    ) throws -> Agreement

    /// Collects the ranks' bytes, whose counts may differ, on every rank or only on `root`.
    /// - Returns: one array per rank; nil on the ranks that are not `root`.
    func gather(_ source: UnsafeRawBufferPointer, to root: Int?, name: String) throws -> [[UInt8]]?

    /// Copies `buffer` of rank `root` to all ranks.
    @discardableResult
    func broadcast(_ buffer: UnsafeMutableRawBufferPointer, from root: Int, name: String) throws -> Agreement

    /// Waits until every rank is here. Sums `weight` and ORs the status words: a decision for the price of a flag.
    @discardableResult
    func agree(weight: Double, status: StatusWord, name: String) throws -> Agreement

    /// Divides the group: ranks that pass the same `color` form a new one, ordered by `key`, then by rank.
    /// A rank that passes nil is in none, and gets nil.
    func split(color: Int?, key: Int) throws -> (any Communicator)?

    /// Allocates a segment per rank, shared by the ranks of a node where that is possible. Sizes may differ.
    func allocateShared(byteCount: Int) throws -> SharedSegment

    /// Says what this rank is doing, for the report a late rank causes. Costs a few nanoseconds.
    func note(step: Int, event: String)

    /// Tells all ranks that this one cannot go on. Their current or next collective throws an error with this rank's
    /// number, `event` and the error's text. Only the first failure counts.
    func fail(_ error: any Error, during event: String)

    /// Tells all ranks that this one has failed, as `fail(_:during:)` does, unless every rank says the same, with the same text,
    /// after the same collectives: what all have found alike breaks nothing, and the communicator goes on. Waits for the
    /// others for a few seconds; those in a collective learn of it at once.
    /// - Returns: whether the ranks can go on together.
    @discardableResult
    func failTogether(_ error: any Error, during event: String) -> Bool

    /// Ends all ranks of the job at once. For when throwing is not possible.
    func abort(code: Int32) -> Never
}

extension Communicator {
    /// The default: no rank asks the others.
    @discardableResult
    public func failTogether(_ error: any Error, during event: String) -> Bool {
        fail(error, during: event)
        return false
    }
    /// The default: nobody is told.
    public var observers: [any CommunicationObserver] {
        get { [] }
        set {}
    }
    /// Position of this rank among those of its node.
    public var localRank: Int { placement.localRank }
    /// Number of ranks on this node.
    public var localSize: Int { placement.localSize }
    /// Which node this rank is on; nodes are numbered by their lowest rank.
    public var nodeIndex: Int { placement.node }
    /// Number of nodes.
    public var nodeCount: Int { placement.nodeCount }
    /// Whether this is the rank that writes and prints.
    public var isRankZero: Bool { rank == 0 }

    /// Waits until every rank is here.
    @discardableResult
    public func barrier(name: String = "") throws -> Agreement {
        try agree(weight: 1, status: [], name: name.isEmpty ? "barrier" : name)
    }

    /// One line: rank, size and place.
    public var summary: String {
        size == 1
            ? "1 rank"
            : "rank \(rank) of \(size) on \(placement.host) (local rank \(localRank) of \(localSize), \(nodeCount) node\(nodeCount == 1 ? "" : "s"))"
    }
}
