// SPDX-License-Identifier: Apache-2.0
// mpirun's account of a failed job, as Open MPI 4.1 writes it, and the one sentence that becomes of it.
@testable import LockstepDistributed
import Testing

@Suite("Failure account")
struct FailureAccountTests {
    private let dashes = String(repeating: "-", count: 74)

    /// Reads all lines; returns what a person sees and what the job came to.
    private func read(_ text: String, code: Int32) -> (shown: [String], RankJob.Outcome) {
        var account = FailureAccount()
        let shown = text.split(separator: "\n", omittingEmptySubsequences: false).compactMap {
            account.read(String($0))
        }
        return (shown, account.outcome(mpirunCode: code))
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
        "who noticed a failure and ended the job is not who failed",
        arguments: [
            ("lockstep: rank 2 (pid 4711) has died. It was last seen in 'after_loss', step 3, 0.1 s ago.", 2),
            ("lockstep: rank 1: fit: ClosureCallback failed in before_batch: sample 17 cannot be read", 1),
            ("lockstep: rank 3 has ended its program while rank 0 waits for it in agree 'barrier'.", 3),
            ("lockstep: rank 1 has called exit(3) in after_step, step 4; the job ends.", 1),
            ("lockstep: agree 'barrier' (collective 4): rank 5 has not come within 300 s.", 5),
            ("lockstep: agree 'barrier' (collective 4): rank 5, on another node, has not come within 300 s.", 5),
        ])
    func blame(sentence: String, rank: Int) {
        let (shown, outcome) = read(abort(by: 0, after: sentence), code: 1)
        #expect(shown == [sentence])
        #expect(
            outcome
                == .init(
                    code: 1, sentence: "rank \(rank) failed first: it did what the message above says",
                    wasExplained: true))
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
        ])
    func lostConnection(box: String, sentence: String) {
        let (shown, outcome) = read(
            """
            [node1][[59374,1],0][btl_tcp_frag.c:242:mca_btl_tcp_frag_recv] mca_btl_tcp_frag_recv: readv failed: Connection reset by peer (104)
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
        #expect(shown == [box])
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
        #expect(shown == [ssh, box])
        #expect(outcome.sentence == "mpirun could not start on all hosts; what stands above says why")
    }

    @Test("a rank that is only missed from afar is not to blame where mpirun has lost its host")
    func missedFromAfar() {
        let missed = "lockstep: agree 'barrier' (collective 4): rank 1, on another node, has not come within 4.0 s."
        let lost =
            "\(dashes)\nORTE has lost communication with a remote daemon.\n\n  HNP daemon   : [[1,0],0] on node head\n  Remote daemon: [[1,0],2] on node node2\n\(dashes)"
        let (shown, outcome) = read(missed + "\n" + lost, code: 1)
        #expect(shown == [missed])
        #expect(outcome.sentence == "the host node2 was lost: it is down, or the network to it is")
    }

    @Test("a job is known to be ending from the sentences that end it, and from no warning")
    func ending() {
        func isEnding(after line: String) -> Bool {
            var account = FailureAccount()
            _ = account.read(line)
            return account.isEnding
        }
        #expect(isEnding(after: "lockstep: agree (collective 4): rank 5 has not come within 300 s."))
        #expect(isEnding(after: "lockstep: rank 2 (pid 4711) has died. It was last seen in 'after_loss', step 3."))
        #expect(!isEnding(after: "lockstep: rank 1 (pid 12) is late: rank 0 has waited 30 s for it in agree."))
        #expect(!isEnding(after: "epoch 3: a colleague has died. It was last seen in 1999"))
    }

    @Test("an abort without a word is told by the rank that called it")
    func silentAbort() {
        let (shown, outcome) = read(abort(by: 4, after: "something of the program's own"), code: 1)
        #expect(shown == ["something of the program's own"])
        #expect(outcome == .init(code: 1, sentence: "rank 4 failed first: it ended the job with code 1"))
    }

    @Test(
        "a sentence that blames no rank stands for itself, and a warning blames none",
        arguments: [
            "lockstep: rank 1 (pid 12) is late: rank 0 has waited 30 s for it in agree.", "lockstep: rank 1",
            "lockstep: ",
            "lockstep: collective 4: the ranks disagree: ranks 0, 2 call agree; rank 1 calls allGather.",
        ])
    func noBlame(sentence: String) {
        #expect(FailureAccount.rankBlamed(by: sentence) == nil)
        let (shown, outcome) = read(abort(by: 0, after: sentence), code: 1)
        #expect(shown == [sentence])
        #expect(
            outcome == .init(code: 1, sentence: "the message above says why the job failed", wasExplained: true))
    }

    @Test("what mpirun could not start is shown whole; notes about other boxes are not")
    func startUp() {
        let box = "\(dashes)\nThere are not enough slots available in the system to satisfy the 9\nslots\n\(dashes)"
        let (shown, outcome) = read(
            box + "\n[host:1] 1 more process has sent help message help-mpi-api.txt / mpi-abort", code: 1)
        #expect(shown == [box])
        #expect(outcome == .init(code: 1, sentence: "mpirun ended with code 1"))
    }

    @Test("a job that went well has no sentence")
    func success() {
        #expect(read("lockstep: a warning", code: 0).1 == .init(code: 0, sentence: ""))
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
