# shellcheck shell=bash disable=SC2154
# Completes the launch hook of the group. Sourced by instance.sh.

# answer_hook CONTINUE|ABANDON: retries for a while, because an instance may be faster than its group
answer_hook() {
  local pause waited=0
  until call autoscaling 2011-01-01 Action=CompleteLifecycleAction AutoScalingGroupName="$GROUP" \
    LifecycleHookName="$HOOK" InstanceId="$instance" LifecycleActionResult="$1"; do
    [[ $answer == *"No active Lifecycle Action"* ]] || return 1
    if [[ $waited -ge $HOOK_SECONDS ]]; then
      log "launch hook $HOOK does not wait for this instance; if it is gone, cdktf deploy brings it back"
      return
    fi
    ((pause = 5 + RANDOM % 6, waited += pause))
    sleep "$pause"
  done
}
