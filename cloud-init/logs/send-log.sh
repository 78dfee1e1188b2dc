# shellcheck shell=bash disable=SC2034,SC2154
# Sends the journal of a node whose boot fails before dask-logs can run: by curl and the Python of the operating system.
# Sourced by bootstrap.sh.

# What report_failure runs before its report, which may end the instance.
send_log=send_journal

# send_journal: sends the newest entries, up to 1 MB
send_journal() {
  local names file=$state/log-events.json
  [[ ! -e /opt/dask/env ]] || return 0
  names='"logGroupName": "'$LOG_GROUP'", "logStreamName": "'$LOG_POOL/$instance'"'
  # With the last line of this run.
  journalctl --sync
  { answer=$(cd "$lib/python" && python3 -B -m cdktf_dask.node.logs.newest "$LOG_GROUP" "$LOG_POOL/$instance" 2>&1 >"$file") &&
    { retry_for=60 ask logs Logs_20140328.CreateLogStream "{$names}" || [[ $answer == *ResourceAlreadyExists* ]]; } &&
    retry_for=60 signed logs "" --header "Content-Type: application/x-amz-json-1.1" \
      --header "X-Amz-Target: Logs_20140328.PutLogEvents" --data-binary "@$file" "https://logs.$region.$domain/"; } ||
    log "the journal is not in the log group $LOG_GROUP: $(refusal)"
  rm -f "$file"
}
