// SPDX-License-Identifier: Apache-2.0
// The group of one: no launcher, no MPI, nothing to wait for.
internal import Foundation

/// A communicator of one rank. Every collective returns at once and leaves the data as it is.
public final class SoloCommunicator: Communicator {
    /// This rank.
    public let rank = 0
    /// The number of ranks.
    public let size = 1
    /// Which ranks are on which node.
    public let placement: Placement
    /// Flags that the next collective tells the other ranks.
    public var outgoingStatus: StatusWord = []
    private var failure: (any Error)?

    /// A world of one rank.
    public init() {
        placement = Placement(node: 0, localRank: 0, localSize: 1, nodeCount: 1, host: ProcessInfo.processInfo.hostName)
    }

    private func agreed(_ operation: String, weight: Double = 1, status: StatusWord = []) throws -> Agreement {
        if let failure { throw failure }
        if let scope = RankZeroScope.current { throw CommunicatorError.collectiveInScope(operation, scope: scope) }
        let status = status.union(outgoingStatus)
        return Agreement(weight: weight, status: status, firstSignallingRank: status.isEmpty ? nil : 0)
    }

    /// Sums, or else combines, the values of all ranks in place. Collective.
    @discardableResult
    public func allReduce(
        _ buffer: UnsafeMutableRawBufferPointer, as type: ElementType, _ operation: ReductionOperation, name: String
    ) throws -> Agreement {
        try agreed("allReduce")
    }

    /// Combines the values of all ranks; each gets its slice. Collective.
    @discardableResult
    public func reduceScatter(
        _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer, as type: ElementType,
        _ operation: ReductionOperation, name: String
    ) throws -> Agreement {
        require(
            source.count == destination.count,
            "reduceScatter: \(source.count) bytes in, expected 1 block of \(destination.count)")
        destination.copyMemory(from: source)
        return try agreed("reduceScatter")
    }

    /// The values of all ranks, in their order, for all. Collective.
    @discardableResult
    public func allGather(
        _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer, name: String
    ) throws -> Agreement {
        require(
            source.count == destination.count,
            "allGather: room for \(destination.count) bytes, expected 1 block of \(source.count)")
        destination.copyMemory(from: source)
        return try agreed("allGather")
    }

    /// The bytes of all ranks, in their order, for one rank or all. Collective.
    public func gather(_ source: UnsafeRawBufferPointer, to root: Int?, name: String) throws -> [[UInt8]]? {
        _ = try agreed("gather")
        return [Array(source)]
    }

    /// Gives all ranks the bytes of one. Collective.
    @discardableResult
    public func broadcast(_ buffer: UnsafeMutableRawBufferPointer, from root: Int, name: String) throws -> Agreement {
        require(root == 0, "broadcast: there is no rank \(root); there is only rank 0")
        return try agreed("broadcast")
    }

    /// Tells all ranks a weight and flags, and hears theirs. Collective.
    @discardableResult
    public func agree(weight: Double, status: StatusWord, name: String) throws -> Agreement {
        try agreed("agree", weight: weight, status: status)
    }

    /// A communicator of the ranks with the same color, in the order of `key`; nil without a color. Collective.
    public func split(color: Int?, key: Int) throws -> (any Communicator)? {
        _ = try agreed("split")
        return color == nil ? nil : SoloCommunicator()
    }

    /// Memory of every rank that all of them can reach. Collective.
    public func allocateShared(byteCount: Int) throws -> SharedSegment {
        _ = try agreed("allocateShared")
        let memory = try OwnedMemory(byteCount: byteCount)
        return SharedSegment(peers: [memory.bytes], ranks: [0], localRank: 0, owner: memory)
    }

    /// A heartbeat: says what this rank does, which others read when it is late.
    public func note(step: Int, event: String) {}

    /// Tells the other ranks that this one has failed.
    public func fail(_ error: any Error, during event: String) { if failure == nil { failure = error } }

    /// True: there is nobody who could have failed otherwise.
    @discardableResult
    public func failTogether(_ error: any Error, during event: String) -> Bool { true }

    /// Ends the program at once.
    public func abort(code: Int32) -> Never { exit(code) }
}
