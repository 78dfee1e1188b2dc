#!/bin/bash
# Runs the boot steps of this node: those that an image can contain, in parallel groups and then the scripts of the user,
# and then those of every boot. With the argument `bake`, only the former. The first step that fails ends the run with one
# sentence: on the console, in the log, in status.json, in the tag of the instance and to its launch hook.
# A step may ask for a reboot by exit code 100, once; dask-node.service then continues.
set -uo pipefail
unit=dask-node
source "$(dirname "$0")/functions.sh"
# An instance that bakes has none.
# shellcheck source=cloud-init/logs/send-log.sh
[[ ! -e $lib/send-log.sh ]] || source "$lib/send-log.sh"

readonly WANTS_REBOOT=100

# run_step STEP: logs its output, each line with the time and the step; leaves the last line in $state
run_step() {
  local command=("$lib/$1.sh")
  # A step is a script, or a module of the Python package.
  [[ -e ${command[0]} ]] || command=("$lib/run.sh" "$1")
  : >"$state/$1.last"
  timeout --kill-after=30 $((BOOT_SECONDS > SECONDS ? BOOT_SECONDS - SECONDS : 1)) "${command[@]}" 2>&1 9>&- |
    while IFS= read -r line || [[ -n $line ]]; do
      log "[$1] $line"
      [[ -z $line ]] || printf '%s' "$line" >"$state/$1.last"
    done
}

# run_group STEP...: in this order; a step that fails is noted in $state/stopped, which stops the other groups too
run_group() {
  local step code started
  for step in "$@"; do
    [[ ! -e $state/stopped ]] || return
    write_status running "$step" 0 ""
    log "step $step begins"
    started=$SECONDS
    run_step "$step"
    code=$?
    ((code == 0)) || { echo "$step $code" >"$state/stopped" && return $((code != WANTS_REBOOT)); }
    log "step $step done after $((SECONDS - started)) s"
  done
}

# run_groups STEP,STEP...: each argument is a group; the groups run in parallel
run_groups() {
  local group step code cause
  rm -f "$state/stopped"
  for group in "$@"; do
    # shellcheck disable=SC2086 # a list of words
    run_group ${group//,/ } &
  done
  for group in "$@"; do wait -n || break; done
  [[ -e $state/stopped ]] || return 0
  read -r step code <"$state/stopped"
  cause=$(<"$state/$step.last")
  ((code != 124 && code != 137)) || cause="not done within $BOOT_SECONDS s of the start, at: $cause"
  ((code == WANTS_REBOOT)) || fail_step "$step" "$code" "${cause:-it said nothing}"
  [[ ! -e $state/rebooted ]] || fail_step "$step" "$code" "it asks for a second reboot: $cause"
  touch "$state/rebooted"
  write_status rebooting "$step" 0 "$cause"
  log "step $step needs a reboot: $cause; rebooting once, then going on"
  # EC2 Image Builder reboots on this exit code, and then runs the command again.
  [[ $mode == boot ]] || exit 194
  systemctl --no-block reboot
  exit
}

# fail_step STEP EXIT_CODE CAUSE: ends the run
fail_step() {
  report_failure "$@"
  # Killing apt in the middle of a transaction would break dpkg. Steps that end meanwhile have overwritten the status.
  wait
  write_status failed "$@"
  exit 1
}

mode=${1:-boot}
mkdir -p "$state"
exec 9>"$state/lock"
flock --nonblock 9 || { log "another bootstrap is at work: follow it with journalctl -fu dask-node"; exit 1; }

if [[ $mode == boot ]]; then
  identify || {
    [[ -z $GROUP || -e $state/joined ]] || fail_step metadata 1 "$answer"
    log "no word to AWS: $answer"
  }
fi

key=$(cat "$state/baked" 2>/dev/null)
if [[ $mode == boot && $key == "$BAKE_KEY" ]]; then
  log "the image has key $key, as wanted: straight to boot"
else
  [[ -z $key ]] || log "the image has key $key, wanted $BAKE_KEY: installing"
  # shellcheck disable=SC2086 # a list of words
  run_groups $BAKE
  [[ -z $BAKE_SETUP ]] || run_groups "$BAKE_SETUP"
fi
if [[ $mode == bake ]]; then
  rm -f "$state/rebooted"
  echo "$BAKE_KEY" >"$state/baked"
  log "baked: key $BAKE_KEY"
  exit
fi
run_groups "$BOOT"

rm -f "$state/rebooted"
if [[ -n $instance ]]; then
  report_result ready CONTINUE || fail_step report 1 "no answer to the launch hook: $(refusal)"
fi
write_status ready "${BOOT##*,}" 0 ""
log "ready: every step is done"
if [[ -n $instance ]]; then
  [[ -z $SIGNAL ]] || signal SUCCESS "the scheduler is ready"
  echo "$instance" >"$state/joined"
fi
