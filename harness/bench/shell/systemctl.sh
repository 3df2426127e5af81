#!/bin/sh
# A service manager of pid files, for the cells that run without the harness: just enough of systemctl(1) for an upgrade in
# which nothing goes wrong. One shell in the background per service honours Restart=; there are no start limits.
# BENCH_UNITS: the unit files. BENCH_STATE: `UNIT.active`, `.main`, `.keeper`, `.pending`, `.stop`.
[ -z "${UPMATRIX_UNIT:-}" ] || exec env -u UPMATRIX_UNIT sh "$0" "$@" # a service that stops itself must not end this
set -u

load() {
  command='' restart=no delay=0.1 directory=/ mode=control-group patience=9000 variables=''
  while IFS= read -r line; do
    value=${line#*=}
    case $line in
      ExecStart=*) command=$value ;;
      Restart=*) restart=$value ;;
      RestartSec=*) delay=$(seconds "$value") ;;
      WorkingDirectory=*) directory=$value ;;
      KillMode=*) mode=$value ;;
      TimeoutStopSec=*) patience=$(seconds "$value"); patience=${patience%.*}00 ;;
      Environment=*) variables="$variables $value" ;;
    esac
  done < "$BENCH_UNITS/$unit"
  [ "$patience" -gt 0 ] || patience=100
}

seconds() {
  case $1 in
    *ms) n=${1%ms}; printf '%d.%03d' $((n / 1000)) $((n % 1000)) ;;
    *min) printf '%d.0' $((${1%min} * 60)) ;;
    *) printf '%s' "${1%s}" ;;
  esac
}

# The processes that descend from the service: they inherited its name.
members() { grep -lsz "^UPMATRIX_UNIT=$UPMATRIX_CELL/$unit\$" /proc/[0-9]*/environ | sed 's:^/proc/::; s:/.*::'; }

signal_members() { found=$(members) && [ -z "$found" ] || kill "$1" $found 2> /dev/null || :; }

keep() {
  echo $$ > "$at.keeper"
  while load; do
    (cd "$directory" && UPMATRIX_UNIT=$UPMATRIX_CELL/$unit && export UPMATRIX_UNIT && eval "exec env $variables $command") >> "$at.log" 2>&1 &
    echo $! > "$at.main"
    wait $!; code=$?
    : > "$at.pending"
    rm -f "$at.main"
    if [ "$mode" = control-group ] || [ "$mode" = mixed ]; then
      [ -e "$at.stop" ] || signal_members -9
      while [ -n "$(members)" ]; do sleep 0.01; done
    fi
    [ ! -e "$at.stop" ] || break
    case $restart-$code in always-* | on-failure-[1-9]* | on-abnormal-1[3-9][0-9]) ;; *) break ;; esac
    sleep "$delay"
    rm -f "$at.pending"
  done
  rm -f "$at.active" "$at.main" "$at.pending" "$at.stop"
}

start() {
  [ ! -e "$at.active" ] || return 0
  : > "$at.active"
  setsid sh "$0" keep "$unit" < /dev/null > /dev/null 2>&1 &
}

stop() {
  [ -e "$at.active" ] || return 0
  load
  : > "$at.stop"
  if [ -e "$at.pending" ]; then kill "$(cat "$at.keeper")"; rm -f "$at.active" "$at.pending" "$at.stop"; return 0; fi
  while [ -e "$at.active" ] && [ ! -s "$at.main" ]; do sleep 0.01; done
  kill "$(cat "$at.main")" 2> /dev/null
  [ "$mode" != control-group ] || signal_members -15
  while [ -e "$at.active" ]; do
    sleep 0.01
    [ $((patience -= 1)) -ne 0 ] || { signal_members -9; kill -9 "$(cat "$at.main")" 2> /dev/null; }
  done
}

verb='' status=0
for word; do
  case $word in -* | MainPID) continue ;; esac
  [ -n "$verb" ] || { verb=$word; continue; }
  case $word in *.*) unit=$word ;; *) unit=$word.service ;; esac
  at=$BENCH_STATE/$unit
  [ -e "$BENCH_UNITS/$unit" ] || { echo "Unit $unit not found." >&2; exit 4; }
  case $verb in
    keep | start | stop) $verb ;;
    restart) stop; start ;;
    enable) : > "$BENCH_UNITS/wants/$unit" ;;
    disable) rm -f "$BENCH_UNITS/wants/$unit" ;;
    reset-failed) ;;
    is-enabled) [ -e "$BENCH_UNITS/wants/$unit" ] && echo enabled || { echo disabled; status=1; } ;;
    is-active | status) [ -e "$at.active" ] && echo active || { echo inactive; status=3; } ;;
    show) echo "MainPID=$(cat "$at.main" 2> /dev/null || echo 0)" ;;
    *) echo "Unknown command verb $verb." >&2; exit 1 ;;
  esac
done
exit $status
