// SPDX-License-Identifier: Apache-2.0
// Ranks as processes: MPI connects them, the memory they share carries what it can.
internal import CMPI
internal import Foundation
internal import Synchronization

/// A rank of an MPI job. `World.current()` makes the one of a program started by mpirun or srun.
public final class MPICommunicator: EngineBacked {
    let engine: CollectiveEngine
    /// Which ranks are on which node.
    public let placement: Placement
    /// False when the ranks of a node could not share memory and talk through MPI instead.
    public let sharesMemory: Bool
    private let whole: MPIGroup
    /// The ranks that share memory with this one.
    private let node: MPIGroup
    private let windows: WindowList
    /// Through what the ranks of a node share what was allocated last.
    private(set) var sharing: SharingMethod
    /// Whether anonymous files may take over, the same on every rank.
    private let mayUseFiles: Bool
    private let timeouts: Timeouts

    /// Joins the ranks of an existing MPI communicator, which is duplicated and otherwise left alone. Collective.
    /// - Parameter handle: an `MPI_Comm`, as an integer.
    public convenience init(adopting handle: Int, timeouts: Timeouts = .environment) throws {
        try self.init(try MPIGroup.duplicate(of: handle), timeouts: timeouts)
    }

    init(_ whole: MPIGroup, timeouts: Timeouts) throws {
        let windows = WindowList()
        self.windows = windows
        self.whole = whole
        self.timeouts = timeouts
        var node = try whole.splitByNode()
        let environment = ProcessInfo.processInfo.environment
        // To try the code for several machines on one.
        if let ranksPerNode = EnvironmentVariable.ranksPerNode.value(in: environment).flatMap(Int.init),
            ranksPerNode > 0
        {
            node = try node.split(color: node.rank / ranksPerNode, key: node.rank) ?? node
        }
        let needed =
            node.size * NodePlane.segmentBytes + SharedMemory.reserve
            + CollectiveEngine.worldHeaderBytes(size: whole.size)
        let setting = EnvironmentVariable.sharedMemory.value(in: environment)
        let (sharing, mayUseFiles) = try SharingMethod.choose(whole, node, needed: needed, setting: setting)
        (self.sharing, self.mayUseFiles) = (sharing, mayUseFiles)
        sharesMemory = sharing != .none
        let machines = try MPICommunicator.nodes(of: node, in: whole)
        placement = Placement(
            node: machines.firstIndex { $0.contains(whole.rank) } ?? 0, localRank: node.rank, localSize: node.size,
            nodeCount: machines.count, host: MPILibrary.processorName)
        if sharing != .windows {
            let reason =
                SharingMethod.allowed(setting).windows
                ? "\(SharedMemory.directory) has less than \(needed >> 20) MiB free on a node"
                : "LOCKSTEP_SHARED_MEMORY is \(setting ?? "")"
            MPICommunicator.explainOnce(
                sharing == .files
                    ? "\(reason); ranks share memory through memfd instead."
                    : "ranks talk through MPI, not through shared memory: \(reason)\(setting == "off" ? "" : " (Docker: --shm-size)")."
            )
        }
        if !sharesMemory { node = try node.split(color: node.rank, key: 0) ?? node }
        self.node = node
        let nodes = sharesMemory ? machines : (0..<whole.size).map { [$0] }
        let topology = Topology(nodes: nodes)
        let nodeIndex = nodes.firstIndex { $0.contains(whole.rank) } ?? 0
        func memory(_ byteCount: Int) throws -> SharedSegment {
            guard node.size > 1 else {
                let own = try OwnedMemory(byteCount: byteCount)
                return SharedSegment(peers: [own.bytes], ranks: [whole.rank], localRank: 0, owner: own)
            }
            if sharing == .files {
                let made = try MemoryFiles.allocate(node, ranks: nodes[nodeIndex], byteCount: byteCount)
                if let made { return made }
                throw CommunicatorError.memory("the ranks of this node have no \(byteCount) bytes each to meet in")
            }
            return try windows.allocate(node, ranks: nodes[nodeIndex], byteCount: byteCount)
        }
        let plane = NodePlane(
            segment: try memory(NodePlane.segmentBytes), worldRanks: nodes[nodeIndex], peersAreProcesses: true,
            timeouts: timeouts)
        var link: MPILink?
        var headers: SharedSegment?
        if nodes.count > 1 {
            let laneCount = nodes.map(\.count).min() ?? 0
            let lane = try whole.split(color: node.rank < laneCount ? node.rank : nil, key: nodeIndex)
            let record = plane.own
            link = MPILink(
                lane: lane, whole: whole, laneCount: laneCount, nodes: nodes, timeouts: timeouts,
                look: { [unowned plane] in try plane.throwAlarm() },
                isTransferring: { cmpi_store(&record.pointee.waiting, $0 ? 2 : 0) })
            headers = try memory(node.rank == 0 ? CollectiveEngine.worldHeaderBytes(size: whole.size) : 64)
        }
        engine = CollectiveEngine(rank: whole.rank, topology: topology, plane: plane, link: link, worldHeaders: headers)
        if nodes.count > 1 { MPICommunicator.spansNodes.value.store(true, ordering: .relaxed) }
        if MPICommunicator.spansNodes.value.load(ordering: .relaxed) {
            let handle = whole.handle
            plane.progress = { _ = cmpi_progress(handle) }
        }
        ExitGuard.watch(plane)
        // Every record must be filled in before anyone looks for its owner's process.
        _ = try whole.allGather(0)
    }

    /// The ranks of every node, each ascending, nodes ordered by their lowest rank. Collective.
    private static func nodes(of node: MPIGroup, in whole: MPIGroup) throws -> [[Int]] {
        let leaders = try whole.allGather(try node.allGather(whole.rank)[0])
        return Set(leaders).sorted().map { leader in leaders.indices.filter { leaders[$0] == leader } }
    }

    private static let hasExplained = Box(Atomic(false))
    /// Whether any communicator of this process has ranks on several nodes.
    private static let spansNodes = Box(Atomic(false))

    /// Says once per job, on its first process, why memory is not shared. Parts made by `split` have a rank 0 of their own.
    private static func explainOnce(_ text: String) {
        let isFirst = (try? MPIGroup(cmpi_comm_world()).rank) == 0
        if isFirst, !hasExplained.value.exchange(true, ordering: .relaxed) { printToStandardError("lockstep: \(text)") }
    }

    /// A communicator of the ranks with the same color, in the order of `key`; nil without a color. Collective.
    public func split(color: Int?, key: Int) throws -> (any Communicator)? {
        let choices = try allGatherVariable([color == nil ? 0 : 1, Int64(color ?? 0), Int64(key)], name: "split")
        let groups = splitGroups(choices)
        let group = groups.firstIndex { $0.ranks.contains(rank) }
        let order = group.flatMap { groups[$0].ranks.firstIndex(of: rank) }
        return try engine.guarded {
            guard let part = try whole.split(color: group, key: order ?? 0) else { return nil }
            return try MPICommunicator(part, timeouts: timeouts)
        }
    }

    /// Memory of every rank that all of them can reach. Collective.
    public func allocateShared(byteCount: Int) throws -> SharedSegment {
        // One exchange: how much, how much there is, and which earlier windows this rank has let go.
        let own = [Int64(byteCount), Int64(SharedMemory.freeBytes)] + windows.releasedIDs.map(Int64.init)
        let all = try allGatherVariable(own, name: "allocateShared")
        return try engine.guarded {
            guard node.size > 1 else { return try privateSegment(byteCount) }
            let here = engine.topology.nodes[engine.nodeIndex]
            try windows.free(
                own.dropFirst(2).map(Int.init).filter { id in
                    here.allSatisfy { all[$0].dropFirst(2).contains(Int64(id)) }
                })
            let fits =
                sharing != .files
                && engine.topology.nodes.allSatisfy { ranks in
                    let needed = ranks.reduce(SharedMemory.reserve) { $0 + Int(all[$1][0]) + SharedMemory.margin }
                    return ranks.count == 1 || ranks.allSatisfy { Int(all[$0][1]) >= needed }
                }
            if fits {
                sharing = .windows
                return try windows.allocate(node, ranks: here, byteCount: byteCount)
            }
            let reason =
                "\(here.reduce(0) { $0 + Int(all[$1][0]) } >> 20) MiB do not fit into \(SharedMemory.directory) on every node (here \(SharedMemory.freeBytes >> 20) MiB are free)"
            if mayUseFiles, let segment = try MemoryFiles.allocate(node, ranks: here, byteCount: byteCount) {
                // Not a second time: what was chosen and printed first stays.
                if sharing != .files {
                    MPICommunicator.explainOnce("\(reason); ranks share memory through memfd instead.")
                }
                sharing = .files
                return segment
            }
            MPICommunicator.explainOnce(
                "\(reason); each rank keeps memory of its own instead, which takes more of it and time. Docker: --shm-size."
            )
            sharing = .none
            return try privateSegment(byteCount)
        }
    }

    private func privateSegment(_ byteCount: Int) throws -> SharedSegment {
        let own = try OwnedMemory(byteCount: byteCount)
        return SharedSegment(peers: [own.bytes], ranks: [rank], localRank: 0, owner: own)
    }

    /// Ends the job. The corresponding MPI function is `MPI_Abort`.
    public func abort(code: Int32) -> Never {
        // mpirun ends the job already, and sleeps over it: nobody would answer.
        if ExitGuard.hasLostPeer, EnvironmentVariable.job.value() != nil { _exit(code & 0xff == 0 ? 1 : code) }
        // Cut off from mpirun, MPI_Abort waits for an answer that cannot come.
        cmpi_exit_within(5, code)
        _ = cmpi_abort(cmpi_comm_world(), code)
        _exit(code)
    }
}
