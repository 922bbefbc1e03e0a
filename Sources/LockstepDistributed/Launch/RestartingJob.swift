// SPDX-License-Identifier: Apache-2.0
// A job that is started again when it has failed, until it is done or gets nowhere.

import Foundation
import LockstepComm
import LockstepLearner

/// `lockstep launch --max-restarts`.
package struct RestartingJob {
    /// How often it is started again at most.
    let restarts: Int
    /// With how many ranks it may go on when a machine is gone; nil means with all.
    let fewest: Int?
    private let ranks: Int
    private let hosts: HostList?
    private let stdin: Int?
    private let stops: Bool
    private let program: [String]

    package init(
        ranks: Int, on hosts: HostList? = nil, stdin: Int? = nil, stops: Bool = false, restarts: Int,
        fewest: Int?, running program: [String]
    ) {
        (self.ranks, self.hosts, self.stdin, self.stops) = (ranks, hosts, stdin, stops)
        (self.restarts, self.fewest, self.program) = (restarts, fewest, program)
    }

    /// Runs it, again if need be. The outcome is that of the last attempt.
    package func run() throws(LaunchError) -> RankJob.Outcome {
        var policy = RestartPolicy(most: restarts)
        // Only who may go on with fewer has to know where they are.
        var placement = fewest == nil ? Placement(ranks: ranks, hosts: nil) : place()
        var file: String?
        defer { if let file { unlink(file) } }
        while true {
            let list = file.map { HostList(file: $0, subnet: hosts?.subnet) } ?? hosts
            let job = try RankJob(
                ranks: placement.ranks, on: list, stdin: stdin.map { min($0, placement.ranks - 1) },
                stops: stops, running: program)
            var (outcome, end) = try job.runToEnd()
            policy.take(end)
            guard policy.goesOn, case .failed(let failure) = end else {
                outcome.sentence += policy.explanation
                return outcome
            }
            setenv(EnvironmentVariable.resumeName, "auto", 1)
            var change = ""
            if let lost = failure.lostHost, let fewest, let left = placement.without(lost, fewest: fewest) {
                (placement, change) = (left, " without \(lost)")
                if let file { unlink(file) }
                file = try write(left.hostfile)
            }
            Console.standardError.write(
                "lockstep: \(outcome.sentence); restart \(policy.restarts) of \(restarts), with \(placement.ranks) rank\(placement.ranks == 1 ? "" : "s")\(change)\n"
            )
        }
    }

    private func place() -> Placement {
        if let hosts, let text = try? String(contentsOfFile: hosts.file, encoding: .utf8) {
            return Placement(ranks: ranks, hostfile: text)
        }
        if let file = ProcessInfo.processInfo.environment["PBS_NODEFILE"],
            let text = try? String(contentsOfFile: file, encoding: .utf8)
        {
            return Placement(ranks: ranks, hostfile: text.split(separator: "\n").map { "\($0) slots=1\n" }.joined())
        }
        return Placement(ranks: ranks, hosts: Allocation.hasSeveralHosts() ? Allocation.slots() : nil)
    }

    private func write(_ hostfile: String) throws(LaunchError) -> String {
        let path = FileManager.default.temporaryDirectory.appending(path: "lockstep-hosts-\(getpid())-\(UUID())").path
        do {
            try hostfile.write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw LaunchError(description: "\(path): the hosts that are left cannot be written: \(error)", exitCode: 73)
        }
        return path
    }
}

extension RestartPolicy {
    /// Why it is not started again, as the end of a sentence; empty where that needs no words.
    var explanation: String {
        guard case .over(let ending) = state, most > 0 else { return "" }
        return switch ending {
        case .ended, .refused: ""
        case .beforeTraining: "; not started again, because it had not begun to train"
        case .sameStep(let step): "; not started again, because it has failed at step \(step) again"
        case .noProgress: "; not started again, because it has failed again and saved nothing in between"
        case .exhausted(let times): "; it was started again \(times) time\(times == 1 ? "" : "s")"
        }
    }
}
