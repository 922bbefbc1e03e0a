#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by tests that start runs in sessions of their own: who runs there, and what a run must leave.

# The processes of a session, with parents and names.
processes() { ps -o pid=,ppid=,comm= -s "$1" 2> /dev/null | awk '$3 != "ps"'; }
mpirun_of() { processes "$1" | awk '$3 == "mpirun" { print $1; exit }'; }
ranks_of() { processes "$1" | awk -v parent="$(mpirun_of "$1")" 'parent != "" && $2 == parent { print $1 }'; }

# What a run must leave: the checksum of the model, and every column of the history but the times.
remains() { sha256sum < "$1/model.safetensors" && rows "$1"; }
rows() { awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i != "time") keep[++n] = i }
    { for (i = 1; i <= n; i++) printf "%s%s", $keep[i], i < n ? "," : "\n" }' "$1/history.csv"; }
