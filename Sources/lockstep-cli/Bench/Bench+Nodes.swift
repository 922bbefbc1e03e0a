// SPDX-License-Identifier: Apache-2.0
// `lockstep bench nodes`: cases over networks of several speeds, on nodes that `make bench-nodes` starts.

import Foundation
import Lockstep
import LockstepBench

extension Bench {
    private static let nodeCases: [BenchmarkCase] = [.mlp, .resnet20, .gpt]

    /// What `--only` may name beside growth's works.
    static let nodeNames = nodeCases.map(\.rawValue) + NodeNetwork.allCases.map(\.rawValue)

    /// The cases that were named, or all, and likewise the networks.
    private func named<T: RawRepresentable>(_ all: [T]) -> [T] where T.RawValue == String {
        let some = all.filter { only.contains($0.rawValue) }
        return some.isEmpty ? all : some
    }

    /// Everyone once per round and network, round after round; then medians.
    func runNodes() throws {
        if nodePart { return try measureLink() }
        guard let folder = ProcessInfo.processInfo.environment["NODES_FOLDER"],
            FileManager.default.fileExists(atPath: folder + "/complete")
        else {
            throw Failure.noInput("bench nodes: no nodes are up; make bench-nodes starts two, measures and ends them")
        }
        try Output.check("--report", folder: peers.report)
        if peers.peers != nil {
            try Failure.requireReadable(peers.peerScripts + "/torch_peer.py", option: "--peer-scripts")
        }
        Mpirun.prepareEnvironment()
        let scripts = URL(filePath: peers.peerScripts).standardizedFileURL.path
        let programs = NodePrograms(
            lockstep: nodeProgram ?? Launcher.programPath, link: Launcher.programPath, python: peers.peers,
            peerScripts: scripts,
            nodes: URL(filePath: "Tests/Scripts/nodes.sh").standardizedFileURL.path)
        let hosts = folder + "/bench-hosts"
        try Output.write(
            (1...programs.nodeCount).map { "node\($0) slots=1\n" }.joined(), to: hosts)
        var rows = named(Bench.nodeCases).flatMap { one in
            named(NodeNetwork.allCases).map { NodeRow(one, $0, nodes: programs.nodeCount) }
        }
        for round in 0..<peers.rounds {
            for benchmark in named(Bench.nodeCases) {
                let alone = try self.alone(benchmark, programs)
                for index in rows.indices where rows[index].name == benchmark.rawValue {
                    Console.standardError.write(
                        "round \(round + 1): \(benchmark.rawValue), \(rows[index].network.rawValue)\n")
                    for (engine, one) in alone { rows[index].alone[engine, default: []].append(one) }
                    try measure(&rows[index], benchmark, programs, hosts: hosts)
                    try write(NodeTable(rows))
                }
            }
        }
        try say(NodeTable(rows).markdown, terminator: "")
        try say("report: \(peers.report)/nodes.md, nodes.json")
    }

    private func alone(_ benchmark: BenchmarkCase, _ programs: NodePrograms) throws -> [(String, NodeMeasurement)] {
        var found: [(String, NodeMeasurement)] = []
        for engine in [NodeContender.float32, .ddp].map(\.engine) {
            if let one = programs.alone(engine, benchmark) { found.append((engine, one)) }
        }
        guard found.first?.0 == NodeContender.float32.engine else {
            throw Failure(description: "bench nodes: \(benchmark.rawValue) on node1 alone failed", code: 1)
        }
        return found
    }

    private func measure(
        _ row: inout NodeRow, _ benchmark: BenchmarkCase, _ programs: NodePrograms, hosts: String
    ) throws {
        guard programs.limit(row.network), let link = programs.link(hosts: hosts) else {
            throw Failure(description: "bench nodes: the network \(row.network.rawValue) cannot be measured", code: 1)
        }
        row.bytesPerSecond.append(link.bytesPerSecond)
        row.latency.append(link.latency)
        for contender in NodeContender.allCases where contender != .ddp || programs.python != nil {
            // About four seconds of steps.
            let count = row.alone[contender.engine]?.first?.parameterCount ?? 0
            let milliseconds = max(
                row.alone(contender) ?? 0, 1e3 * contender.bytesPerParameter * Double(count) / link.bytesPerSecond)
            let batches = max(7, min(benchmark.defaultBatches, Int(4e3 / max(milliseconds, 1e-3))))
            guard let one = programs.together(contender, benchmark, batches: batches, hosts: hosts) else {
                throw Failure(
                    description: "bench nodes: \(contender.rawValue) on \(benchmark.rawValue) failed", code: 1)
            }
            row.steps[contender.rawValue, default: []].append(one)
        }
    }

    /// What ranks of `bench nodes` measure: latency and rate of their network, on one line.
    private func measureLink() throws {
        try ranks.run { communicator in
            guard let speed = try LinkSpeed.measure(over: communicator) else {
                throw Failure(description: "bench nodes: all ranks are on one node", code: 1)
            }
            if communicator.isRankZero { try say("[\(speed.latency), \(speed.bytesPerSecond)]") }
        }
    }

    private func write(_ table: NodeTable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try Output.write(table.markdown, to: "\(peers.report)/nodes.md")
        try Output.write(String(decoding: encoder.encode(table), as: UTF8.self), to: "\(peers.report)/nodes.json")
    }
}
