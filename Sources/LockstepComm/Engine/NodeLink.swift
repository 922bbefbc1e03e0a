// SPDX-License-Identifier: Apache-2.0
// What a group of several nodes needs between them, seen from one rank.
internal import CMPI

/// The connection between nodes. Ranks of one node share memory; this moves what must leave it.
///
/// A *lane* is the ranks with the same local number on all nodes: each lane carries its own slice of a reduction, so
/// that all ranks of a node send at once. Lane 0 also carries the headers.
protocol NodeLink: AnyObject {
    /// How many lanes there are: the smallest number of ranks on any node.
    var laneCount: Int { get }

    /// Called by local rank 0 of each node: sends the headers of this node's ranks, and receives those of all ranks,
    /// node by node, in local order. Waits with `whileWaiting`, which throws when this node cannot go on.
    func exchange(
        headers: UnsafeMutablePointer<cmpi_header>, count: Int, into all: UnsafeMutablePointer<cmpi_header>,
        nodeCounts: [Int],
        whileWaiting: () throws -> Void) throws

    /// Called in a long wait of `exchange`: tells the other nodes that this one has come.
    func tellOfWaiting()
    /// Called in a long wait of `exchange`: the nodes that have not told so; nil where it is not known.
    func missingNodes() -> [Int]?

    /// Called by local rank 0 of a node that has failed, so that the others learn of it at their next exchange.
    func announce(_ error: CommunicatorError)

    /// Runs what the ranks of one lane send each other, `byteCount` bytes in all from this one; when it returns, nothing of it
    /// waits here any more to be sent.
    func exchanging(byteCount: Int, _ body: () throws -> Void) throws
    /// Called inside of `exchanging`: begins to send to this lane's rank on `node`, which is not this one. The bytes must
    /// stay as they are until ``finish(_:)``.
    func send(_ bytes: UnsafeRawBufferPointer, to node: Int, tag: LinkTag) throws -> LinkMessage
    /// Begins to receive from this lane's rank on `node`. Messages of one tag come in the order in which they were sent; the
    /// sizes must agree.
    func receive(_ bytes: UnsafeMutableRawBufferPointer, from node: Int, tag: LinkTag) throws -> LinkMessage
    /// Waits until a message has come, or until what was sent may change.
    func finish(_ message: LinkMessage) throws

    /// Called by a rank that has failed inside of `exchanging`: those of its lane wait for its messages in vain.
    func breakOff(_ error: CommunicatorError)

    /// Called by the ranks of one lane: reduces in place, in pieces of at most 1 MiB.
    func allReduce(
        _ buffer: UnsafeMutableRawBufferPointer, as type: ElementType, _ operation: ReductionOperation) throws

    /// Called by all ranks.
    func broadcast(_ buffer: UnsafeMutableRawBufferPointer, from root: Int) throws
    /// Called by all ranks; `counts` are bytes per rank. The result is in rank order, and only on `root` if one is given.
    func gather(
        _ source: UnsafeRawBufferPointer, counts: [Int], into destination: UnsafeMutableRawBufferPointer?, root: Int?)
        throws
    /// Called by all ranks: `source` is one block per rank.
    func reduceScatter(
        _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer, as type: ElementType,
        _ operation: ReductionOperation) throws
}

/// What messages between nodes are about. Those of one tag keep their order.
enum LinkTag: CInt {
    /// Values to be added up, and their sums.
    case values = 78
    case sums = 79
    /// The measurement of the link.
    case probe = 80
}

/// A message on its way between two nodes.
struct LinkMessage {
    /// What the link knows it by.
    let handle: Int
    /// Where it goes to or comes from.
    let node: Int
    let memory: UnsafeMutableRawBufferPointer
    let isIncoming: Bool
}

extension NodeLink {
    func tellOfWaiting() {}
    func missingNodes() -> [Int]? { nil }
    /// Nothing, where the end of this rank's process ends the others.
    func breakOff(_ error: CommunicatorError) {}
}
