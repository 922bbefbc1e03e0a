#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Unpacks what make dist made where no Swift is, and trains there; ends with "N passed, N failed".
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-dist.sh [TARBALL]    (make test-dist calls it; needs root and a mirror of Debian)"
    echo "  In a bare root by debootstrap, with Open MPI's and OpenBLAS's packages for running and nothing else."
    echo "  MIRROR=address of Debian's packages; ROOT=folder keeps the bare root there, or uses the one that is there"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
BIN=. source Tests/Scripts/checks.sh
# shellcheck source=Tests/Scripts/bare-root.sh
source Tests/Scripts/bare-root.sh

tarball=$(realpath "${1:-$(ls .build/dist/lockstep-*.tar.gz 2> /dev/null)}")
[ -f "$tarball" ] || { echo "test-dist: no tarball: make dist makes one" >&2; exit 66; }
name=$(basename "$tarball" .tar.gz)
work=$(mktemp -d)
log=$work/log
root=${ROOT:-$work/root}
finish() {
    unmount_system
    # Whatever is still mounted there is the machine's own.
    rm -rf --one-file-system "$work"
}
trap finish EXIT

make_root mpirun openmpi-bin libopenblas0-pthread zlib1g
mount_system
rm -rf "${root:?}/opt/"* "$root/runs"
tar -C "$root/opt" -xzf "$tarball"

# there COMMAND…: in the bare root.
there() { chroot "$root" env -i HOME=/root PATH="/opt/$name/bin:/usr/bin:/bin" "$@" > "$log" 2>&1 < /dev/null; }
runs=$root

# MARK: What is there

check "no Swift is there" bash -c '! command -v swift && ! ls /usr/lib/swift /opt/swift'
check "no library is missing" bash -c "! ldd /opt/$name/bin/lockstep /opt/$name/bin/lockstep-digits | grep 'not found\|libswift\|Foundation\|dnnl\|png\|jpeg'"
check "the version tells the commit" bash -c 'lockstep --version | grep -Ex "[0-9.]+ \([0-9a-f]{12}\+?\)"'
check "completions are scripts" bash -n "/opt/$name/share/bash-completion/completions/lockstep"
check "every command has a manual page" bash -c \
    "cd /opt/$name/share/man/man1 && for c in train predict launch doctor sweep export report; do grep -q '^.Dt LOCKSTEP' lockstep.\$c.1 || exit 1; done && test -s lockstep.1"
check "licences of what is inside" bash -c "cd /opt/$name/share/doc/lockstep && test -s LICENSE && ls licences | grep -c . | grep -Ex '([5-9]|1[0-9])'"
if diff -r launch "$root/opt/$name/share/lockstep/launch" > "$log"; then verdict "launch scripts" ""; else verdict "launch scripts" "others"; fi

# MARK: What it does

check "doctor" lockstep doctor
check "train digits" lockstep train digits --epochs 3 --run runs/one
check "train digits --ranks 2" lockstep train digits --epochs 3 --run runs/two --ranks 2
if [ -n "$(losses runs/one)" ] && [ "$(losses runs/one)" = "$(losses runs/two)" ]; then
    verdict "one rank and two: the same losses" ""
else
    verdict "one rank and two: the same losses" "others"
fi
check "the example under mpirun" mpirun --allow-run-as-root --oversubscribe -n 2 lockstep-digits
pixel=iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==
for class in cat dog; do
    mkdir -p "$root/root/images/$class"
    for i in {1..10}; do base64 -d <<< "$pixel" > "$root/root/images/$class/$i.png"; done
done
check "train images" lockstep train images /root/images --size 8 --batch-size 8 --epochs 1 --run runs/images
check "predict" lockstep predict runs/images/export.bundle /root/images/cat/1.png
check "report" lockstep report runs/one
check "export --onnx" lockstep export runs/one --onnx /root/digits.onnx
check "an error is a sentence and a code" bash -c 'lockstep train csv --data nothing.csv --target y 2> errors; [ $? -eq 66 ] && grep -q "^lockstep: --data nothing.csv" errors'
verdicts
