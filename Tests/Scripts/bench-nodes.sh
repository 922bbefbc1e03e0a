#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Starts two nodes on this machine, measures training between them over networks of several speeds, and ends them.
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/bench-nodes.sh [OPTION…]    (make bench-nodes calls it; needs root; options of lockstep bench nodes)"
    echo "  BIN=folder measures another build of lockstep (.build/release)"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
source Tests/Scripts/checks.sh
need ip iproute2
need nsenter util-linux

NODES_FOLDER=$(mktemp -u /run/lockstep-bench.XXXXXX)
export NODES_FOLDER
trap 'Tests/Scripts/nodes.sh down' EXIT
trap 'exit 130' INT TERM
Tests/Scripts/nodes.sh up 2 || exit
.build/release/lockstep bench nodes --node-program "$bin/lockstep" "$@"
