// SPDX-License-Identifier: Apache-2.0
// What ranks and Open MPI 4's mpirun tell of a failed job, reduced to the rank that failed first.

import Foundation
import LockstepComm

/// Reads a job's standard error line by line; keeps records and mpirun's boxed accounts to itself and learns from them.
///
/// What ranks say in sentences is for people: nothing here depends on their words.
package struct FailureAccount {
    /// What marks the records of this job's ranks.
    let token: String
    /// The machine of who reads: of others it is said which.
    private let here: String
    /// What ranks have told.
    private(set) var records: [FailureRecord] = []
    /// Processes that watch for signals, since this was last asked.
    private var watching: [(host: String, pid: Int32)] = []
    /// Whether the job ends, or mpirun cannot go on.
    private(set) var isEnding = false
    /// Who failed first, and how, as mpirun knows it.
    private var rank: Int?
    private var reason: String?
    /// The signal that killed it.
    private var signal: Int32?
    /// A machine that mpirun has lost.
    private var lostHost: String?
    /// A machine that mpirun cannot send to.
    private var unreachable: String?
    /// Whether mpirun could not start on all machines.
    private var hasNotStarted = false
    /// A machine to which a rank has lost its connection.
    private var lostPeer: String?
    /// The rank that called `MPI_Abort`.
    private var aborted: (rank: Int, reason: String?)?
    /// Whether mpirun knows of a failed rank, even if it does not come to say which.
    private var rankFailed = false
    /// How far the job has come: whether any rank has said that it watches, where training began, what is saved.
    private var hasWatched = false
    private var firstStep: Int?
    private var savedStep: Int?
    /// Whether it has come to train.
    var hasTrained: Bool { firstStep != nil }
    private var boxes = MpirunBox()

    package init(token: String, here: String = ProcessInfo.processInfo.hostName) {
        (self.token, self.here) = (token, here)
    }

    /// - Returns: what a person should see now, line by line.
    package mutating func read(_ line: String) -> [String] {
        if let (record, rest) = LauncherRecord.read(line, token: token) {
            note(record)
            return rest.isEmpty ? [] : read(rest)
        }
        switch boxes.read(line) {
        case .held: return []
        case .lines(let lines): return lines.filter { !isBoilerplate($0) }
        case .box(let box): return understand(box) ? [] : [MpirunBox.dashes] + box + [MpirunBox.dashes]
        }
    }

    /// - Returns: what was held back when the job had come to its end.
    package mutating func end() -> [String] { boxes.release() }

    /// The processes that have begun to watch for signals since the last call.
    package mutating func takeWatching() -> [(host: String, pid: Int32)] {
        defer { watching = [] }
        return watching
    }

    private mutating func note(_ record: LauncherRecord) {
        switch record {
        case .watching(let host, let pid):
            watching.append((host, pid))
            hasWatched = true
        case .training(let step): firstStep = firstStep ?? step
        case .saved(let step): savedStep = max(savedStep ?? step, step)
        case .failure(let failure):
            records.append(failure)
            isEnding = isEnding || failure.cause != .agreed
        }
    }

    /// Lines outside of boxes by which mpirun and MPI comment on what is told otherwise.
    private mutating func isBoilerplate(_ line: String) -> Bool {
        // Open MPI 4.1 sometimes cannot read its own message to itself when several ranks end at once.
        if line.wholeMatch(of: /\[.+\] \[\[\d+,\d+\],\d+\] ORTE_ERROR_LOG: .* in file .*show_help\.c at line \d+/)
            != nil
            || line.hasPrefix("[warn] Epoll MOD(")
        {
            rankFailed = true
            return true
        }
        return LostHost.isTold(by: line)
            || line.wholeMatch(of: /\[.+\] \d+ more processe?s? (has|have) sent help message .*/) != nil
            || line.wholeMatch(of: /\[.+\] Set MCA parameter "orte_base_help_aggregate" to 0 .*/) != nil
            || line.wholeMatch(of: /mpirun: Forwarding signal \d+ to job/) != nil
    }

    /// - Returns: whether the box was about a failed rank, and is told in the sentence.
    private mutating func understand(_ box: [String]) -> Bool {
        let words = box.flatMap { $0.split(separator: " ").map(String.init) }
        let text = words.joined(separator: " ")
        func word(after phrase: String) -> String? {
            let phrase = phrase.split(separator: " ").map(String.init)
            return words.indices.first { words[$0...].starts(with: phrase) && $0 + phrase.count < words.count }
                .map { words[$0 + phrase.count] }
        }
        if text.hasPrefix("MPI_ABORT was invoked") {
            // Whoever notices a failure ends the job: often not the rank that failed.
            let code = word(after: "errorcode").map { "ended the job with code \(digits($0))" }
            aborted = aborted ?? (word(after: "on rank").flatMap { Int(digits($0)) } ?? 0, code)
            return true
        }
        switch LostHost(box: box) {
        case .daemon(let host):
            (lostHost, isEnding) = (lostHost ?? host, true)
            return true
        case .unreachable(let host, let hasRemedy):
            (unreachable, isEnding) = (unreachable ?? host, true)
            return hasNotStarted || !hasRemedy
        case .notStarted:
            (hasNotStarted, isEnding) = (true, true)
            return false
        case .peer(let host):
            lostPeer = lostPeer ?? host
            return true
        case nil: break
        }
        if text.hasPrefix("One or more daemons") || text.contains("unable to cleanly terminate the daemons") {
            return lostHost != nil
        }
        rankFailed = true
        if text.contains("noticed that process rank") {
            let number = word(after: "on signal").map(digits)
            note(
                word(after: "process rank"), number.map { "was killed by signal \($0)" },
                signal: number.flatMap { Int32($0) })
        } else if text.contains("has exited due to process rank") {
            note(word(after: "process rank"), "ended its program without the others")
        } else if text.contains("exited with non-zero status"), let name = word(after: "Process name:") {
            // [[job,step],rank]
            note(
                name.split(separator: ",").last.map { String($0) },
                word(after: "code:").map { "ended with code \(digits($0))" })
        }
        return true
    }

    private mutating func note(_ rank: String?, _ reason: String?, signal: Int32? = nil) {
        guard self.rank == nil, let rank = rank.flatMap({ Int(digits($0)) }) else { return }
        (self.rank, self.reason, self.signal) = (rank, reason, signal)
    }

    private func digits(_ word: String) -> String { word.filter(\.isNumber) }

    /// What the job came to.
    package func outcome(mpirunCode: Int32) -> RankJob.Outcome {
        guard mpirunCode != 0 else { return RankJob.Outcome(code: 0, sentence: "") }
        let blamed = records.lazy.compactMap(\.rank).first
        let wasExplained = !records.isEmpty
        // Who failed knows its code; mpirun gives that of whoever ended first.
        let own = records.first { $0.rank == $0.reporter && $0.rank == blamed }
        let code = own.flatMap { $0.code > 0 ? $0.code : nil } ?? mpirunCode
        func outcome(_ sentence: String) -> RankJob.Outcome {
            RankJob.Outcome(code: code, sentence: sentence, wasExplained: wasExplained)
        }
        if hasNotStarted {
            return RankJob.Outcome(
                code: code, sentence: "mpirun could not start on all hosts; what stands above says why")
        }
        if let host = lostHost ?? unreachable, blamed == nil {
            return outcome("the host \(host) was lost: it is down, or the network to it is")
        }
        if let lostPeer, blamed == nil, rank == nil {
            return outcome("a rank on the host \(lostPeer) has gone, or the network to it has")
        }
        // A rank's own account knows best; who ended the job because of it is only mpirun's first.
        let told = blamed.map { ($0, $0 == rank ? reason : "did what the message above says") }
        guard let first = told ?? (wasExplained ? nil : rank.map { ($0, reason) } ?? aborted) else {
            if records.contains(where: { $0.cause == .agreed }) {
                return outcome("the ranks have agreed to end with code \(code)")
            }
            let unexplained = rankFailed ? ", a rank's; it did not say whose" : ""
            return outcome(
                wasExplained
                    ? "the message above says why the job failed" : "mpirun ended with code \(code)\(unexplained)")
        }
        let host = own.flatMap { $0.host == here || $0.host.isEmpty ? nil : " on \($0.host)" } ?? ""
        let event = own.flatMap { $0.event.isEmpty ? nil : ", in \($0.event)" } ?? ""
        return outcome("rank \(first.0)\(host) failed first\(event): it \(first.1 ?? "ended with code \(code)")")
    }

    /// What a job came to that ended with `outcome`, for who may start it again.
    func end(_ outcome: RankJob.Outcome) -> JobEnd {
        if outcome.code == 0 { return .done }
        if outcome.code == World.stopRequestedCode { return .agreed }
        if JobFailure.isRefusal(outcome.code) || records.contains(where: { $0.cause == .start }) { return .refused }
        if !records.isEmpty, records.allSatisfy({ $0.cause == .agreed }), rank == nil, lostHost == nil {
            return .agreed
        }
        let blamed = records.lazy.compactMap(\.rank).first
        // The rank itself knows best; then whoever saw it last.
        let step =
            records.first { $0.rank == blamed && $0.reporter == blamed && $0.step != nil }?.step
            ?? records.lazy.compactMap(\.step).first
        // Who is killed tells nothing of itself; where mpirun names nobody, its code does.
        let tellsItself = records.contains { $0.rank == blamed && $0.reporter == blamed }
        let trains = hasTrained || step ?? 0 > 0
        let tells = hasWatched || !records.isEmpty || hasNotStarted
        return .failed(
            JobFailure(
                trains ? .training : tells ? .starting : .unknown, step: trains ? step : nil, from: firstStep,
                saved: savedStep, lostHost: lostHost ?? unreachable,
                wasKilled: !tellsItself && signal ?? outcome.code - 128 == SIGKILL))
    }
}
