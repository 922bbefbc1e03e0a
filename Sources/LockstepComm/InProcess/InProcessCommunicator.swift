// SPDX-License-Identifier: Apache-2.0
// One thread's view of the ranks of its process.
internal import Foundation

/// A rank that is a thread. Made by `InProcessWorld.run`.
public final class InProcessCommunicator: EngineBacked {
    let engine: CollectiveEngine
    public let placement: Placement
    private let group: InProcessGroup
    private var splitCount = 0

    init(group: InProcessGroup, rank: Int) {
        self.group = group
        engine = group.engine(rank: rank)
        let node = group.nodes.firstIndex { $0.contains(rank) } ?? 0
        let host = ProcessInfo.processInfo.hostName
        placement = Placement(
            node: node, localRank: engine.plane.rank, localSize: engine.plane.size, nodeCount: group.nodes.count,
            host: group.nodes.count > 1 ? "\(host)#\(node)" : host)
    }

    public func split(color: Int?, key: Int) throws -> (any Communicator)? {
        let choices = try allGatherVariable([color == nil ? 0 : 1, Int64(color ?? 0), Int64(key)], name: "split")
        splitCount += 1
        guard let color, let members = splitGroups(choices).first(where: { $0.color == color })?.ranks,
            let rank = members.firstIndex(of: self.rank)
        else { return nil }
        return InProcessCommunicator(group: try group.child("\(splitCount)/\(color)", ranks: members), rank: rank)
    }

    public func allocateShared(byteCount: Int) throws -> SharedSegment {
        var memory: OwnedMemory?
        var text = ""
        do { memory = try OwnedMemory(byteCount: byteCount) } catch { text = String(describing: error) }
        guard try allRanks(memory != nil, name: "allocateShared"), let memory else {
            throw CommunicatorError.memory(text.isEmpty ? "allocateShared: another rank could not allocate its segment" : text)
        }
        // The address stands for the object: each rank takes its own references before any owner lets go.
        let address = Int64(Int(bitPattern: Unmanaged.passUnretained(memory).toOpaque()))
        let addresses = try allGather([address], name: "allocateShared")
        let members = group.nodes[placement.node].map { rank -> OwnedMemory in
            let pointer = UnsafeRawPointer(bitPattern: Int(addresses[rank]))
            return pointer.map { Unmanaged<OwnedMemory>.fromOpaque($0).takeUnretainedValue() } ?? memory
        }
        try withExtendedLifetime(memory) { _ = try barrier(name: "allocateShared") }
        return SharedSegment(
            peers: members.map(\.bytes), ranks: group.nodes[placement.node], localRank: localRank, owner: OwnerList(members))
    }

    /// Ends the process: its threads are the ranks.
    public func abort(code: Int32) -> Never { exit(code) }
}
