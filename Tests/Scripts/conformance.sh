#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Says of every identifier of the behaviour contract whether a test of that name ran and passed, in this very run.
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/conformance.sh [flags of swift test]    runs every test, then reports (make conformance calls it)"
    echo "       Tests/Scripts/conformance.sh --log FILE               reports what a run of Tests/Scripts/test.sh printed"
    echo "Ends with 1 if an identifier of Tests/Reference/contract-ids.txt has no test (DIST apart), or one that failed."
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1

if [ "${1:-}" = "--log" ]; then
    log=${2:?a file}
    [ -r "$log" ] || { echo "conformance: $log cannot be read" >&2; exit 1; }
else
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    Tests/Scripts/test.sh "$@" 2>&1 | tee "$log"
fi

# A display name begins with one or several identifiers in brackets; the test counts for each of them. Lines of the rank
# tests under mpirun look like "✓ training: [DIST-21] the golden run…" and "✗ training: [DIST-21] …, rank 1: why".
awk '
    function note(name, outcome,    id, end) {
        while (substr(name, 1, 1) == "[") {
            end = index(name, "]")
            id = substr(name, 2, end - 2)
            if (end == 0 || (id !~ /^[A-Z]+-?[0-9]+$/ && id !~ /^§[0-9.]+$/)) return
            count[id outcome]++
            if (!(id in meaning) && !(id in unknown)) { unknown[id] = name; strangers++ }
            name = substr(name, end + 1)
            sub(/^ +/, "", name)
        }
    }
    FNR == NR {
        if ($0 ~ /^(#|$)/) next
        id = $1
        if (id in meaning) { print "contract-ids.txt: " id " stands there twice"; strangers++ }
        order[++total] = id
        sub(/^[^ ]+ +/, "")
        meaning[id] = $0
        next
    }
    / Test ".*" (with [0-9]+ test cases? )?passed after / { sub(/^.* Test "/, ""); note($0, "+"); next }
    / Test ".*" (with [0-9]+ test cases? )?failed after / { sub(/^.* Test "/, ""); note($0, "-"); next }
    /^✓ [a-z]+: \[/ { sub(/^✓ [a-z]+: /, ""); note($0, "+"); next }
    /^✗ [a-z]+: \[/ { sub(/^✗ [a-z]+: /, ""); note($0, "-"); next }
    END {
        for (i = 1; i <= total; i++) {
            id = order[i]
            group = id ~ /^DIST/ ? "apart" : "own"
            result = count[id "-"] ? "FAIL" : count[id "+"] ? "pass" : "NONE"
            tests = count[id "-"] + count[id "+"]
            several = (tests > 1) ? " (" tests " tests)" : ""
            printf "%s  %-8s %s%s\n", result, id, meaning[id], several
            all[group]++
            sum[group result]++
        }
        for (id in unknown) print "not in contract-ids.txt: " unknown[id]
        printf "\n%d identifiers: %d pass, %d fail, %d without a test\n", all["own"], sum["ownpass"], sum["ownFAIL"],
            sum["ownNONE"]
        printf "DIST, counted apart: %d identifiers: %d pass, %d fail, %d without a test\n", all["apart"],
            sum["apartpass"], sum["apartFAIL"], sum["apartNONE"]
        exit (sum["ownFAIL"] + sum["ownNONE"] + sum["apartFAIL"] + strangers > 0)
    }
' Tests/Reference/contract-ids.txt "$log"
