#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by tests: counts verdicts.

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
