// SPDX-License-Identifier: Apache-2.0
// What ranks and Open MPI 4.1's mpirun tell of a failed job, and the one sentence that becomes of it.
import LockstepComm
@testable import LockstepDistributed
import Testing

@Suite("Failure account")
struct FailureAccountTests {
    private let dashes = String(repeating: "-", count: 74)

    /// Reads all lines; returns what a person sees and what the job came to.
    private func read(_ text: String, code: Int32) -> (shown: [String], RankJob.Outcome) {
        var account = FailureAccount(token: token, here: "here")
        let shown = text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { account.read(String($0)) }
        return (shown + account.end(), account.outcome(mpirunCode: code))
    }

    private let token = "0a1b2c"

    /// The line in which a rank tells of a failure.
    private func record(
        _ rank: Int?, by reporter: Int = 0, _ cause: FailureRecord.Cause = .failed, code: Int32 = 1, event: String = "",
        host: String = "here"
    ) -> String {
        let record = FailureRecord(
            reporter: reporter, rank: rank, event: event, cause: cause, code: code, host: host)
        return LauncherRecord.failure(record).line(token: token)
    }

    @Test("a signal")
    func signal() {
        let (shown, outcome) = read(
            """
            \(dashes)
            Primary job  terminated normally, but 1 process returned
            a non-zero exit code. Per user-direction, the job has been aborted.
            \(dashes)
            \(dashes)
            mpirun noticed that process rank 3 with PID 0 on node node2 exited on signal 9 (Killed).
            \(dashes)
            """, code: 137)
        #expect(shown.isEmpty)
        #expect(outcome == .init(code: 137, sentence: "rank 3 failed first: it was killed by signal 9"))
    }

    @Test("an account that mpirun has garbled is not shown, and the sentence says what is missing")
    func garbled() {
        let (shown, outcome) = read(
            """
            \(dashes)
            Primary job  terminated normally, but 1 process returned
            a non-zero exit code. Per user-direction, the job has been aborted.
            \(dashes)
            [vm:15685] [[20923,0],0] ORTE_ERROR_LOG: Data unpack would read past end of buffer in file ../orte/util/show_help.c at line 513
            [warn] Epoll MOD(1) on fd 24 failed. Old events were 6; read change was 0 (none): Bad file descriptor
            """, code: 3)
        #expect(shown.isEmpty)
        #expect(outcome == .init(code: 3, sentence: "mpirun ended with code 3, a rank's; it did not say whose"))
    }

    @Test("a code")
    func code() {
        let (shown, outcome) = read(
            """
            \(dashes)
            mpirun detected that one or more processes exited with non-zero status, thus causing
            the job to be terminated. The first process to do so was:

              Process name: [[4711,1],12]
              Exit code:    66
            \(dashes)
            """, code: 66)
        #expect(shown.isEmpty)
        #expect(outcome == .init(code: 66, sentence: "rank 12 failed first: it ended with code 66"))
    }

    /// What is printed when a rank ends the job because of another one.
    private func abort(by rank: Int, after sentence: String) -> String {
        """
        \(sentence)
        \(dashes)
        MPI_ABORT was invoked on rank \(rank) in communicator MPI_COMM_WORLD
        with errorcode 1.

        NOTE: invoking MPI_ABORT causes Open MPI to kill all MPI processes.
        You may or may not see output from other processes, depending on
        exactly when Open MPI kills them.
        \(dashes)
        """
    }

    @Test(
        "who noticed a failure and ended the job is not who failed, whatever the sentence says",
        arguments: [
            "lockstep: rank 2 (pid 4711) has died. It was last seen in 'after_loss', step 3, 0.1 s ago.",
            "lockstep: rank 1: fit: ClosureCallback failed in before_batch: sample 17 cannot be read",
            "lockstep: words that nobody has thought of yet", "no word of ours",
        ], [FailureRecord.Cause.died, .failed, .timedOut])
    func blame(sentence: String, cause: FailureRecord.Cause) {
        let (shown, outcome) = read(abort(by: 0, after: sentence + "\n" + record(2, cause)), code: 1)
        #expect(shown == [sentence])
        #expect(
            outcome
                == .init(
                    code: 1, sentence: "rank 2 failed first: it did what the message above says", wasExplained: true))
    }

    @Test("a rank that prints what our sentences say is not to blame")
    func words() {
        for line in [
            "lockstep: rank 1: loaded 300 rows", "lockstep: rank 3 has died. It was last seen",
            "rank 1: loaded 300 rows",
            "lockstep: rank 5 has not come within 3 s", "\u{1E}lockstep other {\"failure\":{}}",
        ] {
            let (shown, outcome) = read(abort(by: 4, after: line), code: 9)
            #expect(shown == [line])
            #expect(outcome == .init(code: 9, sentence: "rank 4 failed first: it ended the job with code 1"))
        }
    }

    @Test("the code is that of the rank to blame, and not of who ended the job first")
    func culpritsCode() {
        let told = [record(1, by: 0, code: 1), record(1, by: 1, code: 66)].joined(separator: "\n")
        #expect(read(abort(by: 0, after: told), code: 1).1.code == 66)
        #expect(read(abort(by: 0, after: record(1, by: 0, code: 3)), code: 1).1.code == 1)
    }

    @Test("where the rank to blame was, and what it did, is said if it has told it itself")
    func place() {
        func sentence(_ record: String) -> String { read(abort(by: 0, after: record), code: 1).1.sentence }
        #expect(
            sentence(record(2, by: 2, event: "before_batch", host: "node7"))
                == "rank 2 on node7 failed first, in before_batch: it did what the message above says")
        #expect(
            sentence(record(2, by: 2, event: "before_batch"))
                == "rank 2 failed first, in before_batch: it did what the message above says")
        #expect(
            sentence(record(2, by: 1, event: "after_loss", host: "node7"))
                == "rank 2 failed first: it did what the message above says")
    }

    @Test("a record behind something that has no end of line yet is found, and the something is shown")
    func partialLine() {
        let (shown, outcome) = read("epoch 3 …" + record(1, by: 1, code: 66), code: 1)
        #expect(shown == ["epoch 3 …"])
        #expect(outcome.code == 66 && outcome.wasExplained)
    }

    @Test("an end that ranks have agreed on is nobody's failure, and keeps its code")
    func agreed() {
        let (shown, outcome) = read("lockstep: stopped\n" + record(nil, .agreed, code: 75), code: 75)
        #expect(shown == ["lockstep: stopped"])
        #expect(
            outcome == .init(code: 75, sentence: "the ranks have agreed to end with code 75", wasExplained: true))
    }

    @Test(
        "lines of dashes are a rank's own unless a text of mpirun's follows",
        arguments: [60, 61, 73, 74, 75, 200])
    func dashes(count: Int) {
        let line = String(repeating: "-", count: count)
        let text = [line, "a table", line, "more", line, line, "and the end", line]
        let (shown, outcome) = read((text + ["after"]).joined(separator: "\n"), code: 0)
        #expect(shown == text + ["after"])
        #expect(outcome.code == 0)
        // At the very end nothing is held back either.
        #expect(read(text.joined(separator: "\n"), code: 0).shown == text)
    }

    @Test("a box that never ends is shown, and so is what follows")
    func unendingBox() {
        let text = [dashes, "MPI_ABORT was invoked on rank 0 in communicator MPI_COMM_WORLD"]
        let more = (0..<100).map { "line \($0)" }
        #expect(read((text + more).joined(separator: "\n"), code: 0).shown == text + more)
    }

    @Test("what mpirun says of a rank that has left without finishing MPI, and of signals it passes on, is not shown")
    func boilerplate() {
        let (shown, outcome) = read(
            """
            mpirun: Forwarding signal 10 to job
            \(dashes)
            mpirun has exited due to process rank 1 with PID 0 on
            node vm exiting improperly. There are three reasons this could occur:

            1. this process did not call "init" before exiting, but others in
            the job did. This can cause a job to hang indefinitely while it waits
            for all processes to call "init".
            \(dashes)
            """, code: 1)
        #expect(shown.isEmpty)
        #expect(
            outcome == .init(code: 1, sentence: "rank 1 failed first: it ended its program without the others"))
    }

    @Test("a machine that is gone")
    func lostHost() {
        let (shown, outcome) = read(
            """
            \(dashes)
            ORTE has lost communication with a remote daemon.

              HNP daemon   : [[59374,0],0] on node head
              Remote daemon: [[59374,0],2] on node node2

            This is usually due to either a failure of the TCP network
            connection to the node, or possibly an internal failure of
            the daemon itself. We cannot recover from this failure, and
            therefore will terminate the job.
            \(dashes)
            """, code: 205)
        #expect(shown.isEmpty)
        #expect(outcome == .init(code: 205, sentence: "the host node2 was lost: it is down, or the network to it is"))
    }

    @Test(
        "a machine that is gone, as mpirun and ranks say it on a busy machine",
        arguments: [
            (
                """
                ORTE does not know how to route a message to the specified daemon
                located on the indicated node:

                  my node:   head
                  target node:  node2

                This is usually an internal programming error that should be
                reported to the developers.
                """, "the host node2 was lost: it is down, or the network to it is"
            ),
            (
                """
                An MPI communication peer process has unexpectedly disconnected.  This
                usually indicates a failure in the peer process (e.g., a crash or
                otherwise exiting without calling MPI_FINALIZE first).

                  Local host: node1
                  Local PID:  17
                  Peer host:  node2
                """, "a rank on the host node2 has gone, or the network to it has"
            ),
            (
                """
                WARNING: Open MPI failed to TCP connect to a peer MPI process.  This
                should not happen.

                Your Open MPI job may now hang or fail.

                  Local host: node1
                  PID:        17
                  Message:    connect() to 198.51.100.2:1027 failed
                  Error:      Operation now in progress (115)
                """, "a rank on the host 198.51.100.2 has gone, or the network to it has"
            ),
        ])
    func lostConnection(box: String, sentence: String) {
        let (shown, outcome) = read(
            """
            [node1][[59374,1],0][btl_tcp_frag.c:242:mca_btl_tcp_frag_recv] mca_btl_tcp_frag_recv: readv failed: Connection reset by peer (104)
            [node1][[48432,1],0][../../../../../../opal/mca/btl/tcp/btl_tcp_frag.c:135:mca_btl_tcp_frag_send] mca_btl_tcp_frag_send: writev failed: Connection reset by peer (104)
            [node1][[48432,1],0][../../../../../../opal/mca/btl/tcp/btl_tcp_endpoint.c:1065:mca_btl_tcp_endpoint_send_handler] invalid connection state (2)
            \(dashes)
            \(box)
            \(dashes)
            """, code: 205)
        #expect(shown.isEmpty)
        #expect(outcome == .init(code: 205, sentence: sentence))
    }

    @Test("a machine that could not be reached: mpirun's own words have the remedy")
    func unreachable() {
        let box =
            "\(dashes)\nORTE is unable to establish a communication connection to the\nspecified daemon located on the indicated node:\n\n  my node:   head\n  target node:  node2\n\(dashes)"
        let (shown, outcome) = read(box, code: 1)
        #expect(shown == box.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        #expect(outcome == .init(code: 1, sentence: "the host node2 was lost: it is down, or the network to it is"))
    }

    @Test(
        "a machine on which mpirun does not start: ssh's words and the remedies are shown, what follows from it is not")
    func notStarted() {
        let ssh = "ssh: connect to host node2 port 22: No route to host"
        let box =
            "\(dashes)\nORTE was unable to reliably start one or more daemons.\nThis usually is caused by:\n\n* not finding the required libraries\n\(dashes)"
        let route =
            "\(dashes)\nORTE does not know how to route a message to the specified daemon\nlocated on the indicated node:\n\n  my node:   head\n  target node:  node1\n\(dashes)"
        let (shown, outcome) = read([ssh, box, route].joined(separator: "\n"), code: 1)
        #expect(shown == [ssh] + box.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        #expect(outcome.sentence == "mpirun could not start on all hosts; what stands above says why")
    }

    @Test("a rank that is only missed from afar is not to blame where mpirun has lost its host")
    func missedFromAfar() {
        let missed = "lockstep: agree 'barrier' (collective 4): rank 1, on another node, has not come within 4.0 s."
        let lost =
            "\(dashes)\nORTE has lost communication with a remote daemon.\n\n  HNP daemon   : [[1,0],0] on node head\n  Remote daemon: [[1,0],2] on node node2\n\(dashes)"
        let (shown, outcome) = read([missed, record(nil, .timedOut), lost].joined(separator: "\n"), code: 1)
        #expect(shown == [missed])
        #expect(outcome.sentence == "the host node2 was lost: it is down, or the network to it is")
    }

    @Test("a job is known to be ending from the records of failures, and from no sentence")
    func ending() {
        func isEnding(after line: String) -> Bool {
            var account = FailureAccount(token: token)
            _ = account.read(line)
            return account.isEnding
        }
        #expect(isEnding(after: record(5, .timedOut)))
        #expect(isEnding(after: record(2, .died)))
        #expect(!isEnding(after: record(nil, .agreed, code: 75)))
        #expect(!isEnding(after: "lockstep: rank 2 (pid 4711) has died. It was last seen in 'after_loss', step 3."))
        #expect(!isEnding(after: "epoch 3: a colleague has died. It was last seen in 1999"))
    }

    @Test("an abort without a word is told by the rank that called it")
    func silentAbort() {
        let (shown, outcome) = read(abort(by: 4, after: "something of the program's own"), code: 1)
        #expect(shown == ["something of the program's own"])
        #expect(outcome == .init(code: 1, sentence: "rank 4 failed first: it ended the job with code 1"))
    }

    @Test("a failure that is no rank's stands for itself")
    func noBlame() {
        let sentence = "lockstep: collective 4: the ranks disagree: ranks 0, 2 call agree; rank 1 calls allGather."
        let (shown, outcome) = read(abort(by: 0, after: sentence + "\n" + record(nil, .mismatch)), code: 1)
        #expect(shown == [sentence])
        #expect(
            outcome == .init(code: 1, sentence: "the message above says why the job failed", wasExplained: true))
    }

    @Test("what mpirun could not start is shown whole; notes about other boxes are not")
    func startUp() {
        let box = "\(dashes)\nThere are not enough slots available in the system to satisfy the 9\nslots\n\(dashes)"
        let (shown, outcome) = read(
            box + "\n[host:1] 1 more process has sent help message help-mpi-api.txt / mpi-abort", code: 1)
        #expect(shown == box.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
        #expect(outcome == .init(code: 1, sentence: "mpirun ended with code 1"))
    }

    @Test("a job that went well has no sentence")
    func success() {
        #expect(read("lockstep: a warning", code: 0).1 == .init(code: 0, sentence: ""))
    }

    // MARK: Whether it can be started again

    /// What a job came to of which this was read.
    private func end(_ lines: [String], code: Int32) -> JobEnd {
        var account = FailureAccount(token: token, here: "here")
        for line in lines { _ = account.read(line) }
        return account.end(account.outcome(mpirunCode: code))
    }
    private func line(_ record: LauncherRecord) -> String { record.line(token: token) }
    private var watching: String { line(.watching(host: "here", pid: 7)) }

    @Test("ends that would come again, and ends that are none, are told by codes and records")
    func finalEnds() {
        #expect(end([], code: 0) == .done)
        #expect(end([record(nil, .agreed, code: 75)], code: 75) == .agreed)
        #expect(end([record(nil, .agreed, code: 3)], code: 3) == .agreed)
        for code in [64, 65, 66, 69, 70, 71, 73, 74] as [Int32] { #expect(end([watching], code: code) == .refused) }
        #expect(end([record(nil, .start, code: 1)], code: 1) == .refused)
    }

    @Test("how far a failed job had come: to its steps, to its start, or nobody knows")
    func stages() {
        #expect(end([], code: 139) == .failed(JobFailure(.unknown)))
        #expect(end([watching], code: 139) == .failed(JobFailure(.starting)))
        #expect(end([watching, record(1, .died)], code: 1) == .failed(JobFailure(.starting)))
        let trains = [watching, line(.training(step: 40)), line(.saved(step: 44)), line(.saved(step: 43))]
        #expect(end(trains, code: 139) == .failed(JobFailure(.training, from: 40, saved: 44)))
    }

    @Test(
        "a rank was killed by somebody else if mpirun says so, in words or by its code, and the rank tells nothing of itself"
    )
    func killed() {
        func wasKilled(_ lines: [String], code: Int32) -> Bool? {
            guard case .failed(let failure) = end(lines, code: code) else { return nil }
            return failure.wasKilled
        }
        func box(_ rank: Int, signal: Int) -> [String] {
            let text =
                "mpirun noticed that process rank \(rank) with PID 0 on node here exited on signal \(signal) (Killed)."
            return [dashes, text, dashes]
        }
        #expect(wasKilled(box(1, signal: 9), code: 137) == true)
        // Whoever survives it ends the job with a code of its own.
        #expect(wasKilled([record(1, by: 0, .died)] + box(1, signal: 9), code: 1) == true)
        #expect(wasKilled([watching], code: 137) == true, "nobody could tell")
        #expect(wasKilled(box(1, signal: 11), code: 139) == false)
        #expect(wasKilled([watching], code: 1) == false)
        #expect(
            wasKilled([record(1, by: 1)] + box(0, signal: 9), code: 1) == false, "it ended with an error of its own")
        #expect(
            wasKilled(box(1, signal: 11) + box(0, signal: 9), code: 139) == false, "the others are killed by mpirun")
    }

    @Test("the step of a failure is told by the rank to blame, else by who saw it last")
    func step() {
        func told(_ rank: Int, by reporter: Int, step: Int?) -> String {
            line(.failure(FailureRecord(reporter: reporter, rank: rank, cause: .died, code: 1, step: step)))
        }
        func step(_ lines: String...) -> Int? {
            guard case .failed(let failure) = end([line(.training(step: 0))] + lines, code: 1) else { return -1 }
            return failure.step
        }
        #expect(step(told(2, by: 0, step: 17)) == 17)
        #expect(step(told(2, by: 0, step: nil), told(2, by: 1, step: 18)) == 18)
        #expect(step(told(2, by: 0, step: 17), told(2, by: 2, step: 16)) == 16)
        #expect(step(told(2, by: 0, step: nil)) == nil)
    }

    @Test("a machine that mpirun has lost is named")
    func lostMachine() {
        let lost =
            "\(dashes)\nORTE has lost communication with a remote daemon.\n\n  HNP daemon   : [[1,0],0] on node head\n  Remote daemon: [[1,0],2] on node node2\n\(dashes)"
        let lines = [line(.training(step: 0)), record(nil, .timedOut)] + lost.split(separator: "\n").map(String.init)
        #expect(end(lines, code: 1) == .failed(JobFailure(.training, from: 0, lostHost: "node2")))
    }
}

@Suite("Hosts")
struct HostListTests {
    @Test("variables of ours go along, and the network is named twice")
    func flags() {
        let list = HostList(file: "hosts", subnet: "10.0.0.0/24")
        let flags = list.flags(
            ranks: 4, environment: ["LOCKSTEP_CONV": "blas", "HOME": "/root", "OPENBLAS_CORETYPE": "x"])
        #expect(flags.starts(with: ["--hostfile", "hosts", "-n", "4"]))
        #expect(flags.suffix(4) == ["-x", "LOCKSTEP_CONV", "-x", "OPENBLAS_CORETYPE"])
        #expect(flags.filter { $0 == "10.0.0.0/24" }.count == 2)
        #expect(!HostList(file: "h", subnet: nil).flags(ranks: 1, environment: [:]).contains("btl_tcp_if_include"))
    }
}
