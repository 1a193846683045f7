#!/usr/bin/env bash
# A Slurm cluster of one host, for tests: its files lie in one folder. For as long as it runs, the system's
# configuration is a link to its own, since jobs do not inherit SLURM_CONF; a host with a Slurm of its own is left alone.
#   slurm-local.sh install        Debian packages slurm-wlm and munge (needs root and apt-get)
#   slurm-local.sh start DIR      make keys and configuration in DIR, start munged, slurmctld and slurmd
#   slurm-local.sh stop DIR       stop what was started in DIR
# start needs root, as slurmd does. It ends with 77 where something it needs is not there.
set -euo pipefail
SYSTEM_CONF=/etc/slurm/slurm.conf
say() { echo "slurm-local: $*" >&2; }

install() {
  if command -v slurmctld >/dev/null && command -v munged >/dev/null; then return 0; fi
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    say "slurm-wlm and munge are not installed (that needs root and apt-get)"
    exit 77
  fi
  # The packages would start daemons of their own; policy-rc.d forbids it for as long as they are installed.
  local policy=/usr/sbin/policy-rc.d made=""
  if [ ! -e "$policy" ]; then printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod 755 "$policy"; made=yes; fi
  trap '[ -z "$made" ] || rm -f "$policy"' RETURN
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends slurm-wlm munge >/dev/null
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

write_configuration() {
  local host cpus memory
  host="$(hostname -s)"
  cpus="$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)" # nproc heeds these; a job of a shard asks for two
  memory="$(awk '/^MemTotal:/ { print int($2 / 1024 * 0.8) }' /proc/meminfo)"
  cat >"$1/slurm.conf" <<EOF
ClusterName=local
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$1/munge/socket
CryptoType=crypto/munge
StateSaveLocation=$1/state
SlurmdSpoolDir=$1/spool
SlurmctldPidFile=$1/slurmctld.pid
SlurmdPidFile=$1/slurmd.pid
SlurmctldLogFile=$1/slurmctld.log
SlurmdLogFile=$1/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
MinJobAge=3600
ReturnToService=2
JobRequeue=1
KillWait=5
SlurmdTimeout=300
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cpus RealMemory=$memory State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=1-00:00:00 State=UP
EOF
  printf 'CgroupAutomount=no\n' >"$1/cgroup.conf"
}

start() {
  local dir="$1" waited=0
  [ "$(id -u)" = 0 ] || { say "slurmd needs root"; exit 77; }
  for program in munged slurmctld slurmd sinfo; do
    command -v "$program" >/dev/null || { say "$program is not installed"; exit 77; }
  done
  if [ -e "$SYSTEM_CONF" ]; then say "this host has a Slurm of its own ($SYSTEM_CONF)"; exit 77; fi
  mkdir -p "$dir/state" "$dir/spool" "$dir/munge" "${SYSTEM_CONF%/*}"
  dir="$(cd "$dir" && pwd)"
  chmod 755 "$dir" "$dir/munge"
  write_configuration "$dir"
  dd if=/dev/urandom of="$dir/munge/key" bs=1 count=1024 status=none
  chmod 400 "$dir/munge/key"
  munged --force --key-file="$dir/munge/key" --socket="$dir/munge/socket" --pid-file="$dir/munge/pid" \
    --log-file="$dir/munge/log" --seed-file="$dir/munge/seed"
  export SLURM_CONF="$dir/slurm.conf"
  ln -sf "$SLURM_CONF" "$SYSTEM_CONF" # -f: a link that a killed test left leads nowhere
  slurmctld -f "$SLURM_CONF"
  slurmd -f "$SLURM_CONF"
  until sinfo --noheader --format=%T 2>/dev/null | grep -q idle; do
    waited=$((waited + 1))
    if [ "$waited" -gt 60 ]; then
      say "the node did not come up; the end of the logs in $dir:"
      tail -n 20 "$dir"/slurmctld.log "$dir"/slurmd.log >&2
      stop "$dir"
      exit 1
    fi
    sleep 0.5
  done
  echo "$dir/slurm.conf"
}

stop_one() { # pid file, name: only a process that has that name is ended
  local pid
  [ -f "$1" ] || return 0
  pid="$(cat "$1")"
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ] || return 0
  kill "$pid"
  for _ in $(seq 40); do [ -d "/proc/$pid" ] || return 0; sleep 0.25; done
  kill -9 "$pid" || true
}

stop() {
  local dir
  dir="$(cd "$1" && pwd)"
  if [ "$(readlink "$SYSTEM_CONF")" = "$dir/slurm.conf" ]; then rm -f "$SYSTEM_CONF"; fi
  stop_one "$dir/slurmd.pid" slurmd
  stop_one "$dir/slurmctld.pid" slurmctld
  stop_one "$dir/munge/pid" munged
}

case "${1:-}" in
  install) install ;;
  start) start "${2:?folder}" ;;
  stop) stop "${2:?folder}" ;;
  *) say "install | start DIR | stop DIR"; exit 2 ;;
esac
