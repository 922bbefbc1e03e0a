// SPDX-License-Identifier: Apache-2.0
// The group of one: no launcher, no MPI, nothing to wait for.
internal import Foundation

/// A communicator of one rank. Every collective returns at once and leaves the data as it is.
public final class SoloCommunicator: Communicator {
    public let rank = 0
    public let size = 1
    public let placement: Placement
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

    @discardableResult
    public func allReduce(
        _ buffer: UnsafeMutableRawBufferPointer, as type: ElementType, _ operation: ReductionOperation, name: String
    ) throws -> Agreement {
        try agreed("allReduce")
    }

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

    public func gather(_ source: UnsafeRawBufferPointer, to root: Int?, name: String) throws -> [[UInt8]]? {
        _ = try agreed("gather")
        return [Array(source)]
    }

    @discardableResult
    public func broadcast(_ buffer: UnsafeMutableRawBufferPointer, from root: Int, name: String) throws -> Agreement {
        require(root == 0, "broadcast: there is no rank \(root); there is only rank 0")
        return try agreed("broadcast")
    }

    @discardableResult
    public func agree(weight: Double, status: StatusWord, name: String) throws -> Agreement {
        try agreed("agree", weight: weight, status: status)
    }

    public func split(color: Int?, key: Int) throws -> (any Communicator)? {
        _ = try agreed("split")
        return color == nil ? nil : SoloCommunicator()
    }

    public func allocateShared(byteCount: Int) throws -> SharedSegment {
        _ = try agreed("allocateShared")
        let memory = try OwnedMemory(byteCount: byteCount)
        return SharedSegment(peers: [memory.bytes], ranks: [0], localRank: 0, owner: memory)
    }

    public func note(step: Int, event: String) {}

    public func fail(_ error: any Error, during event: String) { if failure == nil { failure = error } }

    /// True: there is nobody who could have failed otherwise.
    @discardableResult
    public func failTogether(_ error: any Error, during event: String) -> Bool { true }

    public func abort(code: Int32) -> Never { exit(code) }
}
