// SPDX-License-Identifier: Apache-2.0
// The hosts that a batch system has given to the job in which the launcher runs.

import Foundation

/// What Slurm or PBS says about its allocation.
enum Allocation {
    /// Whether ranks may be on other machines than this.
    static func hasSeveralHosts(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> Bool {
        if let nodes = environment["SLURM_JOB_NUM_NODES"].flatMap({ Int($0) }) { return nodes > 1 }
        guard let file = environment["PBS_NODEFILE"], let text = try? String(contentsOfFile: file, encoding: .utf8)
        else { return false }
        return Set(text.split(separator: "\n")).count > 1
    }

    /// Whether all ranks are surely on this machine: with one host, mpirun may have been called on another (`salloc`).
    static func isHere(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> Bool {
        if environment["SLURM_JOB_ID"] != nil {
            return environment["SLURMD_NODENAME"] != nil && !hasSeveralHosts(environment)
        }
        return ["PBS_JOBID", "PBS_NODEFILE", "LSB_JOBID", "PE_HOSTFILE"].allSatisfy { environment[$0] == nil }
    }

    /// Slurm's hosts with their ranks, in its order; nil outside of a job, or where Slurm does not answer.
    static func slots(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> [HostSlots]? {
        guard let list = environment["SLURM_JOB_NODELIST"], let scontrol = Launcher.path(of: "scontrol") else {
            return nil
        }
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(filePath: scontrol)
        process.arguments = ["show", "hostnames", list]
        process.standardOutput = pipe
        guard (try? process.run()) != nil else { return nil }
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        let hosts = text.split(separator: "\n").map(String.init)
        let counts = counts(of: environment["SLURM_TASKS_PER_NODE"] ?? "1(x\(hosts.count))")
        guard process.terminationStatus == 0, hosts.count == counts.count else { return nil }
        return zip(hosts, counts).map { HostSlots(host: $0, slots: $1) }
    }

    /// Slurm's way to write numbers of nodes that are next to each other: "2(x3),1".
    static func counts(of text: String) -> [Int] {
        text.split(separator: ",").flatMap { part -> [Int] in
            let numbers = part.split { !$0.isNumber }.compactMap { Int($0) }
            guard let count = numbers.first else { return [] }
            return Array(repeating: count, count: numbers.count > 1 ? min(numbers[1], 1 << 20) : 1)
        }
    }
}
