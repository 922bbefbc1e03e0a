// SPDX-License-Identifier: Apache-2.0
// The programs that a bench between nodes starts on nodes of Tests/Scripts/nodes.sh.

import Foundation
import LockstepDistributed

/// Programs on two nodes, pinned to a core each and before whatever else wants it: on a busy machine, too, a core is a rank's own.
public struct NodePrograms: Sendable {
    /// The command that is measured: this one, or another build of it.
    public var lockstep: String
    /// The command that measures the network.
    public var link: String
    /// A Python with torch; nil leaves DDP out.
    public var python: String?
    /// The folder with `torch_peer.py`.
    public var peerScripts: String
    /// `Tests/Scripts/nodes.sh`, by its full path.
    public var nodes: String
    /// How many nodes are up.
    public let nodeCount = 2

    public init(lockstep: String, link: String, python: String?, peerScripts: String, nodes: String) {
        (self.lockstep, self.link, self.python) = (lockstep, link, python)
        (self.peerScripts, self.nodes) = (peerScripts, nodes)
    }

    /// Limits the network, or lifts the limit.
    public func limit(_ network: NodeNetwork) -> Bool { run([nodes, "link", network.rate ?? "none"]) != nil }

    /// The speed of the network, as `lockstep bench nodes --node-part` prints it.
    public func link(hosts: String) -> (latency: Double, bytesPerSecond: Double)? {
        guard let line = run(ranks(link, ["bench", "nodes", "--node-part"], hosts: hosts)),
            let numbers = try? JSONDecoder().decode([Double].self, from: line), numbers.count == 2
        else { return nil }
        return (numbers[0], numbers[1])
    }

    /// One rank alone.
    public func alone(_ engine: String, _ benchmark: BenchmarkCase) -> NodeMeasurement? {
        let program: [String]
        if engine == NodeContender.ddp.engine {
            guard let python else { return nil }
            program = [
                "OMP_NUM_THREADS=1", "chrt", "-r", "1", "taskset", "-c", "0", python, peerScripts + "/torch_peer.py",
            ]
        } else {
            program = ["LOCKSTEP_THREADS=1", "chrt", "-r", "1", "taskset", "-c", "0", lockstep, "bench", "--json"]
        }
        return measurement(run([nodes, "agent", "node1", "env"] + program + [benchmark.rawValue]))
    }

    /// One rank on each node. `hosts` is a file that mpirun reads.
    public func together(
        _ contender: NodeContender, _ benchmark: BenchmarkCase, batches: Int, hosts: String
    ) -> NodeMeasurement? {
        if contender == .ddp { return ddp(benchmark, batches: batches) }
        let words = ["bench", benchmark.rawValue, "--json", "--batches", "\(batches)"]
        return measurement(
            run(ranks(lockstep, words + (contender == .bf16 ? ["--compression", "bf16"] : []), hosts: hosts)))
    }

    private func ranks(_ program: String, _ words: [String], hosts: String) -> [String] {
        // Both nodes see all cores of this machine: rank i takes core i.
        [nodes, "head", "mpirun", "-n", "\(nodeCount)", "--hostfile", hosts, "--bind-to", "none"]
            + ["--mca", "plm_rsh_agent", nodes + " agent", "--mca", "pml", "ob1", "--mca", "btl", "self,vader,tcp"]
            + ["btl", "oob"].flatMap { ["--mca", "\($0)_tcp_if_include", "198.51.100.0/24"] }
            + [
                "-x", "LOCKSTEP_THREADS=1", "bash", "-c", "exec chrt -r 1 taskset -c $OMPI_COMM_WORLD_RANK \"$@\"",
                "pin",
                program,
            ]
            + words
    }

    private func ddp(_ benchmark: BenchmarkCase, batches: Int) -> NodeMeasurement? {
        guard let python else { return nil }
        func rank(_ rank: Int) -> [String] {
            [
                nodes, "agent", "node\(rank + 1)", "env", "RANK=\(rank)", "WORLD_SIZE=\(nodeCount)",
                "MASTER_ADDR=node1",
                "MASTER_PORT=29400", "GLOO_SOCKET_IFNAME=eth0", "OMP_NUM_THREADS=1", "chrt", "-r", "1", "taskset", "-c",
                "\(rank)", python,
                peerScripts + "/torch_peer.py", benchmark.rawValue, "--batches", "\(batches)",
            ]
        }
        let others = (1..<nodeCount).compactMap { start(rank($0)) }
        let line = run(rank(0))
        for other in others {
            if line == nil { kill(other.pid, SIGTERM) }
            _ = other.wait(options: 0)
        }
        return measurement(line)
    }

    private func measurement(_ line: Data?) -> NodeMeasurement? {
        line.flatMap { try? JSONDecoder().decode(NodeMeasurement.self, from: $0) }
    }

    /// What nobody reads goes nowhere: a pipe would end with the last program that has it, which may outlive the one started.
    private func start(_ words: [String], writingTo output: Int32? = nil) -> GuardedProcess? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        if let output {
            posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        } else {
            posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        }
        return try? GuardedProcess(["/usr/bin/env"] + words, actions: &actions, endedBy: "TERM")
    }

    /// The last line that a program prints which is JSON, or nothing; nil when it fails.
    private func run(_ words: [String]) -> Data? {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let process = start(words, writingTo: ends[1])
        close(ends[1])
        let data = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true).readDataToEndOfFile()
        guard process?.wait(options: 0)?.code == 0 else { return nil }
        let isJSON: (Data.SubSequence) -> Bool = { ["{", "["].contains($0.first.map { UnicodeScalar($0) }) }
        return data.split(separator: UInt8(ascii: "\n")).last(where: isJSON).map { Data($0) } ?? Data()
    }
}
