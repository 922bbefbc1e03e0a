// SPDX-License-Identifier: Apache-2.0
// The ranks of a job on this machine that outlive their mpirun: found by the word that only they know.

import Foundation
import LockstepComm

/// Ranks whose mpirun is gone. They notice, mostly within a second; before anything is started in their place they have to be gone.
enum RankProcesses {
    /// Waits until no rank of the job runs here any more; after `patience` seconds it helps.
    static func awaitEnd(token: String, patience: Double = 5) {
        let start = Date()
        var hasKilled = false
        while case let pids = running(token: token), !pids.isEmpty {
            let waited = Date().timeIntervalSince(start)
            if waited > patience, !hasKilled {
                for pid in pids { kill(pid, SIGKILL) }
                hasKilled = true
            }
            if waited > patience + 5 { return }
            usleep(50_000)
        }
    }

    /// The processes that one has started, those that have ended and of which it has not taken note among them.
    static func children(of pid: pid_t) -> [pid_t] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        return tasks.sorted().flatMap { task -> [pid_t] in
            let text = try? String(contentsOfFile: "/proc/\(pid)/task/\(task)/children", encoding: .utf8)
            return text?.split(separator: " ").compactMap { pid_t($0) } ?? []
        }
    }

    /// Whether a process has not ended.
    static func isAlive(_ pid: pid_t) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return false }
        return !text[end...].hasPrefix(") Z") && !text[end...].hasPrefix(") X")
    }

    /// What it is called, as `ps -o comm` shows it.
    static func name(of pid: pid_t) -> String? {
        (try? String(contentsOfFile: "/proc/\(pid)/comm", encoding: .utf8)).map { String($0.dropLast()) }
    }

    /// Every process of this machine.
    static var all: [pid_t] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
    }

    /// The processes of this user that were started as ranks of the job.
    static func running(token: String) -> [pid_t] {
        let marks = ["\(EnvironmentVariable.jobName)=\(token)", "OMPI_COMM_WORLD_RANK="].map { Data($0.utf8) }
        return all.filter { pid in
            guard pid != getpid(), let text = FileManager.default.contents(atPath: "/proc/\(pid)/environ") else {
                return false
            }
            return marks.allSatisfy { text.range(of: $0) != nil }
        }
    }
}
