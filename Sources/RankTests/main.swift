// SPDX-License-Identifier: Apache-2.0
// The tests that need real ranks: `mpirun -n 2 lockstep-rank-tests`; the same checks run on threads in `swift test`.
// `--only WORDS` runs the checks whose names contain them.
// `--threads N` and `--threads N --nodes` run them on threads of one process, on one pretended machine or one for each rank;
// words after that pick the checks whose names hold one of them.
// `--faults` lists the faults that Tests/Scripts/test-faults.sh tries, `--fault NAME RANK STEP` is one of them; `--adopt` is a
// program that has started MPI itself, `--program KIND` one in `Lockstep.run { }` that fails.

import Glibc
import Lockstep
import LockstepChecks

let communicatorChecks: [ThreadSuite.Check] = [
    ("communicator: reductions", CommChecks.reductions),
    ("communicator: gathers", CommChecks.gathers),
    ("communicator: broadcasts", CommChecks.broadcasts),
    ("communicator: agreements", CommChecks.agreements),
    ("communicator: rank-zero scopes", CommChecks.rankZeroScopes),
    ("communicator: shared memory", CommChecks.sharedMemory),
    ("communicator: reducer of gradients", CommChecks.reducer),
    ("communicator: reducer with owned slices", CommChecks.reducerOwned),
    ("communicator: sums over nodes", CommChecks.nodeSums),
    ("communicator: norms of what was reduced", CommChecks.reducerNorm),
    ("communicator: splits", CommChecks.splits),
]

/// Of the runs that are interrupted, those in which ranks hold something of their own; threads run all of them.
let resumedChecks = (DistributedChecks.resumingAnywhere + DistributedChecks.checkpoints).filter {
    $0.name.contains("carries its state") || $0.name.contains("under accumulation") || $0.name.contains("fine-tuning")
}

let trainingChecks: [ThreadSuite.Check] =
    (DistributedChecks.all + resumedChecks + OwnershipChecks.all + OwnershipChecks.processWide + WireChecks.all).map {
        ("training: \($0.name)", $0.body)
    }

/// What belongs to a process is not checked on threads.
let processChecks: [ThreadSuite.Check] = MemoryChecks.all.map { ("memory: \($0.name)", $0.body) }

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "--faults":
    for fault in Fault.all { print(fault.line) }
case "--fault":
    FaultScene.run(arguments: arguments.dropFirst())
case "--program":
    FailingProgram.run(arguments.dropFirst().first ?? "fine")
case "--adopt":
    HostProgram.run()
case "--threads":
    guard arguments.count > 1, let ranks = Int(arguments[1]), ranks > 0 else {
        Console.standardError.write(
            "usage: lockstep-rank-tests --threads N [--nodes] [TEXT…]   (checks whose names hold a TEXT)\n")
        exit(64)
    }
    let rest = arguments.dropFirst(2)
    let texts = rest.filter { $0 != "--nodes" }
    ThreadSuite(ranks: ranks, ranksPerNode: rest.contains("--nodes") ? 1 : nil)
        .run(
            (communicatorChecks + trainingChecks).filter { check in
                texts.isEmpty || texts.contains { check.name.contains($0) }
            })
default:
    let words = arguments.first == "--only" ? arguments.dropFirst().joined(separator: " ") : ""
    World.runOnEveryRank { ranks in
        RankSuite(ranks).run(
            (communicatorChecks + trainingChecks + processChecks).filter { words.isEmpty || $0.name.contains(words) }
                .map {
                    ($0.name, $0.body)
                })
    }
}
