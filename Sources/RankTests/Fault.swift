// SPDX-License-Identifier: Apache-2.0
// What can befall a rank, and what the job must then say and do.

import Glibc
import Lockstep

/// One way of going wrong.
struct Fault: Sendable {
    let name: String
    /// Seconds from the fault to the end of the whole job.
    let bound: Int
    /// Whether the job goes on and succeeds in spite of it.
    var endsWell = false
    /// Variables of the run, as in `A=1 B=2`.
    var environment = ""
    /// What the output must match, an extended regular expression; RANK stands for the rank at fault.
    let sentence: String
    /// What every rank runs.
    let body: @Sendable (FaultScene) throws -> Void

    /// One line for the script that runs it: name, bound, how it ends, environment, sentence, separated by bars.
    var line: String { "\(name)|\(bound)|\(endsWell ? "zero" : "nonzero")|\(environment)|\(sentence)" }

    /// All of them.
    static let all: [Fault] = [
        killed,
        throwing,
        skipping,
        leavingEarly,
        Fault(
            name: "nan-cancels", bound: 3, endsWell: true,
            sentence: "rank RANK saw a loss of nan; all [0-9] ranks stopped"
        ) { scene in
            try scene.trainUntilNaN()
        },
        Fault(
            name: "asked-to-stop", bound: 4, sentence: "lockstep: SIGTERM: stopped in epoch [0-9]+ after [0-9]+ batches"
        ) { scene in
            try scene.trainUntilStopped()
        },
        Fault(
            name: "no-shared-memory", bound: 30, endsWell: true,
            // A place with no byte free, which is what a container's full /dev/shm looks like before anything is allocated.
            environment: "OMPI_MCA_osc_sm_backing_directory=/proc",
            sentence:
                "lockstep: /proc has less than [0-9]+ MiB free on a node; ranks share memory through memfd instead"
        ) { scene in
            try scene.train {}
        },
        stopped,
        Fault(
            name: "never-comes", bound: 6, environment: shortTimeouts,
            sentence: "lockstep: .*rank RANK has not come within 2.0 s"
        ) { scene in
            try scene.train { while true { sleep(1) } }
        },
        Fault(name: "crashes", bound: 10, sentence: died) { scene in
            try scene.train { abort() }
        },
        Fault(
            // A caller's mistake stops the program at once, as every trap does.
            name: "traps", bound: 10, sentence: died
        ) { scene in
            try scene.train { preconditionFailure("a caller's mistake") }
        },
        Fault(
            name: "late-but-comes", bound: 20, endsWell: true, environment: "LOCKSTEP_STALL_TIMEOUT=0.5",
            sentence: "lockstep: rank RANK \\(pid [0-9]+\\) is late: rank [0-9] has waited"
        ) { scene in
            try scene.train { sleep(2) }
        },
        Fault(name: "throws-in-validation", bound: 3, sentence: unreadable) { scene in
            try scene.validate { throw BadSample() }
        },
        Fault(
            name: "without-shared-memory", bound: 30, endsWell: true, environment: "LOCKSTEP_SHARED_MEMORY=off",
            sentence: "lockstep: ranks talk through MPI, not through shared memory: LOCKSTEP_SHARED_MEMORY is off"
        ) { scene in
            try scene.train {}
        },
        exiting,
        Fault(name: "vanishes", bound: 4, sentence: died) { scene in
            try scene.train { _exit(0) }
        },
        Fault(
            name: "other-collective", bound: 3,
            sentence: "lockstep: collective [0-9]+: the ranks disagree: .*rank RANK calls allGather"
        ) { scene in
            try scene.repeatedly { step, isStruck in
                if isStruck { _ = try scene.ranks.allGather([Int32(1)]) } else { try scene.ranks.barrier() }
            }
        },
        otherSize,
        Fault(
            name: "other-model", bound: 3,
            sentence: "lockstep: .*rank [0-9] is set up differently from rank 0: .*parameter 0.weight \\[1, 3\\]"
        ) { scene in
            let isStruck = scene.strikes(at: scene.step)
            try scene.fit(inputs: isStruck ? 3 : 4)
        },
        Fault(
            name: "collective-on-rank-0-only", bound: 3,
            sentence: "lockstep: .*agree: called inside withRankZeroOnly\\(.save.\\)"
        ) { scene in
            try scene.repeatedly { step, _ in
                if step == scene.step {
                    scene.announce()
                    try scene.ranks.onRankZero("save") { try scene.ranks.barrier() }
                }
                try scene.ranks.barrier()
            }
        },
        // Ranks of different machines, as far as one machine can stand in for several.
        throwing.acrossNodes(bound: 4),
        otherSize.acrossNodes(bound: 4),
        leavingEarly.acrossNodes(
            bound: 4, sentence: "lockstep: rank RANK has ended its program while rank [0-9] waits for it in"),
        // No rank sees into another machine: mpirun does, and its account becomes a sentence.
        killed.acrossNodes(bound: 8, sentence: killedBySignal),
        exiting.acrossNodes(bound: 4),
        skipping.acrossNodes(bound: 4),
        stopped.acrossNodes(
            bound: 10, sentence: "lockstep: .*(ranks? RANK,|ranks [0-9, ]*RANK[0-9, ]*\\)).*has not come within 2.0 s"),
        // While sums are on their way between nodes.
        Fault(
            name: "killed-in-an-exchange", bound: 8, environment: oneRankPerNode, sentence: killedBySignal
        ) { scene in
            try scene.exchange { kill(getpid(), SIGKILL) }
        },
        Fault(
            name: "throws-in-an-exchange", bound: 8, environment: oneRankPerNode, sentence: unreadable
        ) { scene in
            try scene.exchange { throw BadSample() }
        },
        Fault(
            name: "stopped-in-an-exchange", bound: 10, environment: oneRankPerNode + " " + shortTimeouts,
            sentence: "lockstep: .* rank RANK between nodes, seen from rank [0-9], has not ended within 2 s"
        ) { scene in
            try scene.exchange { kill(getpid(), SIGSTOP) }
        },
    ]

    // MARK: Those that are tried across nodes, too

    private static let killed = Fault(name: "killed", bound: 4, sentence: died) { scene in
        try scene.train { kill(getpid(), SIGKILL) }
    }
    private static let throwing = Fault(name: "throws", bound: 3, sentence: unreadable) { scene in
        try scene.train { throw BadSample() }
    }
    private static let skipping = Fault(
        name: "skips-a-collective", bound: 3,
        sentence: "lockstep: collective [0-9]+: the ranks disagree: .*ranks? RANK calls? [^;]*'step"
    ) { scene in
        for step in 0..<20 where !scene.strikes(at: step) { try scene.ranks.barrier(name: "step \(step)") }
    }
    private static let leavingEarly = Fault(
        name: "leaves-early", bound: 3, sentence: "lockstep: rank RANK has ended its program while rank [0-9] waits"
    ) { scene in
        try scene.train { exit(0) }
    }
    private static let stopped = Fault(
        name: "stopped", bound: 8, environment: shortTimeouts,
        sentence: "lockstep: rank RANK \\(pid [0-9]+\\) is late: .*Its process is stopped"
    ) { scene in
        try scene.train { kill(getpid(), SIGSTOP) }
    }
    private static let exiting = Fault(
        name: "exits-with-a-code", bound: 3, sentence: "lockstep: rank RANK has called exit\\(3\\)"
    ) { scene in
        try scene.train { exit(3) }
    }
    private static let otherSize = Fault(
        name: "other-size", bound: 3,
        sentence: "lockstep: collective [0-9]+: the ranks disagree: .*rank RANK calls allReduce sum of 5 float32"
    ) { scene in
        try scene.repeatedly { step, isStruck in
            var values = [Float](repeating: 1, count: isStruck ? 5 : 4)
            try scene.ranks.allReduce(&values, name: "loss")
        }
    }

    /// The same among ranks of different machines.
    private func acrossNodes(bound: Int, sentence: String? = nil) -> Fault {
        Fault(
            name: name + "-across-nodes", bound: bound, endsWell: endsWell,
            environment: [Fault.oneRankPerNode, environment].filter { !$0.isEmpty }.joined(separator: " "),
            sentence: sentence ?? self.sentence, body: body)
    }

    // MARK: What several have in common

    private static let oneRankPerNode = "LOCKSTEP_RANKS_PER_NODE=1"
    private static let shortTimeouts = "LOCKSTEP_STALL_TIMEOUT=0.5 LOCKSTEP_ABORT_TIMEOUT=2"
    private static let died = "lockstep: rank RANK \\(pid [0-9]+\\) has died"
    private static let killedBySignal = "lockstep: rank RANK failed first: it was killed by signal 9"
    private static let unreadable = "lockstep: .*rank RANK: .*sample 17 cannot be read"
}

/// What the throwing callback throws.
struct BadSample: Error, CustomStringConvertible {
    let description = "sample 17 cannot be read"
}
