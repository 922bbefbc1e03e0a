// SPDX-License-Identifier: Apache-2.0
// The tests that need real ranks: `mpirun -n 2 lockstep-rank-tests`; the same checks run on threads in `swift test`.
// `--only WORDS` runs the checks whose names contain them.
// `--threads N` and `--threads N --nodes` run them on threads of one process, on one pretended machine or one for each rank;
// words after that pick the checks whose names hold one of them.
// `--faults` lists the faults that launch/test-faults.sh tries, `--fault NAME RANK STEP` is one of them; `--adopt` is a
// program that has started MPI itself.

import Glibc
import Lockstep
import LockstepTesting

let communicatorChecks: [ThreadSuite.Check] = [
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
