// SPDX-License-Identifier: Apache-2.0
// The tests that need real ranks: `mpirun -n 2 lockstep-rank-tests`; the same checks run on threads in `swift test`.
// `--faults` lists the faults that launch/test-faults.sh tries, `--fault NAME RANK STEP` is one of them; `--adopt` is a
// program that has started MPI itself.

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
    ("communicator: splits", CommChecks.splits),
]

let trainingChecks: [RankSuite.Check] = DistributedChecks.all.map { ("training: \($0.name)", $0.body) }

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "--faults":
    for fault in Fault.all { print(fault.line) }
case "--fault":
    FaultScene.run(arguments: arguments.dropFirst())
case "--adopt":
    HostProgram.run()
default:
    World.runOnEveryRank { ranks in
        RankSuite(ranks).run(communicatorChecks + trainingChecks)
    }
}
