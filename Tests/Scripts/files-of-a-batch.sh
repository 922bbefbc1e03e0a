#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints the source files that a batch of training runs through: those of which an instruction runs again for every batch.
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/files-of-a-batch.sh [OPTION…]    of lockstep train digits, such as --in-process 2; two minutes"
    echo "  needs valgrind, strip and llvm-symbolizer, and a release build of lockstep"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
source .ci/mpi.env
program=$PWD/.build/release/lockstep
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# Valgrind gives up on the debugging information Swift writes; addresses stay the same without.
"$(command -v strip || command -v llvm-strip)" --strip-debug -o "$folder/lockstep" "$program" || exit 1

train() {
    valgrind --tool=callgrind --dump-instr=yes --compress-pos=no --callgrind-out-file="$folder/$1" \
        "$folder/lockstep" train digits --epochs "$1" --run "$folder/run-$1" "${@:2}" > "$folder/log-$1" 2>&1
}
train 1 "$@" & train 4 "$@"
wait
# Three more epochs of 23 batches: what runs with each of them has run at least so often.
python3 - "$folder/1" "$folder/4" 60 << 'END' | llvm-symbolizer --obj="$program" --inlines |
import collections, re, sys

def counts(path):
    count, inside, call = collections.Counter(), False, False
    names = {}
    for line in open(path, errors="replace"):
        if match := re.match(r"c?ob=\((\d+)\)(?: (.*))?", line):
            if match[2]: names[match[1]] = match[2]
            if line.startswith("ob="): inside = "lockstep" in names.get(match[1], "")
        elif line.startswith("calls="):
            call = True
        elif match := re.match(r"(0x[0-9a-f]+) \S+ (\d+)$", line):
            if inside and not call: count[match[1]] += int(match[2])
            call = False
    return count

few, many = counts(sys.argv[1]), counts(sys.argv[2])
for address, count in many.items():
    if count - few[address] >= int(sys.argv[3]): print(address)
END
    sed -nE 's|^.*/Sources/([^:]+):[0-9]+:[0-9]+$|\1|p' | sort -u
