// SPDX-License-Identifier: Apache-2.0
// One thread's view of the ranks of its process.
internal import Foundation

/// A rank that is a thread. Made by `InProcessWorld.run`.
public final class InProcessCommunicator: EngineBacked {
    let engine: CollectiveEngine
    /// Which ranks are on which node.
    public let placement: Placement
    private let group: InProcessGroup

    init(group: InProcessGroup, rank: Int) {
        self.group = group
        engine = group.engine(rank: rank)
        let node = group.nodes.firstIndex { $0.contains(rank) } ?? 0
        let host = ProcessInfo.processInfo.hostName
        placement = Placement(
            node: node, localRank: engine.plane.rank, localSize: engine.plane.size, nodeCount: group.nodes.count,
            host: group.nodes.count > 1 ? "\(host)#\(node)" : host)
    }

    /// A communicator of the ranks with the same color, in the order of `key`; nil without a color. Collective.
    public func split(color: Int?, key: Int) throws -> (any Communicator)? {
        let choices = try allGatherVariable([color == nil ? 0 : 1, Int64(color ?? 0), Int64(key)], name: "split")
        let members = color.flatMap { color in splitGroups(choices).first { $0.color == color }?.ranks } ?? []
        let made = members.first == rank ? try group.child(ranks: members) : nil
        let groups = try handOver(made, name: "split")
        guard let first = members.first, let part = groups[first], let rank = members.firstIndex(of: self.rank) else {
            return nil
        }
        return InProcessCommunicator(group: part, rank: rank)
    }

    /// Memory of every rank that all of them can reach. Collective.
    public func allocateShared(byteCount: Int) throws -> SharedSegment {
        var memory: OwnedMemory?
        var text = ""
        do { memory = try OwnedMemory(byteCount: byteCount) } catch { text = String(describing: error) }
        let segments = try handOver(memory, name: "allocateShared")
        let all = segments.compactMap { $0 }
        guard all.count == size else {
            throw CommunicatorError.memory(
                text.isEmpty ? "allocateShared: another rank could not allocate its segment" : text)
        }
        let ranks = group.nodes[placement.node]
        let members = ranks.map { all[$0] }
        return SharedSegment(peers: members.map(\.bytes), ranks: ranks, localRank: localRank, owner: OwnerList(members))
    }

    /// Gives every rank a reference to every rank's object. The address stands for the object, whose owner keeps it until
    /// all have taken theirs.
    private func handOver<T: AnyObject & Sendable>(_ object: T?, name: String) throws -> [T?] {
        let address = object.map { Int64(Int(bitPattern: Unmanaged.passUnretained($0).toOpaque())) } ?? 0
        let addresses = try allGather([address], name: name)
        let objects = addresses.map { address in
            UnsafeRawPointer(bitPattern: Int(address)).map { Unmanaged<T>.fromOpaque($0).takeUnretainedValue() }
        }
        try withExtendedLifetime(object) { _ = try barrier(name: name) }
        return objects
    }

    /// Ends the process: its threads are the ranks.
    public func abort(code: Int32) -> Never { exit(code) }
}
