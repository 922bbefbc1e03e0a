// SPDX-License-Identifier: Apache-2.0
// The facts about ranks, memory and cores that a doctor prints and that decide how many threads a rank gets.
internal import CMPI

/// How the ranks of a group are connected and what they have. The same on every rank of a node.
public struct TransportReport: Sendable, Hashable, CustomStringConvertible {
    /// "solo", "threads of one process" or "MPI".
    public var kind: String
    /// MPI's own words; nil where MPI is not in use.
    public var mpiVersion: String?
    /// The number of ranks.
    public var size: Int
    /// Which ranks are on which node.
    public var placement: Placement
    /// Whether a test segment written by each rank was read by all others of its node.
    public var sharedMemoryWorks: Bool
    /// Through what ranks share memory: "MPI windows in /dev/shm", "memfd", "one process" or "none".
    public var sharedMemory: String
    /// Free bytes where shared windows live; -1 where there is no such place.
    public var sharedMemoryFreeBytes: Int
    /// Cores of this rank and of its node.
    public var cores: CoreShare
    /// Nanoseconds of an agreement of all ranks, the least of many.
    public var agreementNanoseconds: Int
    /// What the network between nodes does; nil where there is one node.
    public var network: LinkSpeed?

    /// Cores this rank may run on.
    public var usableCores: Int { cores.usable }
    /// Threads each rank of this node should use: its share of the cores, at least one.
    public var suggestedThreadsPerRank: Int { cores.threads }

    /// Collects the facts. Collective.
    public static func collect(over communicator: any Communicator) throws -> TransportReport {
        let cores = try CoreShare.collect(over: communicator)
        var least = Int64.max
        for _ in 0..<100 {
            let start = cmpi_now()
            try communicator.barrier(name: "report")
            least = min(least, cmpi_now() - start)
        }
        let works = try testSharing(communicator)
        let (kind, memory): (String, String)
        switch communicator {
        case let ranks as MPICommunicator: (kind, memory) = ("MPI", ranks.sharing.text)
        case is InProcessCommunicator: (kind, memory) = ("threads of one process", "one process")
        default: (kind, memory) = ("solo", "one process")
        }
        return TransportReport(
            kind: kind, mpiVersion: kind == "MPI" ? MPILibrary.version : nil, size: communicator.size,
            placement: communicator.placement, sharedMemoryWorks: works, sharedMemory: memory,
            sharedMemoryFreeBytes: SharedMemory.freeBytes, cores: cores, agreementNanoseconds: Int(least),
            network: try LinkSpeed.measure(over: communicator))
    }

    /// Every rank writes its number into its own segment and reads everyone's.
    private static func testSharing(_ communicator: any Communicator) throws -> Bool {
        let segment = try communicator.allocateShared(byteCount: 4096)
        for index in segment.own.indices { segment.own[index] = UInt8(truncatingIfNeeded: communicator.localRank + 1) }
        try communicator.barrier(name: "self-test")
        let isShared = segment.peers.count == communicator.localSize
        let reads = segment.peers.enumerated().allSatisfy { peer, bytes in
            bytes.allSatisfy { $0 == UInt8(truncatingIfNeeded: peer + 1) }
        }
        return try communicator.allRanks(isShared && reads, name: "self-test")
    }

    public var description: String {
        var lines = [
            "ranks             \(size) (\(kind)), \(placement.nodeCount) node\(placement.nodeCount == 1 ? "" : "s"), \(placement.localSize) on \(placement.host)"
        ]
        if let mpiVersion { lines.append("mpi               \(mpiVersion.split(separator: "\n").first ?? "")") }
        lines.append(
            "shared memory     \(size == 1 ? "not needed" : sharedMemoryWorks ? "works (\(sharedMemory))" : "not in use: data is staged or sent"), \(sharedMemoryFreeBytes >> 20) MiB free in \(SharedMemory.directory)"
        )
        lines.append("cores             \(usableCores) for this rank, \(cores.node) for all of this node")
        lines.append("threads per rank  \(suggestedThreadsPerRank)")
        if size > 1 {
            lines.append(
                "updates           \(sharedMemoryWorks && placement.nodeCount == 1 ? "each rank a slice; parameters once for all" : "every rank all parameters")"
            )
        }
        lines.append("agreement         \(Double(agreementNanoseconds / 10) / 100) µs")
        if let network { lines.append("network           \(network)") }
        return lines.joined(separator: "\n")
    }
}
