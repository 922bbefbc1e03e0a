// SPDX-License-Identifier: Apache-2.0
// The process of an mpirun that this launcher has started: what it is sent, what it was sent by others, its end.

import Foundation
import LockstepComm

/// A running mpirun.
struct JobProcess {
    private let process: GuardedProcess
    var pid: pid_t { process.pid }
    /// Of these it has been seen to have one waiting.
    private var seen: Set<Int32> = []

    /// What mpirun is deaf to: it would kill the ranks a second later. Who sends it one of these is heard all the same: it
    /// waits there, where it can be seen. Ranks are not deaf: mpirun unblocks all signals for them.
    private static let blocked = [SIGTERM, SIGINT, SIGXCPU]
    /// What makes it end the job: ranks get SIGTERM, and a second later SIGKILL.
    static let ending = SIGHUP

    /// How it came to its end; the signal is not that of one of its ranks.
    typealias Status = GuardedProcess.Status

    /// Starts `words`, which ends with this process.
    /// - Parameter isWoken: Whether it is told to sleep longer than it should (``MpirunSleep``).
    /// - Throws: the number of the system's error.
    init(_ words: [String], actions: inout posix_spawn_file_actions_t, isWoken: Bool) throws(GuardedProcess.Refused) {
        process = try GuardedProcess(words, actions: &actions, blocking: Self.blocked, endedBy: "HUP", isWoken: isWoken)
    }

    func send(_ number: Int32) { kill(pid, number) }

    /// The signals that somebody has sent it since the last call and that wait there.
    mutating func takePending() -> [Int32] {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8) else { return [] }
        let waiting = Self.pending(inStatus: text)
        return Self.blocked.filter { waiting & (1 << UInt64($0 - 1)) != 0 && seen.insert($0).inserted }
    }

    /// The mask of signals that wait, of the process or its first thread, in a text such as `/proc/PID/status`.
    static func pending(inStatus text: String) -> UInt64 {
        var mask: UInt64 = 0
        for line in text.split(separator: "\n") where line.hasPrefix("ShdPnd:") || line.hasPrefix("SigPnd:") {
            mask |= line.split(whereSeparator: \.isWhitespace).last.flatMap { UInt64($0, radix: 16) } ?? 0
        }
        return mask
    }

    /// Whether a child of it has ended that it has not taken note of: for a moment that is usual. One that somebody has stopped may
    /// take note yet.
    var leavesZombies: Bool {
        func stat(_ pid: pid_t) -> (state: Substring, parent: pid_t)? {
            guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
                let end = text.lastIndex(of: ")")
            else { return nil }
            let words = text[text.index(after: end)...].split(separator: " ", maxSplits: 2)
            return words.count > 1 ? pid_t(words[1]).map { (words[0], $0) } : nil
        }
        guard let own = stat(pid), own.state != "T", own.state != "t" else { return false }
        return RankProcesses.all.lazy.compactMap(stat).contains { $0.parent == pid && $0.state == "Z" }
    }

    /// Its end; nil when that has not come, and `options` do not wait.
    func wait(options: Int32) -> Status? { process.wait(options: options) }
}
