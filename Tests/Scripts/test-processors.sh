#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Processors that are not this one: the C is compiled for Arm, and the command trains on older x86-64, by emulation.
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-processors.sh    (make test-processors calls it; needs root where Debian's packages are missing)"
    echo "  Every C file goes through clang for aarch64, warnings being errors. Under qemu-x86_64 as a Haswell (AVX2) and as a Nehalem"
    echo "  (neither AVX nor FMA) digits are trained on one rank and on two (threads); the history must be this processor's to 1e-4."
    echo "  BIN=folder tests another build"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
source Tests/Scripts/checks.sh
need clang clang
need qemu-x86_64 qemu-user
[ -d /usr/aarch64-linux-gnu/include ] || need aarch64-headers libc6-dev-arm64-cross
work=$(mktemp -d)
log=$work/log
trap 'rm -rf "$work"' EXIT

# MARK: Arm

mapfile -t sources < <(find Sources -name '*.c' | sort)
problem=""
# shellcheck disable=SC2046
for source in "${sources[@]}"; do
    clang --target=aarch64-linux-gnu -fsyntax-only -Wall -Werror -isystem /usr/aarch64-linux-gnu/include \
        -ISources/CLockstepKernels -ISources/CLockstepKernels/include -ISources/CMPI/include -I"$(dirname "$source")/include" \
        $(pkg-config --cflags openblas ompi-c) -idirafter /usr/include "$source" > "$log" 2>&1 || { problem=$source; break; }
done
verdict "${#sources[@]} C files for aarch64" "$problem"

# MARK: Older x86-64

# Ranks are threads: of another process's start qemu tells each something else, and who looks whether it lives takes it for dead.
train() {
    "${@:2}" "$bin/lockstep" train digits --epochs 2 --in-process "$1" --run "$work/run" --overwrite --quiet > "$log" 2>&1 < /dev/null
}
# history FILE: its numbers but for the times.
history() { awk -F, '{ print $1, $2, $3, $4 }' "$work/run/history.csv" > "$1"; }
train 1 env && history "$work/own" || { verdict "this processor" "failed"; verdicts; exit 1; }
for model in Haswell Nehalem; do
    for ranks in 1 2; do
        # OpenBLAS is to choose for that processor by itself.
        emulated=(env -u OPENBLAS_CORETYPE qemu-x86_64 -cpu "$model")
        if train "$ranks" "${emulated[@]}" && history "$work/other"; then
            problem=$(paste "$work/own" "$work/other" | awk '
                NR > 1 { for (i = 1; i <= 4; i++) { d = $i - $(i + 4); if (d > 1e-4 || -d > 1e-4) { print "epoch " $1 ": " $(i + 4) " and not " $i; exit } } }')
        else
            problem="it failed"
        fi
        verdict "digits as on a $model, on $ranks rank(s)" "$problem"
    done
done
verdicts
