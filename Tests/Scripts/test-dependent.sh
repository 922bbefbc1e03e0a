#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds a package that depends on a version of this one, tests it, and trains with its program on 1 and 2 ranks; ends with
# "N passed, N failed".
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-dependent.sh    (make test-dependent calls it)"
    echo "  The working tree, committed or not, becomes version 1.0.N of a repository in .build/dependent. What is there is kept,"
    echo "  so that the next run builds only what has changed."
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
source .ci/mpi.env
# shellcheck source=Tests/Scripts/verdicts.sh
source Tests/Scripts/verdicts.sh
folder=$PWD/.build/dependent
repository=$folder/lockstep
package=$folder/package
mkdir -p "$repository" "$package/Sources/mine" "$package/Tests/MineTests"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# MARK: A version of this package

# What Git would take of this folder, in a repository of its own: that of the clone, if there is one, is left alone.
versions() {
    git -c user.name=lockstep -c user.email=lockstep@localhost -c commit.gpgsign=false -c tag.gpgsign=false -c gc.auto=0 \
        --git-dir="$repository/.git" --work-tree="$PWD" "$@"
}
{
    [ -d "$repository/.git" ] || git init --quiet "$repository"
    versions add --all && { versions diff --cached --quiet HEAD 2> /dev/null || versions commit --quiet --message "as it is"; }
} > "$log" 2>&1 || { verdict "a version of this package" "cannot be made"; verdicts; exit; }
versions describe --exact-match --tags > /dev/null 2>&1 || versions tag "1.0.$(versions rev-list --count HEAD)"
version=$(versions describe --exact-match --tags)

# MARK: A package that depends on it

# keep FILE: standard input becomes the file, which stays as old as it is when nothing changes.
keep() {
    local text
    text=$(cat)
    [ "$text" = "$(cat "$1" 2> /dev/null)" ] || printf '%s\n' "$text" > "$1"
}
keep "$package/Package.swift" << END
// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "mine",
    dependencies: [.package(url: "file://$repository", from: "1.0.0")],
    targets: [
        .executableTarget(name: "mine", dependencies: [.product(name: "Lockstep", package: "lockstep")]),
        .testTarget(
            name: "MineTests",
            dependencies: [
                .product(name: "Lockstep", package: "lockstep"), .product(name: "LockstepTesting", package: "lockstep"),
            ]),
    ])
END
keep "$package/Sources/mine/main.swift" < Sources/Examples/digits/main.swift
keep "$package/Tests/MineTests/MineTests.swift" << 'END'
import Lockstep
import LockstepTesting
import Testing

/// Halves what a loss counts on its way back: something a callback of one's own might do.
final class Halving: Callback {
    override func afterLoss(_ learner: Learner) { learner.loss = learner.loss.map { $0 * 0.5 } }
}

@Test func trainsAlikeOnRanks() throws {
    try expectTrainsAlike { synthLearner(nTrain: 3, nValid: 2, callbacks: [Halving()]) }
}
END
cd "$package" || exit 1

options=(--configuration release --manifest-cache local --disable-dependency-cache --scratch-path "$folder/build")
swift package "${options[@]:2}" update > "$log" 2>&1 && swift build "${options[@]}" --build-tests >> "$log" 2>&1 &&
    problem="" || problem="does not build"
[ -n "$problem" ] || grep -qE "\"version\" : \"$version\"" Package.resolved || problem="was not built with $version"
verdict "a package that depends on version $version builds" "$problem"
[ -z "$problem" ] || { verdicts; exit; }

swift test "${options[@]}" --skip-build --disable-xctest > "$log" 2>&1 && problem="" || problem="fails"
[ -n "$problem" ] || grep -q 'Test run with 1 test .*passed' "$log" || problem="did not run"
verdict "its test of a callback on ranks passes" "$problem"

# MARK: Its program

losses() { sed -nE 's/^([0-9]+ +[0-9.]+ +[0-9.]+ +[0-9.]+) .*/\1/p' "$1"; }
program=$folder/build/release/mine
"$program" > "$folder/one" 2> "$log" && problem="" || problem="ended with status $?"
epochs=$(losses "$folder/one" | wc -l)
[ -n "$problem" ] || [ "$epochs" -gt 1 ] || problem="printed no epochs"
verdict "its program trains in one process, $epochs epochs" "$problem"

mpirun -n 2 "$program" > "$folder/two" 2> "$log" < /dev/null && problem="" || problem="ended with status $?"
# Two processes that know nothing of each other would print two tables.
[ -n "$problem" ] || [ "$(losses "$folder/two" | wc -l)" -eq "$epochs" ] || problem="did not train as one"
[ -n "$problem" ] || paste <(losses "$folder/one") <(losses "$folder/two") | awk '
    { for (i = 2; i <= 4; i++) { d = $i - $(i + 4); if (d < 0) d = -d; if (d > 2e-6 + 1e-5 * $i) bad = 1 } }
    END { exit bad }' || problem="its losses are not those of one process"
verdict "on two ranks it trains the same" "$problem"
verdicts
