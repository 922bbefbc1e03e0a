// SPDX-License-Identifier: Apache-2.0
// What Open MPI 4's mpirun writes about a failed job, reduced to the rank that failed first.

/// Reads mpirun's standard error line by line; keeps its boxed accounts to itself and learns from them.
struct FailureAccount {
    private(set) var rank: Int?
    private(set) var reason: String?
    /// Whether a rank has said a sentence of ours.
    private var hasSentence = false
    /// Whether such a sentence said that the job ends, or mpirun cannot go on.
    private(set) var isEnding = false
    /// A machine that mpirun has lost.
    private var lostHost: String?
    /// A machine that mpirun cannot send to.
    private var unreachable: String?
    /// Whether mpirun could not start on all machines.
    private var hasNotStarted = false
    /// A machine to which a rank has lost its connection.
    private var lostPeer: String?
    /// The rank that a rank's own sentence blames.
    private var blamed: Int?
    /// Whether that was said on another node, which sees no more of it than its silence.
    private var isBlamedFromAfar = false
    /// The rank that called `MPI_Abort`.
    private var aborted: (rank: Int, reason: String?)?
    /// Whether mpirun knows of a failed rank, even if it does not come to say which.
    private var rankFailed = false
    private var isInBox = false
    private var box: [String] = []
    /// Phrases of the sentences after which a job ends.
    private static let endings = [
        "the job ends", "has not come within", "the ranks disagree", "has died. It was last seen",
        "has ended its program while",
    ]

    /// - Returns: what of `line` a person should see; nil if nothing.
    mutating func read(_ line: String) -> String? {
        // Open MPI 4.1 sometimes cannot read its own message to itself when several ranks end at once.
        if line.contains("ORTE_ERROR_LOG") && line.contains("show_help.c") || line.hasPrefix("[warn] Epoll MOD") {
            rankFailed = true
            return nil
        }
        if LostHost.isTold(by: line) { return nil }
        // A box is a line of dashes, text, and a line of dashes.
        if line.count > 60, line.allSatisfy({ $0 == "-" }) {
            defer { isInBox.toggle() }
            guard isInBox else {
                box = []
                return nil
            }
            return understandBox() ? nil : ([line] + box + [line]).joined(separator: "\n")
        }
        guard isInBox else {
            let isSentence = line.hasPrefix("lockstep: ")
            hasSentence = hasSentence || isSentence
            isEnding = isEnding || isSentence && FailureAccount.endings.contains { line.contains($0) }
            if blamed == nil, let rank = FailureAccount.rankBlamed(by: line) {
                (blamed, isBlamedFromAfar) = (rank, line.contains("on another node, has not come"))
            }
            // "1 more process has sent help message …": about the boxes.
            return line.contains("help message") || line.contains("orte_base_help_aggregate") ? nil : line
        }
        box.append(line)
        return nil
    }

    /// - Returns: whether the box was about a failed rank, and is told in the sentence.
    private mutating func understandBox() -> Bool {
        let text = box.joined(separator: " ")
        let words = text.split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init)
        func word(after phrase: [String]) -> String? {
            words.indices.first { words[$0...].starts(with: phrase) && $0 + phrase.count < words.count }
                .map { words[$0 + phrase.count] }
        }
        if text.contains("MPI_ABORT was invoked on rank") {
            // Whoever notices a failure ends the job: often not the rank that failed.
            let code = word(after: ["errorcode"]).map { "ended the job with code \(digits($0))" }
            aborted = aborted ?? (word(after: ["on", "rank"]).flatMap { Int(digits($0)) } ?? 0, code)
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
        if text.contains("could not be ordered to") || text.contains("unable to cleanly terminate the daemons") {
            return lostHost != nil
        }
        if text.contains("mpirun noticed that process rank") {
            note(
                word(after: ["process", "rank"]),
                word(after: ["on", "signal"]).map { "was killed by signal \(digits($0))" })
            return true
        }
        if text.contains("process returned a non-zero exit code") || text.contains("Primary job") {
            rankFailed = true
            return true
        }
        if text.contains("exited with non-zero status"), let name = word(after: ["Process", "name:"]) {
            // [[job,step],rank]
            note(
                name.split(separator: ",").last.map { String($0) },
                word(after: ["code:"]).map { "ended with code \(digits($0))" })
            return true
        }
        return false
    }

    /// "lockstep: rank 1 (pid …) has died", "lockstep: rank 1: fit: …", "lockstep: …: rank 1 has not come within …".
    static func rankBlamed(by line: String) -> Int? {
        guard line.hasPrefix("lockstep: ") else { return nil }
        let words = line.split(separator: " ").map(String.init)
        /// The rank that is named at `index`, as in "rank 1," or "rank 1:".
        func rank(at index: Int) -> Int? {
            guard index > 0, index < words.count, words[index - 1] == "rank" else { return nil }
            return Int(words[index].filter(\.isNumber))
        }
        if let end = words.indices.first(where: { words[$0...].starts(with: ["has", "not", "come"]) }) {
            return words[..<end].indices.reversed().lazy.compactMap { rank(at: $0) }.first
        }
        guard let first = rank(at: 2) else { return nil }
        let rest = words[3...].prefix(4)
        let isBlame = words[2].hasSuffix(":") || ["died.", "called", "ended"].contains { rest.contains($0) }
        return isBlame ? first : nil
    }

    private mutating func note(_ rank: String?, _ reason: String?) {
        guard self.rank == nil, let rank = rank.flatMap({ Int(digits($0)) }) else { return }
        (self.rank, self.reason) = (rank, reason)
    }

    private func digits(_ word: String) -> String { word.filter(\.isNumber) }

    /// What the job came to.
    func outcome(mpirunCode code: Int32) -> RankJob.Outcome {
        guard code != 0 else { return RankJob.Outcome(code: 0, sentence: "") }
        if hasNotStarted {
            return RankJob.Outcome(
                code: code, sentence: "mpirun could not start on all hosts; what stands above says why")
        }
        if let host = lostHost ?? unreachable, blamed == nil || isBlamedFromAfar {
            return RankJob.Outcome(
                code: code, sentence: "the host \(host) was lost: it is down, or the network to it is",
                wasExplained: hasSentence)
        }
        if let lostPeer, blamed == nil, rank == nil {
            return RankJob.Outcome(
                code: code, sentence: "a rank on the host \(lostPeer) has gone, or the network to it has",
                wasExplained: hasSentence)
        }
        // A rank's own sentence knows best; who ended the job because of it is only mpirun's first.
        let told = blamed.map { ($0, $0 == rank ? reason : "did what the message above says") }
        guard let first = told ?? rank.map({ ($0, reason) }) ?? (hasSentence ? nil : aborted) else {
            let unexplained = rankFailed ? ", a rank's; it did not say whose" : ""
            let sentence =
                hasSentence
                ? "the message above says why the job failed" : "mpirun ended with code \(code)\(unexplained)"
            return RankJob.Outcome(code: code, sentence: sentence, wasExplained: hasSentence)
        }
        return RankJob.Outcome(
            code: code, sentence: "rank \(first.0) failed first: it \(first.1 ?? "ended with code \(code)")",
            wasExplained: hasSentence)
    }
}
