// SPDX-License-Identifier: Apache-2.0
// When a job that has failed is started again, and with which ranks: decisions alone, nothing is run.
@testable import LockstepDistributed
import Testing

@Suite("Restart policy")
struct RestartPolicyTests {
    /// How a job of at most `most` restarts has come to its end, which ended like this each time; nil while it goes on.
    private func ending(most: Int, _ ends: JobEnd...) -> RestartPolicy.Ending? { ending(most: most, ends) }

    private func ending(most: Int, _ ends: [JobEnd]) -> RestartPolicy.Ending? {
        var policy = RestartPolicy(most: most)
        for end in ends { policy.take(end) }
        if case .over(let ending) = policy.state { return ending }
        return nil
    }

    private func failure(_ step: Int?, from first: Int? = 0, saved: Int? = nil, lost: String? = nil) -> JobEnd {
        .failed(JobFailure(.training, step: step, from: first, saved: saved, lostHost: lost))
    }

    @Test("a job that ends well, or as asked, is over; so is one that would fail the same way again")
    func ends() {
        #expect(ending(most: 3, .done) == .ended)
        #expect(ending(most: 3, .agreed) == .ended)
        #expect(ending(most: 3, .refused) == .refused)
        #expect(ending(most: 3, failure(7), .done) == .ended)
        #expect(ending(most: 3, failure(7), .refused) == .refused)
    }

    @Test("a failure at another step is another failure, as often as is allowed")
    func count() {
        #expect(ending(most: 2, failure(5)) == nil)
        #expect(ending(most: 2, failure(5), failure(9)) == nil)
        #expect(ending(most: 2, failure(5), failure(9), failure(12)) == .exhausted(2))
        #expect(ending(most: 2, failure(9), failure(5), failure(9)) == .exhausted(2))
        #expect(ending(most: 0, failure(5)) == .exhausted(0))
    }

    @Test("the same step twice in a row is the end, whatever was saved before it")
    func sameStep() {
        #expect(ending(most: 9, failure(5), failure(5)) == .sameStep(5))
        #expect(ending(most: 9, failure(5, saved: 3), failure(5, from: 3, saved: 4)) == .sameStep(5))
        #expect(ending(most: 9, failure(5), failure(6), failure(5)) == nil)
    }

    @Test("where nobody knows the step, it is the same unless something was saved in between")
    func unknownStep() {
        #expect(ending(most: 9, failure(nil), failure(nil)) == .noProgress)
        #expect(ending(most: 9, failure(4), failure(nil)) == .noProgress)
        #expect(ending(most: 9, failure(nil), failure(4)) == .noProgress)
        #expect(ending(most: 9, failure(nil), failure(nil, saved: 10)) == nil)
        #expect(ending(most: 9, failure(nil, saved: 10), failure(nil, from: 10)) == .noProgress)
        #expect(ending(most: 9, failure(nil, saved: 10), failure(nil, from: 10, saved: 10)) == .noProgress)
        #expect(ending(most: 9, failure(nil, saved: 10), failure(nil, from: 10, saved: 11)) == nil)
    }

    @Test("a program that does not tell what it saves shows it by where it goes on")
    func untold() {
        #expect(ending(most: 9, failure(nil, from: 0), failure(nil, from: 20)) == nil)
        #expect(ending(most: 9, failure(nil, from: 0), failure(nil, from: 20), failure(nil, from: 20)) == .noProgress)
    }

    @Test("a program that tells nothing at all is tried once more")
    func foreign() {
        let dies = JobEnd.failed(JobFailure(.unknown))
        #expect(ending(most: 9, dies) == nil)
        #expect(ending(most: 9, dies, dies) == .noProgress)
        #expect(ending(most: 1, dies, .done) == .ended)
    }

    @Test("what fails before training begins is not started again, at the first attempt or later")
    func starting() {
        #expect(ending(most: 9, .failed(JobFailure(.starting))) == .beforeTraining)
        #expect(ending(most: 9, failure(5), .failed(JobFailure(.starting))) == .beforeTraining)
    }

    @Test("who is killed without having got further is started again, but not the fifth time in a row")
    func killedStart() {
        let killed = JobEnd.failed(JobFailure(.starting, wasKilled: true))
        let silent = JobEnd.failed(JobFailure(.unknown, wasKilled: true))
        #expect(ending(most: 9, killed) == nil)
        let four = Array(repeating: killed, count: RestartPolicy.mostKills - 1)
        #expect(ending(most: 99, four) == nil)
        #expect(ending(most: 99, four + [killed]) == .beforeTraining)
        #expect(ending(most: 99, four + [failure(5)] + four + [failure(6)]) == nil)
        #expect(ending(most: 9, failure(5, saved: 4), killed, failure(6, from: 4, saved: 5)) == nil)
        #expect(ending(most: 9, failure(5, saved: 4), silent, failure(6, from: 4, saved: 5)) == nil)
        #expect(
            ending(most: 99, [failure(5, saved: 4)] + Array(repeating: silent, count: RestartPolicy.mostKills))
                == .beforeTraining)
        #expect(ending(most: 9, failure(5), killed, failure(5)) == .sameStep(5))
        #expect(ending(most: 1, failure(5), killed) == .exhausted(1))
        #expect(ending(most: 9, silent, failure(nil)) == nil)
        let atFive = JobEnd.failed(JobFailure(.training, step: 5, from: 5, wasKilled: true))
        let fourAtFive = Array(repeating: atFive, count: RestartPolicy.mostKills - 1)
        #expect(ending(most: 99, fourAtFive) == nil)
        #expect(ending(most: 99, fourAtFive + [atFive]) == .sameStep(5))
        #expect(ending(most: 99, fourAtFive + [failure(6)] + fourAtFive) == nil)
        #expect(ending(most: 9, atFive, failure(5)) == .sameStep(5), "the program itself failed there")
    }

    @Test("a machine that is lost is not blamed on the step, unless it is lost again")
    func lostHost() {
        #expect(ending(most: 9, failure(5), failure(5, lost: "b")) == nil)
        #expect(ending(most: 9, failure(5, lost: "a"), failure(5, lost: "b")) == nil)
        #expect(ending(most: 9, failure(5, lost: "a"), failure(5, lost: "a")) == .sameStep(5))
    }

    @Test("what is over stays over, and says why in the end of a sentence")
    func explanation() {
        var policy = RestartPolicy(most: 1)
        #expect(policy.explanation.isEmpty && policy.goesOn)
        policy.take(failure(5))
        #expect(policy.restarts == 1 && policy.goesOn)
        policy.take(failure(5))
        #expect(!policy.goesOn)
        #expect(policy.explanation == "; not started again, because it has failed at step 5 again")
        policy.take(.done)
        #expect(policy.state == .over(.sameStep(5)))
        var never = RestartPolicy(most: 0)
        never.take(.failed(JobFailure(.starting)))
        #expect(never.explanation.isEmpty, "nobody asked for it to be started again")
    }

    // MARK: Where

    @Test("ranks of a lost machine are left out, if enough have room on the others")
    func placement() throws {
        let text = "# all of them\nnode1 slots=2\nnode2.cluster slots=3 max_slots=4\nnode3 slots=1\nnode3\n\n"
        let all = Placement(ranks: 7, hostfile: text)
        let left = try #require(all.without("node2", fewest: 3))
        #expect(left.ranks == 4 && left.hostfile == "node1 slots=2\nnode3 slots=2\n")
        #expect(all.without("node2", fewest: 6) == nil, "too few are left")
        #expect(all.without("node9", fewest: 1) == nil, "it is none of them")
        #expect(Placement(ranks: 2, hostfile: nil).without("node1", fewest: 1) == nil)
    }

    @Test("more slots than ranks stay more slots than ranks")
    func room() throws {
        let all = Placement(ranks: 3, hostfile: "a slots=4\nb slots=4\nc slots=1")
        #expect(all.without("a", fewest: 1)?.ranks == 3)
        #expect(all.without("b", fewest: 3)?.without("a", fewest: 1)?.ranks == 1)
        #expect(all.without("a", fewest: 1)?.hostfile == "b slots=4\nc slots=1\n")
    }

    @Test(
        "Slurm's numbers of tasks a node",
        arguments: [("2", [2]), ("2(x3),1", [2, 2, 2, 1]), ("16(x2),8,4(x2)", [16, 16, 8, 4, 4]), ("", [])])
    func counts(text: String, counts: [Int]) {
        #expect(Allocation.counts(of: text) == counts)
    }

    @Test("whether an allocation has several hosts")
    func several() {
        #expect(!Allocation.hasSeveralHosts([:]))
        #expect(!Allocation.hasSeveralHosts(["SLURM_JOB_NUM_NODES": "1"]))
        #expect(Allocation.hasSeveralHosts(["SLURM_JOB_NUM_NODES": "3"]))
        #expect(!Allocation.hasSeveralHosts(["PBS_NODEFILE": "/nowhere"]))
    }
}
