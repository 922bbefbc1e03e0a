// SPDX-License-Identifier: Apache-2.0
// Which cores a rank should run on and how many threads it should use: its share of its node.
internal import CMPI
internal import Foundation

/// A rank's share of the cores of its node.
public struct CoreShare: Sendable, Hashable {
    /// Cores this rank may run on.
    public var usable: Int
    /// Cores the ranks of the node may run on together.
    public var node: Int
    /// Ranks of the node.
    public var ranks: Int

    /// Threads each rank of the node should use: its share of the cores, at least one.
    public var threads: Int { max(1, min(usable, node / max(1, ranks))) }

    /// From the cores each rank of a node may run on, one bit a core.
    init(masks: [[UInt8]], own: Int) {
        var union = [UInt8](repeating: 0, count: masks.map(\.count).max() ?? 0)
        for mask in masks { for index in mask.indices { union[index] |= mask[index] } }
        usable = masks[own].reduce(0) { $0 + $1.nonzeroBitCount }
        node = union.reduce(0) { $0 + $1.nonzeroBitCount }
        ranks = masks.count
    }

    /// Exchanges what each rank may use. Collective.
    static func collect(over communicator: any Communicator) throws -> CoreShare {
        let own = affinity()
        let nodes = try communicator.allGather([Int64(communicator.nodeIndex)], name: "node of each rank")
        let masks = try communicator.allGather(own, name: "cores of each rank")
        let here = nodes.indices.filter { nodes[$0] == Int64(communicator.nodeIndex) }
        return CoreShare(
            masks: here.map { Array(masks[$0 * own.count..<($0 + 1) * own.count]) },
            own: here.firstIndex(of: communicator.rank) ?? 0)
    }

    static let maskBytes = 128

    /// The cores of a process (0: this one), one bit a core: hardware threads of one core count once.
    static func affinity(of pid: Int32 = 0) -> [UInt8] {
        var mask = [UInt8](repeating: 0, count: maskBytes)
        cmpi_affinity(pid, &mask, mask.count)
        return wholeCores(mask) { number in
            try? String(
                contentsOfFile: "/sys/devices/system/cpu/cpu\(number)/topology/thread_siblings_list", encoding: .utf8)
        }
    }

    /// `mask` with the first hardware thread of each core only. `siblings` gives the kernel's list of the threads of one
    /// core, such as "0,8" or "0-1"; nil where it is not known.
    static func wholeCores(_ mask: [UInt8], siblings: (Int) -> String?) -> [UInt8] {
        var result = mask
        for number in cores(in: mask) {
            let list = siblings(number)?.split { $0 == "," || $0.isNewline } ?? []
            let others = list.flatMap { part -> [Int] in
                let ends = part.split(separator: "-").compactMap { Int($0) }
                guard let first = ends.first, let last = ends.last, 0 <= first, first <= last else { return [] }
                return Array(first...min(last, first + mask.count * 8))
            }
            for other in others where other > number && other < mask.count * 8 {
                result[other / 8] &= ~(1 << (other % 8))
            }
        }
        return result
    }
}

// MARK: - Threads

extension CoreShare {
    /// Variables that set a number of threads, ours first.
    static let variables = [EnvironmentVariable.threads.name, "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"]

    /// What the user has set, if anything. The first number of a list counts (`OMP_NUM_THREADS=4,2`).
    static func threadsSet(in environment: [String: String]) -> Int? {
        for name in variables {
            guard let text = environment[name] else { continue }
            if let first = text.split(separator: ",").first, let count = Int(first), count > 0 { return count }
        }
        return nil
    }
}

// MARK: - Widening

extension CoreShare {
    /// The cores rank `index` of `count` on a node should have of `cores`: neighbours, and nobody else's.
    ///
    /// - Returns: nil where there are fewer cores than ranks: then nobody has one of his own.
    static func fairShare(of cores: [Int], index: Int, count: Int) -> [Int]? {
        guard count > 0, index < count, cores.count >= count else { return nil }
        let each = cores.count / count
        return Array(cores[index * each..<(index + 1) * each])
    }

    /// Open MPI 4 gives each of one or two ranks a single core, however many there are, and our own launchers ask for a core
    /// at least. Unless the user has asked for a binding, this rank takes its share of the cores that mpirun may use.
    /// - Returns: the number of cores taken, nil where everything stays as it is.
    static func widen(environment: [String: String]) -> Int? {
        guard environment["OMPI_MCA_orte_bound_at_launch"] == "1",
            [nil, "core:overload-allowed"].contains(environment["OMPI_MCA_hwloc_base_binding_policy"]),
            let index = environment["OMPI_COMM_WORLD_LOCAL_RANK"].flatMap(Int.init),
            let count = environment["OMPI_COMM_WORLD_LOCAL_SIZE"].flatMap(Int.init),
            let share = fairShare(of: cores(in: affinity(of: getppid())), index: index, count: count),
            share.count > cores(in: affinity()).count
        else { return nil }
        var mask = [UInt8](repeating: 0, count: maskBytes)
        for core in share { mask[core / 8] |= 1 << (core % 8) }
        return cmpi_set_affinity(mask, mask.count) == 0 ? share.count : nil
    }

    static func cores(in mask: [UInt8]) -> [Int] {
        (0..<mask.count * 8).filter { mask[$0 / 8] >> ($0 % 8) & 1 == 1 }
    }
}
