#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a program on the hosts of a file, one line each: "HOST slots=RANKS". They need ssh, and the program at the same path.
set -euo pipefail

if [ $# -lt 2 ] || [ "$1" = "--help" ]; then
    echo "usage: [SUBNET=10.0.0.0/24] launch/hosts.sh HOSTFILE PROGRAM [ARGUMENT…]"
    echo "  SUBNET  the network that connects the hosts; set it when some have others besides (Docker, VPN)"
    exit $(($# < 2 && $# != 1 ? 64 : 0))
fi
hostfile=$1
shift
[ -r "$hostfile" ] || { echo "launch/hosts.sh: $hostfile cannot be read" >&2; exit 66; }

# A host without slots= counts once.
ranks=$(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$hostfile" |
    awk '{ n = 1; for (i = 2; i <= NF; i++) if ($i ~ /^slots=/) n = substr($i, 7); sum += n } END { print sum + 0 }')
[ "$ranks" -gt 0 ] || { echo "launch/hosts.sh: $hostfile names no host" >&2; exit 66; }

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
network=()
# Open MPI tries every network of every host, and waits for those that lead nowhere.
[ -z "${SUBNET:-}" ] || network=(--mca btl_tcp_if_include "$SUBNET" --mca oob_tcp_if_include "$SUBNET")
# A host that falls silent is noticed within half a minute: the default is five minutes.
network+=(--mca oob_tcp_keepalive_time 10 --mca oob_tcp_keepalive_intvl 5 --mca oob_tcp_keepalive_probes 3)

# mpirun passes on OMPI_… by itself; these are ours.
variables=()
for name in $(compgen -e | grep -E '^(LOCKSTEP|OPENBLAS)_' || true); do variables+=(-x "$name"); done

exec mpirun --hostfile "$hostfile" -n "$ranks" --map-by slot --bind-to core:overload-allowed \
    "${network[@]}" ${variables[@]+"${variables[@]}"} "$@"
