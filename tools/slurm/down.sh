#!/usr/bin/env bash
# Stop what tools/slurm/up.sh started, by its pid files and nothing else. SLURM_TEST_PURGE=1 removes its folder too.
set -euo pipefail

dir=${SLURM_TEST_DIR:-/tmp/echoclr-slurm}
[ -e "$dir/etc/slurm.conf" ] || exit 0
export SLURM_CONF=$dir/etc/slurm.conf

# Jobs first: they would outlive slurmd.
if timeout 10 squeue -h -o %A >/dev/null 2>&1; then
  jobs=$(squeue -h -o %A | sort -u)
  # shellcheck disable=SC2086
  [ -z "$jobs" ] || scancel $jobs || true
  for _ in $(seq 100); do
    [ -n "$(squeue -h -o %A)" ] || break
    sleep 0.2
  done
fi
for name in slurmd slurmctld munged; do
  pid=$(cat "$dir/run/$name.pid" 2>/dev/null) || continue
  if [ -r "/proc/$pid/cmdline" ] && tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q "$name"; then
    kill "$pid"
    for _ in $(seq 100); do
      [ -d "/proc/$pid" ] || break
      sleep 0.1
    done
    [ ! -d "/proc/$pid" ] || kill -KILL "$pid"
  fi
  rm -f "$dir/run/$name.pid"
done
if [ "$(readlink /etc/slurm/slurm.conf 2>/dev/null)" = "$dir/etc/slurm.conf" ]; then
  rm -f /etc/slurm/slurm.conf
fi
if [ "${SLURM_TEST_PURGE:-0}" = 1 ]; then
  rm -r "$dir"
fi
