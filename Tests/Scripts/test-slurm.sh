#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Starts a Slurm cluster of this one machine, submits launch/slurm.sbatch to it and stops it; ends with "N passed, N failed".
set -uo pipefail

if [ "${1:-}" = "--help" ]; then
    echo "usage: Tests/Scripts/test-slurm.sh    (make test-slurm calls it; needs root)"
    echo "  BIN=folder tests another build of lockstep (.build/release); SHOW=1 shows the log of the job that is queued again"
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
AuthInfo=socket=$folder/munge/socket,cred_expire=5
CredType=cred/munge
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SlurmctldTimeout=120
SlurmdTimeout=120
MessageTimeout=60
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

# state JOB FIELD: what Slurm knows of it.
state() { scontrol show job "$1" 2> /dev/null | sed -nE "s/.*\b$2=([^ ]+).*/\1/p" | head -n 1; }
# progress JOB: changes while the job gets somewhere: its state, its log, the seconds that its programs have computed.
progress() {
    echo "$(state "$1" JobState) $(stat -c %s "$log") $(ps -C lockstep -o cputimes= 2> /dev/null | awk '{ s += $1 } END { print s }')"
}
# until_true JOB CONDITION…: waits for it, as long as the job gets somewhere at least every two minutes.
until_true() {
    local job=$1 before="" now since
    shift
    since=$(date +%s)
    while ! "$@"; do
        now=$(progress "$job")
        if [ "$now" != "$before" ]; then
            before=$now since=$(date +%s)
        elif [ $(($(date +%s) - since)) -gt 120 ]; then
            return 1
        fi
        sleep 0.2
    done
}
is_over() { [[ "$(state "$1" JobState)" =~ ^(COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL|OUT_OF_MEMORY|BOOT_FAIL|DEADLINE)$ ]]; }
# enqueue NAME OPTION…: submits. Leaves the job's number and its log.
enqueue() {
    log=$folder/jobs/$1.log
    : > "$log"
    job=$(sbatch --parsable --chdir="$root" --output="$log" "${@:2}" 2>> "$log") || job=0
}
# submit NAME OPTION…: submits and waits. Leaves the job's status, too: 124 when it does not get anywhere.
submit() {
    enqueue "$@"
    status=124
    if until_true "$job" is_over "$job"; then
        status=$(state "$job" ExitCode)
        status=${status%:*}
    else
        scancel "$job"
    fi
}
losses() { sed -nE 's/^([0-9]+ +[0-9.]+ +[0-9.]+ +[0-9.]+) .*/\1/p' "$1"; }
trains="$bin/lockstep train digits --epochs 3 --seed 1"
ranks=2

log=$folder/jobs/alone
# shellcheck disable=SC2086  # several words
$trains --run "$folder/alone" > "$log" 2>&1 || { cat "$log"; exit 1; }

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
submit srun --ntasks=$ranks launch/slurm.sbatch $trains --run "$folder/srun"
trained "sbatch launch/slurm.sbatch, with srun --mpi=pmix"
# shellcheck disable=SC2086
submit mpirun --ntasks=$ranks --export=ALL,LAUNCHER=mpirun launch/slurm.sbatch $trains --run "$folder/mpirun"
trained "sbatch launch/slurm.sbatch, with mpirun"

# shellcheck disable=SC2086
"$bin/lockstep" launch -n $ranks --write slurm -- $trains --run "$folder/written" > "$folder/written.sbatch"
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

enqueue cancelled --ntasks=$ranks launch/slurm.sbatch "$bin/lockstep" train digits --epochs 1000000 --seed 1 \
    --run "$folder/cancelled"
until_true "$job" grep -q '^3 ' "$log" && problem="" || problem="did not come to its fourth epoch"
start=$(date +%s%3N)
scancel "$job"
while squeue --noheader --job "$job" 2> /dev/null | grep -q . && [ $(($(date +%s%3N) - start)) -lt 30000 ]; do sleep 0.1; done
took=$(($(date +%s%3N) - start))
[ $took -lt 20000 ] || problem="took $took ms to end, 20 s are allowed"
left=$(pgrep -c -f "^$bin/lockstep train digits --epochs 1000000" || true)
[ "$left" -eq 0 ] || problem="$left ranks are still there"
[ "$(scontrol show job "$job" | sed -nE 's/.*JobState=([A-Z]+).*/\1/p')" = CANCELLED ] || problem="is not cancelled"
[ "$(state "$job" Restarts)" = 0 ] || problem="was queued again"
verdict "scancel stops all ranks, for good ($took ms)" "$problem"

# MARK: Stopping and going on

# goes FOLDER EPOCHS: the words that train there, from the start or from where the run is.
if "$bin/lockstep" train digits --help | grep -q -- '--resume.*auto'; then
    goes() { echo "$bin/lockstep train digits --epochs $2 --seed 1 --run $1"; }
else
    cat > "$folder/goes" << END
#!/bin/bash
[ ! -f "\$1/resume.safetensors" ] || exec $bin/lockstep train digits --resume "\$1"
exec $bin/lockstep train digits --epochs "\$2" --seed 1 --run "\$1"
END
    chmod +x "$folder/goes"
    goes() { echo "$folder/goes $1 $2"; }
fi
# remains FOLDER: what a run must leave: the bytes of the model, and every column of the history but the times.
remains() { sha256sum < "$1/model.safetensors" && cut -d, -f1-4 "$1/history.csv"; }
# whole EPOCHS: an uninterrupted run of that length, in its folder; on as many ranks.
whole() {
    local run=$folder/whole-$1
    [ -f "$run/model.safetensors" ] || "$bin/lockstep" train digits --epochs "$1" --seed 1 --ranks $ranks --run "$run" > "$run.log" 2>&1
}
# compared RUN EPOCHS: sets the problem if it is not the run that nobody interrupted.
compared() {
    whole "$2" || problem=${problem:-the uninterrupted run has failed}
    [ -n "$problem" ] || [ "$(remains "$1")" = "$(remains "$folder/whole-$2")" ] ||
        problem="left other bytes than the uninterrupted run"
}
# pace: epochs in a second, of ranks that have the machine as it is now.
start=$(date +%s%3N)
whole 300
pace=$((300000 / ($(date +%s%3N) - start) + 1))

has_restarted() { [ "$(state "$1" Restarts)" -ge "$2" ]; }
is_back() { [ "$(grep -c '; 2 ranks' "$log")" -gt "$1" ] && tail -n 1 "$log" | grep -qE '^[0-9]+ '; }

# A program that is slower than its limit however fast the machine is: in each of its first three turns it trains a quarter, and
# dawdles (SIGSTOP) until it is asked to stop. Slurm looks at limits every half minute.
epochs=800 problem="" run=$folder/limited
cat > "$folder/slow" << END
#!/bin/bash
turn=\${SLURM_RESTART_COUNT:-0}
if [ "\$turn" -lt 3 ]; then
    (
        trap "" USR1
        until [ "\$(wc -l 2> /dev/null < $run/history.csv)" -gt \$(((turn + 1) * $epochs / 4)) ]; do kill -0 \$\$ || exit; sleep 0.05; done
        kill -STOP \$\$
        until ((0x\$(awk '/^ShdPnd/ { print \$2 }' /proc/\$\$/status) & 0x200)); do kill -0 \$\$ || exit; sleep 0.1; done
        kill -CONT \$\$
    ) 2> /dev/null &
fi
exec $(goes "$run" $epochs)
END
chmod +x "$folder/slow"
submit limited --ntasks=$ranks --time=1 --signal=B:USR1@45 launch/slurm.sbatch "$folder/slow"
restarts=$(state "$job" Restarts)
[ "$status" -eq 0 ] || problem="ended with status $status after $restarts restarts"
[ "${restarts:-0}" -ge 3 ] || problem=${problem:-was queued again $restarts times, not three}
[ "$(grep -c 'is queued again' "$log")" -eq "${restarts:-0}" ] || problem=${problem:-its log does not hold all of its parts}
compared "$run" $epochs
grep -vE '^[0-9]+ ' "$log" > "$folder/limited.log"
verdict "a job longer than its limit is asked, saved, queued again and goes on, $restarts times, to the same bytes" "$problem"
[ -z "${SHOW:-}" ] || cat "$folder/limited.log"

for how in srun mpirun; do
    epochs=$((10 * pace)) problem="" run=$folder/asked-$how
    # shellcheck disable=SC2046
    enqueue asked-$how --ntasks=$ranks --export=ALL,LAUNCHER=$how launch/slurm.sbatch $(goes "$run" $epochs)
    until_true "$job" grep -q '^3 ' "$log" || problem="did not come to its fourth epoch"
    # Without srun there is no step to be told: the shell tells mpirun.
    if [ $how = srun ]; then scancel --signal=USR1 "$job"; else scancel --signal=USR1 --batch "$job"; fi
    until_true "$job" has_restarted "$job" 1 || problem=${problem:-was not queued again}
    until_true "$job" is_back 1 || problem=${problem:-did not go on}
    scontrol requeue "$job"
    until_true "$job" has_restarted "$job" 2 || problem=${problem:-was not queued again by scontrol}
    until_true "$job" is_over "$job" || problem=${problem:-does not end}
    [ "$(state "$job" JobState)" = COMPLETED ] || problem=${problem:-is $(state "$job" JobState)}
    [ "$(state "$job" Restarts)" = 2 ] || problem=${problem:-was queued again $(state "$job" Restarts) times, not twice}
    compared "$run" $epochs
    verdict "scancel --signal=USR1 and scontrol requeue, with $how: goes on to the same bytes" "$problem"
done

# A rank that dies: the launcher in the job starts it again, without Slurm.
epochs=$((10 * pace)) problem="" run=$folder/restarted
enqueue restarted --ntasks=$ranks --wrap "$bin/lockstep launch -n $ranks --max-restarts 1 -- $(goes "$run" $epochs)"
until_true "$job" grep -q '^3 ' "$log" || problem="did not come to its fourth epoch"
kill -KILL "$(pgrep -f "lockstep train digits .*$run" | tail -n 1)" || problem=${problem:-has no ranks}
until_true "$job" is_over "$job" || problem=${problem:-does not end}
[ "$(state "$job" JobState)" = COMPLETED ] || problem=${problem:-is $(state "$job" JobState)}
grep -q '; restart 1 of 1, with 2 ranks' "$log" || problem=${problem:-was not started again}
compared "$run" $epochs
verdict "lockstep launch --max-restarts 1 in a job: a rank that dies, and the same bytes" "$problem"

# The last job of an array has the array's number: what is done to it must not happen to the others.
epochs=$((8 * pace)) problem=""
# shellcheck disable=SC2016  # expanded in the job
cat > "$folder/one-of-many" << END
#!/bin/bash
exec $(goes "$folder/many-\$SLURM_ARRAY_TASK_ID" $epochs)
END
chmod +x "$folder/one-of-many"
log=$folder/jobs/many-2.log
: > "$log"
job=$(sbatch --parsable --chdir="$root" --ntasks=1 --array=1-2 --output="$folder/jobs/many-%a.log" launch/slurm.sbatch "$folder/one-of-many")
until_true "${job}_2" grep -q '^3 ' "$log" || problem="did not come to its fourth epoch"
scancel --signal=USR1 "${job}_2"
until_true "${job}_2" has_restarted "${job}_2" 1 || problem=${problem:-was not queued again}
for task in 1 2; do
    log=$folder/jobs/many-$task.log
    until_true "${job}_$task" is_over "${job}_$task" || problem=${problem:-job $task does not end}
    [ "$(state "${job}_$task" JobState)" = COMPLETED ] || problem=${problem:-job $task is $(state "${job}_$task" JobState)}
done
[ "$(state "${job}_1" Restarts) $(state "${job}_2" Restarts)" = "0 1" ] || problem=${problem:-another job of the array was queued again}
[ -n "$problem" ] || [ "$(remains "$folder/many-1")" = "$(remains "$folder/many-2")" ] || problem="the two have left other bytes"
verdict "of an array only the job that was asked is queued again" "$problem"

verdicts
