#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by the tests that set up machines: makes them root, finds the build, counts verdicts.

# shellcheck disable=SC2034  # for those who source this
bin=$(cd "${BIN:-.build/release}" && pwd) || exit 66
if [ "$(id -u)" -ne 0 ]; then
    exec sudo --preserve-env=PATH,BIN,LD_LIBRARY_PATH "$PWD/launch/$(basename "$0")" "$@"
fi
source launch/packages.sh

passed=0
failed=0
# verdict WHAT PROBLEM: no problem is a pass; otherwise what stands in $log is shown.
verdict() {
    if [ -z "$2" ]; then
        passed=$((passed + 1))
        echo "✓ $1"
    else
        failed=$((failed + 1))
        echo "✗ $1: $2"
        sed 's/^/    /' "$log"
    fi
}
# verdicts: the last line of a test, and its status.
verdicts() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}
