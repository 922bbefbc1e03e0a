// SPDX-License-Identifier: Apache-2.0
// The process of an mpirun that this launcher has started: what it is sent, what it was sent by others, its end.

import Foundation
import LockstepComm

/// A running mpirun.
struct JobProcess {
    let pid: pid_t
    /// Of these it has been seen to have one waiting.
    private var seen: Set<Int32> = []

    /// What mpirun is deaf to: it would kill the ranks a second later. Who sends it one of these is heard all the same: it
    /// waits there, where it can be seen. Ranks are not deaf: mpirun unblocks all signals for them.
    private static let blocked = [SIGTERM, SIGINT, SIGXCPU]
    /// What makes it end the job: ranks get SIGTERM, and a second later SIGKILL.
    static let ending = SIGHUP

    private let guardian: Guardian?

    /// Starts `words`, which ends with this process.
    /// - Throws: the number of the system's error.
    init(_ words: [String], actions: inout posix_spawn_file_actions_t) throws(Refused) {
        let guardian = Guardian()
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var mask = sigset_t()
        sigemptyset(&mask)
        for number in Self.blocked { sigaddset(&mask, number) }
        posix_spawnattr_setsigmask(&attributes, &mask)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let arguments = words.map { strdup($0) }
        defer { arguments.forEach { free($0) } }
        var child: pid_t = 0
        let refused = posix_spawn(&child, words[0], &actions, &attributes, arguments + [nil], environ)
        guard refused == 0 else {
            guardian?.dismiss()
            throw Refused(number: refused)
        }
        guardian?.watch(child)
        (pid, self.guardian) = (child, guardian)
    }

    /// The system has not started it.
    struct Refused: Error { let number: Int32 }

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

    /// How a process came to its end.
    struct Status: Equatable {
        /// What it ended with; 128 and the signal's number where one ended it.
        var code: Int32
        /// The signal that ended it itself, not one of its ranks.
        var signal: Int32?
    }

    /// Its end; nil when that has not come, and `options` do not wait.
    func wait(options: Int32) -> Status? {
        var status: Int32 = 0
        var ended: pid_t = 0
        repeat { ended = waitpid(pid, &status, options) } while ended < 0 && errno == EINTR
        guard ended == pid else { return nil }
        guardian?.dismiss()
        let signal = status & 0x7f
        return signal == 0 ? Status(code: (status >> 8) & 0xff) : Status(code: 128 + signal, signal: signal)
    }
}
