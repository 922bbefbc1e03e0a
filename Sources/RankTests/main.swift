// SPDX-License-Identifier: Apache-2.0
// The tests that need real ranks: `mpirun -n 2 lockstep-rank-tests`; the same checks run on threads in `swift test`.
// `--only WORDS` runs the checks whose names contain them. `--faults` lists the faults that launch/test-faults.sh tries, `--fault NAME RANK STEP` is one of them.

import Lockstep
import LockstepTesting

let communicatorChecks: [RankSuite.Check] = [
    ("communicator: reductions", CommChecks.reductions),
    ("communicator: gathers", CommChecks.gathers),
    ("communicator: broadcasts", CommChecks.broadcasts),
    ("communicator: agreements", CommChecks.agreements),
    ("communicator: rank-zero scopes", CommChecks.rankZeroScopes),
    ("communicator: shared memory", CommChecks.sharedMemory),
    ("communicator: reducer of gradients", CommChecks.reducer),
    ("communicator: reducer with owned slices", CommChecks.reducerOwned),
    ("communicator: norms of what was reduced", CommChecks.reducerNorm),
    ("communicator: splits", CommChecks.splits),
]

let trainingChecks: [RankSuite.Check] = (DistributedChecks.all + OwnershipChecks.all).map {
    ("training: \($0.name)", $0.body)
}

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "--faults":
    for fault in Fault.all { print(fault.line) }
case "--fault":
    FaultScene.run(arguments: arguments.dropFirst())
default:
    let words = arguments.first == "--only" ? arguments.dropFirst().joined(separator: " ") : ""
    World.runOnEveryRank { ranks in
        RankSuite(ranks).run((communicatorChecks + trainingChecks).filter { words.isEmpty || $0.name.contains(words) })
    }
}
