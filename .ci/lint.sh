#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks what a reviewer should not have to: format, licence headers, file sizes, and what lies at the top level.
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: .ci/lint.sh PATH…    (make lint calls it)"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

problems=0
complain() { echo "$1"; problems=$((problems + 1)); }

swift format lint --strict --parallel --recursive "$@" || complain "swift format: see above; make format mends most of it"

.ci/lint-swift.sh || complain "Swift: see above"

.ci/lint-c.sh || complain "C: see above; make format mends the format, Sources/CLockstepKernels/LAYERS says who may use whom"

.ci/lint-docs.sh Sources/Lockstep{,Tensor,NN,Optim,Data,Models,Comm,Learner,Transfer,ONNX,TensorBoard,Distributed,Testing} || complain "documentation: see above"

# What is tracked or about to be; a copy without .git is checked whole.
files() { git ls-files --cached --others --exclude-standard 2> /dev/null || find . -type f -not -path './.*' | cut -c 3-; }

while IFS= read -r file; do
    [ -f "$file" ] || continue
    case "$file" in
        *.swift | *.c | *.h | *.py | *.sh | Makefile | .ci/*)
            # What the command has written is its user's.
            head -n 3 "$file" | grep -qE 'SPDX-License-Identifier: Apache-2.0|^# Written by: lockstep launch ' ||
                complain "$file: the first lines lack 'SPDX-License-Identifier: Apache-2.0'"
            ;;
    esac
    case "$file" in
        Sources/*.swift | Tests/*.swift)
            sed -n 2p "$file" | grep -qE '^// .+' || complain "$file: line 2 should say in one sentence what the file is for"
            ;;
    esac
    case "$file" in
        # One place for shell, one for Swift, and the scripts that a test compares with what Swift writes.
        .ci/mpi.env | Sources/LockstepDistributed/Launch/Mpirun.swift | launch/slurm.sbatch | launch/pbs.sh | launch/hosts.sh) ;;
        *)
            # A bracket, so that this line is not one of them.
            ! grep -q 'OMPI_ALLOW_RUN_AS_R[O]OT' "$file" ||
                complain "$file: Open MPI's root flags stand in .ci/mpi.env and in Launch/Mpirun.swift only"
            ;;
    esac
    [ "$(wc -c < "$file")" -le 400000 ] || complain "$file: larger than 400 kB"
    case "$file" in
        Package.swift | Makefile | README.md | LICENSE | .* | Sources/* | Tests/* | launch/* | docs/*) ;;
        *) complain "$file: the top level holds only Package.swift, Sources, Tests, launch, docs, Makefile, README.md, LICENSE" ;;
    esac
done < <(files)

if [ $problems -gt 0 ]; then
    echo "lint: $problems problem(s)"
    exit 1
fi
echo "lint: nothing to complain about"
