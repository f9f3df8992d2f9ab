#!/usr/bin/env bash
# A real Slurm on this machine, from Debian's packages and without installing any: `submit --slurm`
# makes an array of 4 and a merge that depends on it; the powers are the same bytes as of one process.
# One task is requeued on the way.
#   bash .ci/slurm.sh             as CI does it, about half a minute
#   bash .ci/slurm.sh --requeue   tasks also meet a real time limit and queue themselves again, and
#                                 nothing shortens Slurm's two minutes before a requeued task: 5 to 10 minutes
# Needs Debian or Ubuntu (apt-get, dpkg), and dist/ as `npm run build` makes it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
repository=$PWD
requeue=no
[ "${1:-}" != --requeue ] || requeue=yes

scratch=$(mktemp -d)
daemons=()

finish() {
  local code=$?
  trap - EXIT
  if [ "$code" != 0 ]; then
    echo "failed; the end of Slurm's logs and of the tasks':"
    tail -n 20 "$scratch"/*.log "$scratch"/*/logs/*.log 2>/dev/null || true
  fi
  [ ${#daemons[@]} = 0 ] || scancel --full --user="$(id -un)" 2>/dev/null || true
  [ ${#daemons[@]} = 0 ] || { kill "${daemons[@]}" 2>/dev/null; wait "${daemons[@]}" 2>/dev/null; } || true
  rm -rf "$scratch"
  exit "$code"
}
trap finish EXIT

say() { printf '%s %s\n' "$(date +%T)" "$*"; }

# unpack: Slurm's programs and plugins into a folder.
unpack() {
  local packages=(slurm-wlm slurmctld slurmd slurm-client slurm-wlm-basic-plugins
    liblua5.1-0 libmunge2 munge)
  mkdir "$scratch/debs" "$scratch/slurm"
  cd "$scratch/debs"
  apt-get download "${packages[@]}" >/dev/null 2>&1 || {
    apt-get update -qq
    apt-get download "${packages[@]}" >/dev/null
  }
  for package in *.deb; do dpkg -x "$package" "$scratch/slurm"; done
  cd "$repository"
  plugins=$(dirname "$(find "$scratch/slurm/usr/lib" -name select_cons_tres.so)")
  export LD_LIBRARY_PATH="$plugins:$(dirname "$plugins")"
  export PATH="$scratch/slurm/usr/bin:$scratch/slurm/usr/sbin:$PATH"
}

# start_cluster: one controller and one node, as this user, without munge, systemd or cgroups.
start_cluster() {
  local host user port memory
  host=$(hostname -s)
  user=$(id -un)
  port=$((20000 + RANDOM % 10000))
  memory=$(($(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo) / 1024))
  export SLURM_CONF="$scratch/slurm.conf"
  mkdir "$scratch/state" "$scratch/spool"
  cat >"$SLURM_CONF" <<CONF
ClusterName=ci
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmctldPidFile=$scratch/slurmctld.pid
SlurmdPidFile=$scratch/slurmd.pid
SlurmctldLogFile=$scratch/slurmctld.log
SlurmdLogFile=$scratch/slurmd.log
StateSaveLocation=$scratch/state
SlurmdSpoolDir=$scratch/spool
PluginDir=$plugins
AuthType=auth/none
CredType=cred/none
CryptoType=crypto/none
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=2
ReturnToService=2
SlurmdParameters=config_overrides
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 RealMemory=$memory State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
  slurmctld-wlm -D >"$scratch/slurmctld.out.log" 2>&1 &
  daemons+=($!)
  slurmd-wlm -D -N "$host" -d "$(find "$scratch/slurm" -name slurmstepd-wlm)" \
    >"$scratch/slurmd.out.log" 2>&1 &
  daemons+=($!)
  for _ in $(seq 60); do
    [ "$(sinfo --noheader --format=%T 2>/dev/null)" != idle ] || break
    sleep 0.5
  done
  say "$(sinfo --noheader --format='Slurm node: %T, %c CPUs'), $(sinfo --version)"
}


induction() { node "$repository/dist/cli/main.js" "$@"; }

# state TASK: of a task or job, such as RUNNING.
state() { scontrol show job "$1" 2>/dev/null | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p' | head -n 1; }

# until_true SECONDS WHAT COMMAND...: waits for a command to succeed.
until_true() {
  local seconds=$1 what=$2 end=$((SECONDS + $1))
  shift 2
  until "$@"; do
    [ $SECONDS -lt $end ] || {
      echo "expected within $seconds s: $what; the queue:"
      squeue --array
      return 1
    }
    sleep 0.5
  done
  say "$what"
}

is() { [ "$(state "$1")" = "$2" ]; }
in_log() { grep -q "$2" "$run/logs/${array}_$1.log" 2>/dev/null; }
measured() { [ "$(cat "$run/shards/$1-of-4.jsonl" 2>/dev/null | wc -l)" -ge "$2" ]; }


# started_again TASK: without the two minutes that Slurm lets a requeued task wait.
started_again() {
  scontrol update JobId="${array}_$1" StartTime=now 2>/dev/null || true
  is "${array}_$1" RUNNING && scontrol show job "${array}_$1" | grep -q "Restarts=1"
}
met_its_limit() { grep -q "^time limit: queueing ${array}_$1 again" "$run/logs/${array}_$1.log"; }

unpack
start_cluster

# A folder whose name needs quoting everywhere.
run="$scratch/it's a \$run"
options=(--threads 1 --batch 64 --block 256)
if [ $requeue = no ]; then
  options+=(-n 4)
  induction submit sweep "${options[@]}" -o "$run" --slurm --shards 4 --now | tee "$scratch/submitted"
  array=$(sed -n 's/^submitted: array \([0-9]*\), merge .*/\1/p' "$scratch/submitted")
  merge=$(sed -n 's/^submitted: .* merge \([0-9]*\)$/\1/p' "$scratch/submitted")
else
  # A time limit of a minute in place of the forecast's, and the signal as early as can be: Slurm looks
  # every half a minute, and a shard must take longer.
  options+=(-n 40)
  induction submit sweep "${options[@]}" -o "$run" --slurm --shards 4 | tee "$scratch/submitted"
  sed -i 's/^#SBATCH --time=.*/#SBATCH --time=1/; s/USR1@120$/USR1@55/' "$run/slurm/array.sbatch"
  sed -n 's/^  //p' "$scratch/submitted" >"$scratch/commands"
  source "$scratch/commands" >"$scratch/merge"
  array=$job
  merge=$(sed -n 's/^Submitted batch job //p' "$scratch/merge")
fi
say "array $array, merge $merge"

# One task is requeued by hand, as an administrator would: it goes on where it stopped.
until_true 60 "task 1 has measured two parts" measured 1 2
scontrol requeue "${array}_1"
until_true 60 "task 1 was told to stop" in_log 1 "stopping after the block under way"
is "$merge" PENDING
if [ $requeue = no ]; then
  until_true 60 "task 1 runs again" started_again 1
else
  say "task 1 waits: $(scontrol show job "${array}_1" | grep -o 'StartTime=[^ ]*')"
  until_true 120 "task 0 met its time limit and queued itself again" met_its_limit 0
  is "$merge" PENDING
  # Enough for what is left of each.
  for task in 0 1 2 3; do scontrol update JobId="${array}_$task" TimeLimit=30 2>/dev/null || true; done
fi
until_true 900 "merged" is "$merge" COMPLETED
for task in 0 1 2 3; do is "${array}_$task" COMPLETED; done
tail -n 100 "$run"/logs/*.log
induction status "$run"

# The same plan by one process.
mkdir "$scratch/one"
cp "$run/plan.json" "$scratch/one"
induction run sweep "${options[@]}" -o "$scratch/one" --quiet
cmp "$run/tables/powers.parquet" "$scratch/one/tables/powers.parquet"
say "an array of 4 gave the same $(wc -c <"$run/tables/powers.parquet") bytes as one process"
