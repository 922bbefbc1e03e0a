#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Several machines on one: network namespaces on a bridge, each with a host name, processes and shared memory of its own.
set -euo pipefail

usage() {
    cat << 'END'
usage: Tests/Scripts/nodes.sh up N                 starts node1 … nodeN; prints nothing when all is well
       Tests/Scripts/nodes.sh head COMMAND…        runs a command on a machine beside them, which sees them all: mpirun
       Tests/Scripts/nodes.sh agent NODE COMMAND…  runs one on a node, joining words as ssh does: mpirun's plm_rsh_agent
       Tests/Scripts/nodes.sh cut NODE | join NODE pulls its cable, plugs it in again and waits for it
       Tests/Scripts/nodes.sh link RATE|none      limits what each node can send, as tc writes it: 1gbit, 100mbit
       Tests/Scripts/nodes.sh stop NODE            pulls its plug: all of its processes are gone
       Tests/Scripts/nodes.sh down                 ends everything
Needs root. NODES_FOLDER is where it keeps what it must remember (/run/lockstep-nodes).
END
}
[ "${1:-}" != "--help" ] || { usage; exit 0; }
[ $# -ge 1 ] || { usage >&2; exit 64; }

# Addresses of RFC 5737: nobody's. The bridge lies in a namespace too, so this machine's own network never sees them.
network=198.51.100
folder=${NODES_FOLDER:=/run/lockstep-nodes}
export NODES_FOLDER
fail() { echo "Tests/Scripts/nodes.sh: $*" >&2; exit 69; }

# The names of namespaces are the whole machine's: the folder's name keeps two of these apart.
prefix=$(basename "$folder")
namespace() { echo "$prefix-$1"; }

start() {
    local node=$1 number=$2 unshared
    ip netns add "$(namespace "$node")"
    ip link add eth0 netns "$(namespace "$node")" type veth peer name "$node" netns "$(namespace switch)"
    ip -n "$(namespace switch)" link set "$node" master bridge up
    ip -n "$(namespace "$node")" address add "$network.$number/24" dev eth0
    ip -n "$(namespace "$node")" link set eth0 up
    ip -n "$(namespace "$node")" link set lo up
    # /dev/shm, System V memory and process numbers of its own: ranks of two nodes cannot share memory if they tried.
    # shellcheck disable=SC2016  # expanded within
    ip netns exec "$(namespace "$node")" unshare --uts --ipc --mount --pid --fork --kill-child bash -c '
        hostname "$1"
        mount -t tmpfs -o size=1g tmpfs /dev/shm
        mount -t proc proc /proc
        mount --bind "$2/hosts" /etc/hosts
        touch "$2/$1.up"
        exec sleep infinity' keeper "$node" "$folder" < /dev/null > /dev/null 2> "$folder/$node.log" &
    unshared=$!
    echo "$unshared" > "$folder/$node.unshare"
    for _ in $(seq 100); do
        [ ! -e "$folder/$node.up" ] || break
        kill -0 "$unshared" 2> /dev/null || break
        sleep 0.05
    done
    [ -e "$folder/$node.up" ] || fail "$node does not start: $(tail -n 1 "$folder/$node.log")"
    # The first child of unshare is process 1 of the node.
    ps -o pid= --ppid "$unshared" | tr -d ' ' > "$folder/$node.pid"
}

# reach NAME ADDRESS: waits until packets go from there to it and back. Who looked for it while the cable was out goes on
# failing for a second or two; then a port that nobody listens on refuses.
reach() {
    local answer
    for _ in $(seq 100); do
        answer=$(timeout 1 ip netns exec "$(namespace "$1")" bash -c ": < /dev/tcp/$2/9" 2>&1 || true)
        [[ "$answer" != *refused* ]] || return 0
        sleep 0.1
    done
    fail "$2 does not come back for $1: $answer"
}

down() {
    local file name
    for file in "$folder"/*.unshare; do
        [ -e "$file" ] || continue
        kill -KILL "$(cat "$file")" 2> /dev/null || true
    done
    ip netns list 2> /dev/null | awk -v prefix="$prefix-" 'index($1, prefix) == 1 { print $1 }' | while read -r name; do
        ip netns delete "$name" || true
    done
    rm -rf "$folder"
}

case "$1" in
    up)
        [ $# -eq 2 ] || { usage >&2; exit 64; }
        count=$2
        [ "$(id -u)" -eq 0 ] || fail "network namespaces need root"
        command -v ip > /dev/null || fail "ip is missing: apt-get install iproute2"
        ! [ -e "$folder" ] || fail "$folder exists: nodes are up already, or 'Tests/Scripts/nodes.sh down' was forgotten"
        reason=$(unshare --net --uts --ipc --mount --pid --fork true 2>&1) ||
            fail "this machine allows no namespaces ($reason); in Docker: --privileged"
        mkdir -p "$folder"
        trap '[ -e "$folder/complete" ] || down' EXIT
        printf '127.0.0.1 localhost\n%s.254 head\n' "$network" > "$folder/hosts"
        for ((number = 1; number <= count; number++)); do echo "$network.$number node$number" >> "$folder/hosts"; done
        ip netns add "$(namespace switch)"
        ip -n "$(namespace switch)" link add bridge type bridge || fail "this kernel has no network bridges"
        ip -n "$(namespace switch)" address add "$network.254/24" dev bridge
        ip -n "$(namespace switch)" link set bridge up
        ip -n "$(namespace switch)" link set lo up
        for ((number = 1; number <= count; number++)); do start "node$number" "$number"; done
        touch "$folder/complete"
        ;;
    head)
        [ $# -ge 2 ] || { usage >&2; exit 64; }
        shift
        # shellcheck disable=SC2016  # expanded within
        exec ip netns exec "$(namespace switch)" unshare --uts --mount bash -c '
            hostname head
            mount --bind "$0/hosts" /etc/hosts
            exec "$@"' "$folder" "$@"
        ;;
    agent)
        [ $# -ge 3 ] || { usage >&2; exit 64; }
        # Process 1 of the node holds its namespaces open.
        pid=$(cat "$folder/$2.pid" 2> /dev/null) || fail "$2 is not up"
        shift 2
        exec nsenter --target "$pid" --net --uts --ipc --mount --pid --wd="$PWD" bash -c "$*"
        ;;
    cut | join)
        [ $# -eq 2 ] || { usage >&2; exit 64; }
        ip -n "$(namespace switch)" link set "$2" "$([ "$1" = cut ] && echo down || echo up)"
        [ "$1" = join ] || exit 0
        address=$(awk -v node="$2" '$2 == node { print $1 }' "$folder/hosts")
        for other in switch $(awk '$2 ~ /^node/ { print $2 }' "$folder/hosts"); do
            reach "$other" "$address"
        done
        ;;
    link)
        [ $# -eq 2 ] || { usage >&2; exit 64; }
        command -v tc > /dev/null || fail "tc is missing: apt-get install iproute2"
        for node in $(awk '$2 ~ /^node/ { print $2 }' "$folder/hosts"); do
            ip netns exec "$(namespace "$node")" tc qdisc del dev eth0 root 2> /dev/null || true
            [ "$2" != none ] || continue
            # Bursts that a switch would let pass, and no longer queue than one would have.
            ip netns exec "$(namespace "$node")" tc qdisc add dev eth0 root tbf rate "$2" burst 256kb latency 50ms ||
                fail "tc cannot limit $node to $2"
        done
        ;;
    stop)
        [ $# -eq 2 ] || { usage >&2; exit 64; }
        kill -KILL "$(cat "$folder/$2.unshare")"
        ;;
    down) down ;;
    *)
        usage >&2
        exit 64
        ;;
esac
