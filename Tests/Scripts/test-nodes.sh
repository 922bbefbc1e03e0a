#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Trains on several nodes, which are network namespaces of this machine, and breaks them; ends with "N passed, N failed".
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-nodes.sh [training|faults]    (make test-nodes calls it; needs root; both parts unless one is named)"
    echo "  BIN=folder tests another build of lockstep and lockstep-rank-tests (.build/release)"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
source Tests/Scripts/checks.sh
part=${1:-all}
need ip iproute2
need nsenter util-linux

folder=$(mktemp -d /tmp/lockstep-nodes.XXXXXX)
NODES_FOLDER=$(mktemp -u /run/lockstep-nodes.XXXXXX)
export NODES_FOLDER
trap 'Tests/Scripts/nodes.sh down; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
Tests/Scripts/nodes.sh up 3 || exit

# MARK: Jobs

source .ci/mpi.env
export SWIFT_BACKTRACE=enable=no
export OMPI_MCA_plm_rsh_agent="$PWD/Tests/Scripts/nodes.sh agent"
subnet=198.51.100.0/24
# What two hosts on a plain network have: shared memory within, TCP between.
export OMPI_MCA_pml=ob1 OMPI_MCA_btl=self,vader,tcp
printf 'node1 slots=1\nnode2 slots=1\n' > "$folder/2x1"
printf 'node1 slots=2\nnode2 slots=2\n' > "$folder/2x2"
printf 'node1 slots=1\nnode2 slots=1\nnode3 slots=1\n' > "$folder/3x1"
printf 'node1 slots=2\nnode2 slots=1\n' > "$folder/2+1"
log=$folder/log

# launched HOSTS WORD…: the words with which lockstep launch runs there.
launched() {
    echo "$bin/lockstep" launch -n "$(awk -F= '{ n += $2 } END { print n }' "$folder/$1")" --hosts "$folder/$1" --subnet "$subnet"
}
# on HOSTS PROGRAM…: by the script that lockstep launch --write shell prints; on+ HOSTS: as lockstep launch does it.
on() {
    $(launched "$1") --write shell -- true > "$folder/script" || return
    Tests/Scripts/nodes.sh head bash "$folder/script" "${@:2}" > "$log" 2>&1 < /dev/null
}
on+() {
    # shellcheck disable=SC2046  # several words
    Tests/Scripts/nodes.sh head $(launched "$1") -- "${@:2}" > "$log" 2>&1 < /dev/null
}
# What node1 has sent so far, in bytes.
sent() { Tests/Scripts/nodes.sh agent node1 'cat /proc/net/dev' | awk '$1 == "eth0:" { print $10 }'; }
seconds() { awk "BEGIN { printf \"%.1f\", $(date +%s.%N) - $1 }"; }

# MARK: Training

# trained WHAT FOLDER: the run there has the losses of one process. Columns: epoch, train_loss, valid_loss, accuracy.
trained() {
    [ -n "$problem" ] || problem=$(paste -d, "$folder/one/history.csv" "$2/history.csv" | awk -F, '
        NR == 1 { half = NF / 2; next }
        { for (i = 2; i <= 4; i++) { d = $i - $(i + half); if (d < 0) d = -d
            if (d > 1e-5 * ($i > 1 ? $i : 1)) print "epoch " $1 ": " $i " in one process, " $(i + half) " here" } }
        END { if (NR != 4) print NR - 1 " epochs, not 3" }' | head -n 1)
    verdict "$1" "$problem"
}
# As PBS runs a job: a copy of the script as the standard input of a shell in another folder, and a line for each rank in a file.
job() {
    local here=$PWD
    (cd / && "$here/Tests/Scripts/nodes.sh" head env PBS_O_WORKDIR="$here" PBS_NODEFILE="$folder/nodefile" bash) \
        < "$1" > "$log" 2>&1
}
if [ "$part" != faults ]; then
    # The nodes are nodes: MPI counts as many, and shared memory ends at them.
    for hosts in 2x1 2x2 3x1; do
        on $hosts "$bin/lockstep" doctor --probe
        nodes=${hosts%x*}
        grep -q "\"nodes\":${nodes}[,}]" "$log" && problem="" || problem="MPI does not see $nodes nodes"
        verdict "$hosts ranks are on $nodes nodes" "$problem"
    done

    trains="$bin/lockstep train digits --epochs 3 --seed 1"
    # shellcheck disable=SC2086  # several words
    $trains --run "$folder/one" > "$log" 2>&1 || { cat "$log"; exit 1; }
    for hosts in 2x1 2x2 3x1 2+1; do
        # shellcheck disable=SC2086
        on $hosts $trains --run "$folder/$hosts.run" && problem="" || problem="ended with status $?"
        trained "$hosts ranks train as one process does" "$folder/$hosts.run"
    done

    printf 'node1\nnode1\nnode2\nnode2\n' > "$folder/nodefile"
    # shellcheck disable=SC2086
    "$bin/lockstep" launch -n 4 --write pbs -- $trains --run "$folder/written.run" > "$folder/written.pbs"
    job "$folder/written.pbs" && problem="" || problem="ended with status $?"
    grep -q '; 4 ranks' "$log" || problem=${problem:-does not say that there are 4 ranks}
    trained "what lockstep launch --write pbs wrote (launch/pbs.sh is such a script) trains on the nodes of a node file" \
        "$folder/written.run"

    on 2x2 "$bin/lockstep-rank-tests" && problem="" || problem="ended with status $?"
    [ -n "$problem" ] || grep -qE '^[0-9]+ passed, 0 failed$' "$log" || problem="did not come to its end"
    verdict "the rank tests on 2x2 ranks: $(tail -n 1 "$log")" "$problem"
fi

if [ "$part" != faults ]; then
# Half the bytes between nodes: what node1 sends in the same steps, and what becomes of the losses. Among three nodes Open
# MPI itself sends more than it must, and ours less than half of that.
for hosts in 2x2 3x1; do
    problem=""
    declare -A bytes=()
    for how in none bf16; do
        before=$(sent)
        on $hosts "$bin/lockstep" bench mlp --batches 20 --compression $how || problem="ended with status $?"
        bytes[$how]=$(($(sent) - before))
    done
    share=$((100 * bytes[bf16] / bytes[none]))
    [ -n "$problem" ] || [ $share -le 55 ] || problem="$share % of the bytes"
    verdict "bf16 between $hosts ranks sends $share % of the bytes" "$problem"
done
on 2x2 "$bin/lockstep" train digits --epochs 3 --seed 1 --compression bf16 --run "$folder/bf16.run" && problem="" ||
    problem="ended with status $?"
[ -n "$problem" ] || problem=$(paste -d, "$folder/one/history.csv" "$folder/bf16.run/history.csv" | awk -F, '
    NR > 1 { d = $3 - $(3 + NF / 2); if (d < 0) d = -d; if (d > 2e-3) print "epoch " $1 ": valid_loss " $3 ", here " $(3 + NF / 2) }
    END { if (NR != 4) print NR - 1 " epochs, not 3" }' | head -n 1)
verdict "bf16 between 2x2 ranks trains as one process does, to 0.002" "$problem"
fi

# MARK: Faults

[ "$part" != training ] || { verdicts; exit; }

# Room for MPI and for the ranks' meeting place, and not for the gradients of two ranks.
for node in node1 node2; do Tests/Scripts/nodes.sh agent $node 'mount -o remount,size=8m /dev/shm'; done
on 2x2 "$bin/lockstep" bench mlp --batches 3 && problem="" || problem="ended with status $?"
grep -qE 'lockstep: [0-9]+ MiB do not fit into /dev/shm on every node' "$log" ||
    problem="did not say that /dev/shm is too small"
verdict "gradients that do not fit into /dev/shm go another way" "$problem"
for node in node1 node2; do Tests/Scripts/nodes.sh agent $node 'mount -o remount,size=1g /dev/shm'; done

export LOCKSTEP_STALL_TIMEOUT=1 LOCKSTEP_ABORT_TIMEOUT=4

# fault HOSTS NAME RANK BOUND SENTENCE: a fault of lockstep-rank-tests, by its end counted from the fault.
fault() {
    local start status problem=""
    on+ "$1" "$bin/lockstep-rank-tests" --fault "$2" "$3" 5
    status=$?
    start=$(sed -nE 's/.*fault at ([0-9]+) ms.*/\1/p' "$log" | tail -n 1)
    local took=$(($(date +%s%3N) - ${start:-0}))
    if [ -z "$start" ]; then
        problem="did not come to its fault"
    elif [ $status -eq 0 ]; then
        problem="ended with status 0"
    elif [ $took -gt $(($4 * 1000)) ]; then
        problem="took $took ms to end, $4 s are allowed"
    elif ! grep -qE "$5" "$log"; then
        problem="did not say: $5"
    fi
    verdict "$2 on rank $3 of $1 (status $status, $took ms)" "$problem"
}
fault 2x1 killed 1 6 'lockstep: rank 1 failed first: it was killed by signal 9'
fault 2x2 killed 3 6 'lockstep: rank 3 \(pid [0-9]+\) has died|lockstep: rank 3 failed first: it was killed by signal 9'
fault 2x2 throws 2 6 'lockstep: rank 2: .*sample 17 cannot be read'
fault 2x2 leaves-early 3 6 'lockstep: rank 3 has ended its program while rank [0-9] waits'
fault 3x1 leaves-early 1 6 'lockstep: rank 1 has ended its program while rank [0-9] waits'
fault 2x1 exits-with-a-code 1 6 'lockstep: rank 1 has called exit\(3\)'
fault 3x1 stopped 2 15 'rank 2, on another node, has not come within 4.0 s'
# While sums are on their way.
fault 2x1 killed-in-an-exchange 1 6 'lockstep: rank 1 failed first: it was killed by signal 9'
fault 3x1 stopped-in-an-exchange 2 15 'rank 2 between nodes, seen from rank [01], has not ended within 4 s'

# trained_on JOB: waits for its fourth epoch, as long as its log grows at least every two minutes.
trained_on() {
    local size=-1 since
    since=$(date +%s)
    until grep -q '^3 ' "$log"; do
        kill -0 "$1" 2> /dev/null || return
        if [ "$(stat -c %s "$log")" != "$size" ]; then
            size=$(stat -c %s "$log") since=$(date +%s)
        elif [ $(($(date +%s) - since)) -gt 120 ]; then
            return
        fi
        sleep 0.1
    done
}
# cut_in_a_sum BOUND SENTENCE: the cable of node2 is pulled while gradients are on their way, as they nearly always are at 20 Mbit/s.
cut_in_a_sum() {
    local problem="" start before status job took
    Tests/Scripts/nodes.sh link 20mbit
    before=$(sent)
    on+ 2x1 "$bin/lockstep" bench mlp --batches 100000 &
    job=$!
    until [ $(($(sent) - before)) -gt 8000000 ]; do
        kill -0 $job 2> /dev/null || { problem="ended before the cable was cut"; break; }
        sleep 0.1
    done
    start=$(date +%s.%N)
    Tests/Scripts/nodes.sh cut node2
    (sleep $(($1 + 20)); kill -TERM $job) 2> /dev/null &
    local guard=$!
    wait $job
    status=$?
    took=$(seconds "$start")
    kill $guard 2> /dev/null
    if [ -n "$problem" ]; then
        :
    elif [ $status -eq 0 ]; then
        problem="ended with status 0"
    elif awk "BEGIN { exit !($took > $1) }"; then
        problem="took $took s to end, $1 s are allowed"
    elif ! grep -qE "$2" "$log"; then
        problem="did not say: $2"
    fi
    verdict "cut node2 in the middle of a sum (status $status, $took s)" "$problem"
    Tests/Scripts/nodes.sh join node2
    Tests/Scripts/nodes.sh link none
}
# lost COMMAND BOUND SENTENCE: training for ever, until something happens to the second node.
lost() {
    local problem="" start status job
    # What the job before has said is not this one's: on a busy machine it would still be there.
    : > "$log"
    on+ 2x2 "$bin/lockstep" train digits --epochs 100000 &
    job=$!
    trained_on $job
    grep -q '^3 ' "$log" || problem="did not come to its fourth epoch"
    start=$(date +%s.%N)
    Tests/Scripts/nodes.sh "$1" node2
    # Without an end of its own the job is stopped here, and has failed.
    (sleep $(($2 + 20)); kill -TERM $job) 2> /dev/null &
    local guard=$!
    wait $job
    status=$?
    local took
    took=$(seconds "$start")
    kill $guard 2> /dev/null
    if [ -n "$problem" ]; then
        :
    elif [ $status -eq 0 ]; then
        problem="ended with status 0"
    elif awk "BEGIN { exit !($took > $2) }"; then
        problem="took $took s to end, $2 s are allowed"
    elif ! grep -qE "$3" "$log"; then
        problem="did not say: $3"
    fi
    verdict "$1 node2 in the middle of training (status $status, $took s)" "$problem"
}
cut_in_a_sum 30 'lockstep: .*(rank [01]|an exchange of [0-9]+ bytes) between nodes, seen from rank [01], has not ended within 4 s'
lost cut 30 'lockstep: .*(another node.* has not come within 4|between nodes, seen from rank [0-3], has not ended within 4)'
left=$(Tests/Scripts/nodes.sh agent node2 'sleep 12; pgrep -c "^lockstep$"')
[ "${left:-0}" -eq 0 ] && problem="" || problem="$left ranks are still there"
verdict "the ranks behind the cut cable have ended too" "$problem"
Tests/Scripts/nodes.sh join node2
lost stop 30 'lockstep: the host node2 was lost'

# MARK: Going on without a node

# goes FOLDER EPOCHS: what each rank runs: from the start, or from where the run was.
cat > "$folder/goes" << END
#!/bin/bash
if "$bin/lockstep" train digits --help | grep -q -- '--resume.*auto'; then
    exec "$bin/lockstep" train digits --epochs "\$2" --seed 1 --checkpoint-every 1 --run "\$1"
fi
[ ! -f "\$1/resume.safetensors" ] || exec "$bin/lockstep" train digits --resume "\$1"
exec "$bin/lockstep" train digits --epochs "\$2" --seed 1 --checkpoint-every 1 --run "\$1"
END
chmod +x "$folder/goes"
printf 'node1 slots=2\nnode3 slots=2\n' > "$folder/1+3"
"$bin/lockstep" train digits --epochs 20 --seed 1 --run "$folder/twenty" > "$log" 2>&1 || { cat "$log"; exit 1; }
: > "$log"
Tests/Scripts/nodes.sh head "$bin/lockstep" launch -n 4 --hosts "$folder/1+3" --subnet "$subnet" --max-restarts 1 --min-ranks 2 \
    -- "$folder/goes" "$folder/left" 20 > "$log" 2>&1 < /dev/null &
job=$!
trained_on $job
grep -q '^3 ' "$log" && problem="" || problem="did not come to its fourth epoch"
Tests/Scripts/nodes.sh stop node3
(sleep 300; kill -TERM $job) 2> /dev/null &
guard=$!
wait $job && status=0 || status=$?
kill $guard 2> /dev/null
[ $status -eq 0 ] || problem=${problem:-ended with status $status}
grep -q 'lockstep: the host node3 was lost.*; restart 1 of 1, with 2 ranks without node3' "$log" ||
    problem=${problem:-did not say that it goes on without node3}
[ -n "$problem" ] || problem=$(paste -d, "$folder/twenty/history.csv" "$folder/left/history.csv" | awk -F, '
    NR > 1 { d = $3 - $(3 + NF / 2); if (d < 0) d = -d; if (d > 1e-4) print "epoch " $1 ": valid_loss " $3 ", here " $(3 + NF / 2) }
    END { if (NR != 21) print NR - 1 " epochs, not 20" }' | head -n 1)
verdict "stop node3 in the middle of training: it goes on on node1 to the losses of one process" "$problem"

verdicts
