#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sends what the command writes to places that do not take it: the right code, one sentence, and nothing replaced.
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-outputs.sh [PROGRAM]    (make test-outputs calls it; default .build/release/lockstep)"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
program=$(readlink -f "${1:-.build/release/lockstep}")
[ -x "$program" ] || { echo "$program is not built" >&2; exit 1; }
source .ci/mpi.env

work=$(mktemp -d)
mounted=()
cleanup() {
    for place in "${mounted[@]}"; do umount "$place"; done
    rm -rf "$work"
}
trap cleanup EXIT
source Tests/Scripts/verdicts.sh
cd "$work" || exit 1
log=errors

# MARK: Data

# 40 images of 28×28 and their labels, as IDX files.
mkdir mnist
{ printf '\0\0\10\3\0\0\0\50\0\0\0\34\0\0\0\34'; head -c 31360 /dev/urandom; } > mnist/train-images-idx3-ubyte
{ printf '\0\0\10\1\0\0\0\50'; for i in {1..4}; do printf '\0\1\2\3\4\5\6\7\10\11'; done; } > mnist/train-labels-idx1-ubyte
# Two classes of one grey pixel.
pixel=iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==
mkdir -p images/cat images/dog
for i in {1..10}; do for class in cat dog; do base64 -d <<< "$pixel" > "images/$class/$i.png"; done; done
awk 'BEGIN { print "a,b,y"; for (i = 0; i < 80; i++) print i % 7 "." i % 3 "," i % 5 "," (i % 2 ? "yes" : "no") }' > t.csv
awk 'BEGIN { for (i = 0; i < 400; i++) printf "the %d foxes jump; ", i % 13; print "" }' > t.txt
recipes=(
    "digits" "mnist --data mnist --batch-size 8" "images images --size 8 --batch-size 8" "csv --data t.csv --target y"
    "text-classes t.csv --text b --target y --batch-size 8"
    # Last: what it leaves is sampled from.
    "text t.txt --width 16 --layers 1 --block-length 8 --sample 10"
)

# MARK: Judging

# check NAME STATUS SENTENCES COMMAND…: runs it and looks at its code and at what it says.
check() {
    local name=$1 status=$2 sentences=$3 found
    shift 3
    timeout 120 bash -c "$*" 2> all
    found=$?
    # What the start-up probe has measured is news, and no complaint.
    grep -v '^lockstep: e[a-z]* rank updates ' all > errors
    local problem=""
    [ "$found" -eq "$status" ] && [ "$(wc -l < errors)" -eq "$sentences" ] &&
        [ "$(grep -c '^lockstep: ' errors)" -eq "$sentences" ] ||
        problem="code $found, expected $status, and $sentences sentences"
    verdict "$name" "$problem"
}

# holds NAME TEST…: something must be so afterwards.
holds() {
    local name=$1
    shift
    : > errors
    if "$@"; then verdict "$name" ""; else verdict "$name" "not so: $*"; fi
}

skip() { echo "skipped: $1: $2"; }

# MARK: Places

mkdir folder readonly small
mkfifo pipe
echo old > old
ln -s old link
ln -s nowhere dangling
if [ "$(id -u)" -ne 0 ]; then
    chmod 555 readonly
    canMount=false
elif mount -t tmpfs -o ro tmpfs readonly 2> /dev/null; then
    mounted+=("$work/readonly")
    mount -t tmpfs -o size=24k tmpfs small && mounted+=("$work/small")
    canMount=true
else
    skip "a read-only place and a full disk" "this root may not mount"
    rmdir readonly
    canMount=false
fi

# MARK: Standard output

train="$program train"
for recipe in "${recipes[@]}"; do
    for ranks in 1 2; do
        name="train ${recipe%% *}, $ranks ranks"
        run="$train $recipe --epochs 1 --run run --overwrite --ranks $ranks"
        rm -rf run
        check "$name, a full device" 74 1 "$run > /dev/full"
        holds "$name: the run's files are there all the same" test -s run/export.bundle
        check "$name, nobody reads" 74 1 "set -o pipefail; $run | true"
        check "$name, no standard output" 74 1 "$run >&-"
    done
done
check "csv for predictions" 0 0 "$train csv --data t.csv --target y --epochs 1 --run table > /dev/null"
for ranks in 1 2; do
    predict="$program predict table/export.bundle t.csv --ranks $ranks"
    check "predict, $ranks ranks, a full device" 74 1 "$predict > /dev/full"
    check "predict, $ranks ranks, no standard output" 74 1 "$predict >&-"
    check "predict, $ranks ranks, nobody reads" 74 1 "set -o pipefail; $predict | true"
    check "predict, $ranks ranks, --output on a full device" 74 1 "$predict --output /dev/full"
    check "predict, $ranks ranks, --output to a folder" 73 1 "$predict --output folder"
    check "predict, $ranks ranks, --output to nowhere" 0 0 "$predict --output /dev/null > printed"
    holds "predict, $ranks ranks: no word between lines that go through a device" test ! -s printed
    check "predict, $ranks ranks, --output to a pipe" 0 0 "cat pipe > received & $predict --output pipe; code=\$?; wait; exit \$code"
    holds "predict, $ranks ranks: the pipe got all" cmp -s received table/predictions.csv
    check "predict, $ranks ranks, --output to a link" 0 0 "$predict --output link > /dev/null"
    holds "predict, $ranks ranks: the link led there" cmp -s old table/predictions.csv
done
for words in --help --version doctor "train digits --print-config" "bench linreg --batches 3" \
    "lr-find digits --run find" "launch -n 2 --write slurm true" "sample run --count 3"; do
    check "$words, a full device" 74 1 "$program $words > /dev/full"
    check "$words, no standard output" 74 1 "$program $words >&-"
done

# MARK: Files

for recipe in "${recipes[@]}"; do
    for ranks in 1 2; do
        name="train ${recipe%% *}, $ranks ranks"
        rm -rf run places nowhere
        run="$train $recipe --epochs 1 --run run --overwrite --ranks $ranks"
        check "$name, --export, --save and --trace to devices" 0 0 \
            "$run --export /dev/null --save /dev/null --trace /dev/null > /dev/null"
        check "$name, --export to a pipe" 0 0 \
            "cat pipe > received & $run --export pipe > /dev/null; code=\$?; wait; exit \$code"
        holds "$name: the pipe got all" cmp -s received run/export.bundle
        check "$name, --save to a link" 0 0 "$run --save link > /dev/null"
        holds "$name: the link led there" cmp -s old run/model.safetensors
        check "$name, --export to a link without an end" 0 0 "$run --export dangling > /dev/null"
        holds "$name: its end was made" cmp -s nowhere run/export.bundle
        rm -rf run
        run="$train $recipe --epochs 1 --ranks $ranks"
        for option in --save --export --trace; do
            check "$name, $option to a folder" 73 1 "$run --run places $option folder"
            [ ! -d readonly ] || check "$name, $option in a read-only place" 73 1 "$run --run places $option readonly/file"
        done
        [ ! -d readonly ] || check "$name, --run in a read-only place" 73 1 "$run --run readonly/run"
        check "$name, --run at a file" 73 1 "$run --run t.csv"
        check "$name, --run without a name" 64 1 "$run --run ''"
        holds "$name: what is refused is refused before training" test ! -e places
        if $canMount; then
            check "$name, a full disk" 74 1 "$run --run small/run > /dev/null"
            rm -rf small/*
        fi
    done
done
check "a file of weights on a full device" 74 1 "$train digits --epochs 1 --run run --overwrite --save /dev/full > /dev/null"
check "a trace on a full device, 2 ranks" 74 1 "$train digits --epochs 1 --run run --overwrite --ranks 2 --trace /dev/full > /dev/null"
if $canMount; then
    # The last block is taken by the log itself.
    check "logs on a full disk" 74 1 \
        "mkdir small/logs; head -c 20000 /dev/zero > small/filler; for i in 1 2 3 4 5 6 7 8; do head -c 4096 /dev/zero >> small/filler 2> /dev/null; done; : > small/logs/rank-0.log; $train digits --epochs 1 --run run --overwrite --log-dir small/logs > /dev/null"
    rm -rf small/*
    check "events for TensorBoard on a full disk" 74 1 \
        "$train digits --epochs 2 --run run --overwrite --tensorboard small/tb --histograms-every 2 > /dev/null"
    rm -rf small/*
fi

# MARK: Nothing replaced

for place in /dev/null /dev/full; do holds "$place is what it was" test -c "$place"; done
holds "the pipe is one" test -p pipe
holds "links are links" test -L link -a -L dangling
holds "the folder is empty" test -z "$(ls -A folder)"
holds "the table is what it was" test "$(head -n 1 t.csv)" = "a,b,y"
holds "nothing temporary is left" test -z "$(find . -name '.*.tmp')"

verdicts
