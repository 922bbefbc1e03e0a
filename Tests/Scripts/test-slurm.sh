#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Starts a Slurm cluster of this one machine, submits launch/slurm.sbatch to it and stops it; ends with "N passed, N failed".
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-slurm.sh    (make test-slurm calls it; needs root)"
    echo "  BIN=folder tests another build of lockstep (.build/release)"
    exit 0
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
root=$PWD
source Tests/Scripts/checks.sh
need slurmctld slurmctld
need slurmd slurmd
need sbatch slurm-client
need munged munge
# What srun --mpi=pmix loads.
compgen -G '/usr/lib/*/slurm-wlm/mpi_pmix*.so' > /dev/null || need mpi_pmix.so slurm-wlm-basic-plugins

# MARK: The cluster

folder=$(mktemp -d /tmp/lockstep-slurm.XXXXXX)
chmod 755 "$folder"
daemons=()
stop() {
    local daemon
    for daemon in slurmd slurmctld; do
        [ ! -e "$folder/$daemon.pid" ] || daemons+=("$(cat "$folder/$daemon.pid")")
    done
    [ ${#daemons[@]} -eq 0 ] || kill "${daemons[@]}" 2> /dev/null
    for _ in $(seq 50); do
        kill -0 "${daemons[@]}" 2> /dev/null || break
        sleep 0.1
    done
    [ ${#daemons[@]} -eq 0 ] || kill -KILL "${daemons[@]}" 2> /dev/null
    # What is still there of the jobs' steps.
    pgrep -f "slurmstepd.*$folder" | xargs -r kill -KILL 2> /dev/null
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM

# free N: N ports that nobody listens on.
free() {
    local port=$((20000 + RANDOM % 20000)) found=0
    while [ $found -lt "$1" ]; do
        ! (: < "/dev/tcp/127.0.0.1/$port") 2> /dev/null && { echo "$port"; found=$((found + 1)); }
        port=$((port + 1))
    done
}
mapfile -t ports < <(free 2)
host=$(hostname -s)

mkdir -p "$folder"/{munge,state,spool,jobs}
head -c 128 /dev/urandom > "$folder/munge/key"
chmod 400 "$folder/munge/key"
chown -R munge: "$folder/munge"
chmod 711 "$folder/munge"
setpriv --reuid munge --regid munge --clear-groups munged --foreground --key-file="$folder/munge/key" \
    --socket="$folder/munge/socket" --pid-file="$folder/munge/pid" --log-file="$folder/munge/log" \
    --seed-file="$folder/munge/seed" > /dev/null 2>&1 &
daemons+=($!)

cat > "$folder/slurm.conf" << END
ClusterName=lockstep
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=${ports[0]}
SlurmdPort=${ports[1]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SlurmctldTimeout=30
SlurmdTimeout=30
InactiveLimit=0
KillWait=5
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
# There are no cgroups to set up where systemd does not run; the word for that is newer than Slurm 22, whose first plugin
# does nothing until it is asked to.
plugin=disabled
[ "$(slurmd -V | tr -dc '0-9.' | cut -d . -f 1)" -ge 23 ] || plugin=cgroup/v1
echo "CgroupPlugin=$plugin" > "$folder/cgroup.conf"
export SLURM_CONF=$folder/slurm.conf

for _ in $(seq 50); do
    [ ! -S "$folder/munge/socket" ] || break
    sleep 0.1
done
slurmctld -D > "$folder/slurmctld.out" 2>&1 &
daemons+=($!)
slurmd -D -N "$host" > "$folder/slurmd.out" 2>&1 &
daemons+=($!)
for _ in $(seq 150); do
    state=$(sinfo --noheader --format %T 2> /dev/null)
    [ "$state" != idle ] || break
    sleep 0.2
done
if [ "${state:-}" != idle ]; then
    echo "Tests/Scripts/test-slurm.sh: the cluster does not come up; its logs end with"
    tail -n 5 "$folder"/*.log "$folder"/*.out
    exit 69
fi
echo "Slurm $(sinfo --version | cut -d ' ' -f 2), $(srun --mpi=list 2>&1 | tr '\n' ' ')"

# MARK: Jobs

# submit NAME OPTION…: submits and waits, two minutes at most. Leaves the job's number, status and log.
submit() {
    log=$folder/jobs/$1.log
    : > "$log"
    timeout --foreground 120 sbatch --quiet --wait --chdir="$root" --output="$log" "${@:2}" > "$folder/submit" 2>&1
    status=$?
    cat "$folder/submit" >> "$log"
}
losses() { sed -nE 's/^([0-9]+ +[0-9.]+ +[0-9.]+ +[0-9.]+) .*/\1/p' "$1"; }
trains="$bin/lockstep train digits --epochs 3 --seed 1"
ranks=2

log=$folder/jobs/alone
# shellcheck disable=SC2086  # several words
$trains > "$log" 2>&1 || { cat "$log"; exit 1; }

# trained WHAT: two ranks, and the losses of one process.
trained() {
    local problem=""
    if [ "$status" -ne 0 ]; then
        problem="ended with status $status"
    elif ! grep -q "; $ranks ranks" "$log"; then
        problem="did not train on $ranks ranks"
    elif [ "$(losses "$log" | wc -l)" -ne 3 ]; then
        problem="did not train three epochs"
    elif ! paste <(losses "$folder/jobs/alone") <(losses "$log") | awk '
        { for (i = 2; i <= 4; i++) { d = $i - $(i + 4); if (d < 0) d = -d; if (d > 2e-6 + 1e-5 * $i) bad = 1 } }
        END { exit bad }'; then
        problem="its losses are not those of one process"
    fi
    verdict "$1" "$problem"
}
# shellcheck disable=SC2086
submit srun --ntasks=$ranks launch/slurm.sbatch $trains
trained "sbatch launch/slurm.sbatch, with srun --mpi=pmix"
# shellcheck disable=SC2086
submit mpirun --ntasks=$ranks --export=ALL,LAUNCHER=mpirun launch/slurm.sbatch $trains
trained "sbatch launch/slurm.sbatch, with mpirun"

# shellcheck disable=SC2086
"$bin/lockstep" launch -n $ranks --write slurm -- $trains > "$folder/written.sbatch"
submit written "$folder/written.sbatch"
trained "sbatch of what lockstep launch --write slurm wrote"

# MARK: Mistakes

# wrap NAME LINE: a job of one line.
wrap() { submit "$1" --ntasks=$ranks --wrap "$2"; }

wrap refused "srun --mpi=none $trains"
problem=""
[ "$status" -ne 0 ] || problem="trained $ranks times alone"
grep -q 'lockstep: srun started 2 tasks without PMIx.*srun --mpi=pmix' "$log" || problem="did not say what to do"
verdict "plain srun without PMIx is refused with the remedy" "$problem"

wrap direct "$trains"
problem=""
[ "$status" -eq 0 ] || problem="ended with status $status"
grep -q 'lockstep: this Slurm job has 2 tasks, but the program was started directly' "$log" || problem="gave no hint"
verdict "a program started directly in a job runs alone and says so" "$problem"

# A rank that fails ends the job, with its sentence and its code.
wrap fails "srun --mpi=pmix $bin/lockstep train mnist --data /nowhere"
problem=""
[ "$status" -eq 66 ] || problem="ended with status $status, not 66"
grep -q '/nowhere' "$log" || problem="did not say which file"
verdict "an error ends the job with its code" "$problem"

# MARK: Cancelling

log=$folder/jobs/cancelled.log
: > "$log"
# shellcheck disable=SC2086
job=$(sbatch --parsable --chdir="$root" --ntasks=$ranks --output="$log" launch/slurm.sbatch \
    "$bin/lockstep" train digits --epochs 1000000 --seed 1)
for _ in $(seq 300); do
    ! grep -q '^3 ' "$log" || break
    sleep 0.1
done
problem=""
grep -q '^3 ' "$log" || problem="did not come to its fourth epoch"
start=$(date +%s%3N)
scancel "$job"
while squeue --noheader --job "$job" 2> /dev/null | grep -q . && [ $(($(date +%s%3N) - start)) -lt 30000 ]; do sleep 0.1; done
took=$(($(date +%s%3N) - start))
[ $took -lt 20000 ] || problem="took $took ms to end, 20 s are allowed"
left=$(pgrep -c -f "^$bin/lockstep train digits --epochs 1000000" || true)
[ "$left" -eq 0 ] || problem="$left ranks are still there"
[ "$(scontrol show job "$job" | sed -nE 's/.*JobState=([A-Z]+).*/\1/p')" = CANCELLED ] || problem="is not cancelled"
verdict "scancel stops all ranks ($took ms)" "$problem"

verdicts
