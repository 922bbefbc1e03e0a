#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the package where only Swift is installed, without its default traits, and trains there; ends with "N passed, N failed".
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-core.sh    (make test-core calls it; needs root, Debian and a mirror of its packages)"
    echo "  In a bare root by debootstrap with what swift.org asks for on Debian 12 and this machine's toolchain: no MPI, no BLAS, no"
    echo "  oneDNN, no image libraries. MIRROR=address of Debian's packages. What is there is kept in .build/core for the next run."
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
BIN=. source Tests/Scripts/checks.sh
# shellcheck source=Tests/Scripts/bare-root.sh
source Tests/Scripts/bare-root.sh

folder=$PWD/.build/core
root=$folder/root
package=$folder/lockstep
mine=$folder/mine
toolchain=$(dirname "$(dirname "$(dirname "$(realpath "$(command -v swift)")")")")
[ "$toolchain" != / ] || { echo "test-core: Swift is installed in /usr: a toolchain in a folder of its own is needed" >&2; exit 69; }
mkdir -p "$folder"
log=$folder/log
finish() {
    for mounted in "$root$folder/lockstep" "$root$folder/mine" "$root$toolchain"; do umount "$mounted" 2> /dev/null; done
    unmount_system
}
trap finish EXIT

# As in swift.org's own images of Debian 12.
make_root git binutils-gold ca-certificates git gnupg2 libc6-dev libcurl4-openssl-dev libedit2 libgcc-12-dev libncurses-dev \
    libpython3-dev libsqlite3-0 libstdc++-12-dev libxml2-dev libz3-dev pkg-config tzdata zlib1g-dev

# What Git would take of this folder, and the packages it names: fetched here, where they are reached.
mkdir -p "$package" "$mine/Sources/mine"
rm -rf "${package:?}"/{Package.swift,Sources,Tests}
git ls-files -z --cached --others --exclude-standard Package.swift Sources Tests docs/api | xargs -0 ls -d 2> /dev/null |
    tar -cf - --files-from=- | tar -xf - -C "$package"
cat > "$mine/Package.swift" << END
// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "mine",
    dependencies: [.package(path: "$package", traits: [])],
    targets: [.executableTarget(name: "mine", dependencies: [.product(name: "Lockstep", package: "lockstep")])])
END
cat > "$mine/Sources/mine/main.swift" << 'END'
import Lockstep

// The losses of two epochs, on one rank and on two that are threads.
for ranks in [1, 2] {
    let losses = try InProcessWorld(ranks).run { _ in
        let dls = try DataLoaders.digits(batchSize: 64)
        let learner = Learner(
            dls: dls,
            model: Sequential {
                Linear(64, 128); ReLU(); Linear(128, 10)
            },
            loss: .crossEntropy)
        try learner.distributed { try learner.fitOneCycle(2, lrMax: 1e-2) }
        return (learner.recorder?.values ?? []).map { $0.map { (($0 ?? .nan) * 1e4).rounded() } }
    }
    print(ranks, losses[0])
}
END
for p in "$package" "$mine"; do
    swift package --package-path "$p" --manifest-cache local resolve > "$log" 2>&1 ||
        { tail -n 5 "$log" >&2; echo "test-core: packages cannot be fetched" >&2; exit 69; }
done

mkdir -p "$root$folder/lockstep" "$root$folder/mine" "$root$toolchain"
mount_system
mount --bind "$toolchain" "$root$toolchain" && mount -o remount,bind,ro "$root$toolchain"
mount --bind "$package" "$root$package"
mount --bind "$mine" "$root$mine"

# there COMMAND…: in the bare root, in the folder of the package.
there() {
    chroot "$root" env -i HOME=/root PATH="$toolchain/usr/bin:/usr/bin:/bin" bash -c 'cd "$0" && exec "$@"' "$package" "$@" \
        > "$log" 2>&1 < /dev/null
}
runs=$package/runs
rm -rf "$package/runs"

# MARK: What is not there

check "no MPI, no BLAS, no oneDNN, no image libraries" bash -c \
    '! ls /usr/include/{cblas.h,mpi.h,png.h,jpeglib.h,oneapi} /usr/include/*/{mpi.h,cblas*.h,openblas*} 2> /dev/null | grep . &&
     ! pkg-config --exists openblas && ! pkg-config --exists ompi-c && ! command -v mpirun'

# MARK: It builds, and trains

offline=(--disable-automatic-resolution --manifest-cache local)
check "swift build" swift build "${offline[@]}" --disable-default-traits
command=.build/debug/lockstep
check "links to nothing but the system and Swift" bash -c "! ldd $command | grep 'not found\|mpi\|blas\|dnnl\|png\|jpeg'"
check "doctor says whose products they are" bash -c "$command doctor | grep 'OpenBLAS is not built in'"
check "train digits" $command train digits --epochs 3 --run runs/one
check "train digits --in-process 2" $command train digits --epochs 3 --run runs/threads --in-process 2
if [ -n "$(losses one)" ] && [ "$(losses one)" = "$(losses threads)" ]; then
    verdict "one rank and two threads: the same losses" ""
else
    verdict "one rank and two threads: the same losses" "others"
fi
check "train digits, convolutions" $command train digits --model cnn --epochs 1 --run runs/cnn
there $command predict Tests/Corpus/0.1.0/table/export.bundle Tests/Corpus/0.1.0/table/table.csv
paste -d, <(grep -v '^lockstep: ' "$log") Tests/Corpus/0.1.0/table/answers.csv | awk -F, '
    NR > 1 { for (i = 1; i <= NF / 2; i++) { a = $i; b = $(i + NF / 2); d = a - b; if (a != b && (d * d > 1e-10 || d == 0)) bad = 1 } }
    END { exit bad || NR < 2 }' && problem="" || problem="others"
verdict "an exported table predicts as with OpenBLAS" "$problem"
check "a rank of mpirun is told that there is no MPI" bash -c \
    "OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=0 $command train digits --epochs 1 2> errors; [ \$? -ne 0 ] && grep 'built without MPI' errors"
check "train digits --ranks 2 says what is missing" bash -c "$command train digits --ranks 2 2> errors; [ \$? -ne 0 ] && grep '^lockstep: ' errors"

# MARK: A package that depends on it

check "a package that names this one with traits: [] builds" swift build "${offline[@]}" --package-path "$mine"
check "its program trains" "$mine/.build/debug/mine"
[ "$(grep '\[\[' "$log" | cut -d' ' -f2- | uniq -c | awk '{ print $1 }')" = 2 ] && problem="" || problem="others"
verdict "on one rank and on two threads: the same losses" "$problem"
verdicts
