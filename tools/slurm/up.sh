#!/usr/bin/env bash
# Start a real SLURM of one node on this machine, for `make slurm-test`: Debian or Ubuntu, as root, no systemd.
# Everything lies below $SLURM_TEST_DIR; only the loopback interface is used. Stop it with tools/slurm/down.sh.
#
#   SLURM_TEST_DIR   absolute folder of configuration, state, logs    (default /tmp/echoclr-slurm)
#   SLURM_TEST_CPUS  CPUs that the node says it has                   (default 32; more than there are is allowed)
#   SLURM_TEST_PORT  first of two ports                               (default 26817)
#
# Partitions: cpu (one day), short (two minutes), low and high (jobs of high put jobs of low back into the queue).
set -euo pipefail
umask 022

dir=${SLURM_TEST_DIR:-/tmp/echoclr-slurm}
cpus=${SLURM_TEST_CPUS:-32}
port=${SLURM_TEST_PORT:-26817}
host=$(hostname -s)
fail() {
  echo "slurm/up.sh: $*" >&2
  exit 1
}
[ "$(id -u)" = 0 ] || fail "run as root: slurmd starts jobs as their users"
case $dir in /*) ;; *) fail "SLURM_TEST_DIR must be absolute: $dir" ;; esac

# --- packages ---
missing=()
command -v munged >/dev/null || missing+=(munge)
command -v slurmctld >/dev/null && command -v slurmd >/dev/null || missing+=(slurm-wlm)
if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || fail "install ${missing[*]}; apt-get is not here"
  # policy-rc.d: the packages' own services are not started
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# --- configuration ---
mkdir -p "$dir"/{etc,run,log,state,spool,key}
chmod 700 "$dir/key"
[ -s "$dir/key/munge.key" ] || (umask 077 && head -c 128 /dev/urandom >"$dir/key/munge.key")
# Two GPUs that are links to /dev/null: enough for a request to be granted, and for CUDA not to work.
mkdir -p "$dir/dev"
ln -sfn /dev/null "$dir/dev/gpu0"
ln -sfn /dev/null "$dir/dev/gpu1"
echo "NodeName=$host Name=gpu Type=none File=$dir/dev/gpu[0-1]" >"$dir/etc/gres.conf"
cat >"$dir/etc/slurm.conf" <<CONF
ClusterName=echoclr
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# A job that goes back into the queue waits as long as its credential lives, by default 120 s.
AuthInfo=socket=$dir/run/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/run/slurmctld.pid
SlurmdPidFile=$dir/run/slurmd.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.log
PlugStackConfig=$dir/etc/plugstack.conf
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=bf_interval=2,sched_interval=2
SlurmdParameters=config_overrides
MailProg=/bin/true
# SLURM's own default, which the profile counts on
MinJobAge=300
KillWait=5
SlurmctldTimeout=30
# s until a silent node is down
SlurmdTimeout=10
JobAcctGatherType=jobacct_gather/linux
AccountingStorageType=accounting_storage/none
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus Boards=1 SocketsPerBoard=1 CoresPerSocket=$cpus ThreadsPerCore=1 RealMemory=256000 Gres=gpu:none:2 State=UNKNOWN
PartitionName=DEFAULT Nodes=$host State=UP
PartitionName=cpu Default=YES MaxTime=1-00:00:00 PriorityTier=10 PreemptMode=off
PartitionName=short MaxTime=00:02:00 PriorityTier=10 PreemptMode=off
PartitionName=low MaxTime=1-00:00:00 PriorityTier=1 PreemptMode=requeue
PartitionName=high MaxTime=1-00:00:00 PriorityTier=20 PreemptMode=off
CONF
: >"$dir/etc/plugstack.conf"

# srun inside a job does not inherit SLURM_CONF from Snakemake's job step, and looks here.
system=/etc/slurm/slurm.conf
if [ -e $system ] && [ "$(readlink -f $system)" != "$(readlink -f "$dir/etc/slurm.conf")" ]; then
  fail "$system belongs to another cluster and stays as it is"
fi
mkdir -p /etc/slurm
ln -sfn "$dir/etc/slurm.conf" $system
export SLURM_CONF=$dir/etc/slurm.conf

# --- daemons ---
runs() { [ -r "$dir/run/$1.pid" ] && tr '\0' ' ' <"/proc/$(cat "$dir/run/$1.pid")/cmdline" 2>/dev/null | grep -q "$1"; }
wait_for() {
  local what=$1 end=$((SECONDS + 60))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || fail "$what is not ready after 60 s; see $dir/log"
    sleep 0.2
  done
}
if ! runs munged; then
  rm -f "$dir/run/munge.socket" "$dir/run/munge.socket.lock"
  munged --force --socket="$dir/run/munge.socket" --key-file="$dir/key/munge.key" \
    --pid-file="$dir/run/munged.pid" --log-file="$dir/log/munged.log" --seed-file="$dir/key/munged.seed" \
    2>>"$dir/log/munged.log"
fi
wait_for munged sh -c "munge --socket=$dir/run/munge.socket -n | unmunge --socket=$dir/run/munge.socket"
runs slurmctld || slurmctld -f "$SLURM_CONF"
wait_for slurmctld scontrol ping
runs slurmd || slurmd -f "$SLURM_CONF"
usable() {
  sinfo -h -N -o %T | grep -qxE 'idle|mixed|allocated' && return
  scontrol update NodeName="$host" State=RESUME
  return 1
}
wait_for "the node" usable
echo "SLURM $(slurmctld -V | cut -d' ' -f2) is up: export SLURM_CONF=$SLURM_CONF"
