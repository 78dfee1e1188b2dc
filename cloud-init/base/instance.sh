# shellcheck shell=bash disable=SC2154
# Reports and signed calls to AWS before Python exists. Sourced, never run.

state=${DASK_NODE_STATE:-/var/lib/dask-node} log_file=${DASK_NODE_LOG:-/var/log/dask-node.log} instance=""
export TZ=UTC

# log LINE...: to the log and the console
log() { printf '%(%FT%TZ)T %s\n' -1 "$*" | tee -a "$log_file"; }

# write_status STATE STEP EXIT_CODE CAUSE
write_status() {
  local cause
  cause=$(tr -d '\000-\037' <<<"$4" | sed 's/[\\"]/\\&/g')
  printf '{"state": "%s", "step": "%s", "exitCode": %d, "cause": "%s", "at": "%(%FT%TZ)T"}\n' \
    "$1" "$2" "$3" "$cause" -1 >"$state/status.json"
}

# report_failure STEP EXIT_CODE CAUSE: one sentence, everywhere
report_failure() {
  local sentence="step $1 failed with exit code $2: $3"
  log "$sentence; log: $log_file; to try again after a fix: systemctl restart $unit"
  [[ -z ${SERVICE:-} || -e $state/joined ]] || systemctl disable --quiet --now "$SERVICE.service"
  write_status failed "$@"
  [[ -n $instance ]] || return
  ${send_log-}
  report_result "$sentence" ABANDON || log "no answer to the launch hook: $(refusal)"
  [[ -z ${SIGNAL:-} ]] || signal FAILURE "$sentence"
}

# report_result TEXT CONTINUE|ABANDON: tag and launch hook
report_result() {
  retry_for=20 call ec2 2016-11-15 Action=CreateTags ResourceId.1="$instance" \
    Tag.1.Key=dask:state Tag.1.Value="${1:0:255}" || log "no tag on this instance: $(refusal)"
  [[ -z ${GROUP:-} || -e $state/joined ]] || answer_hook "$2"
}

web() {
  curl --silent --show-error --connect-timeout 20 --max-time 20 --retry 4 --retry-connrefused "$@"
}

metadata() { web --fail --header "X-aws-ec2-metadata-token: $token" "$imds/$1"; }

# identify: by IMDSv2; the cause of a failure is in $answer
identify() {
  imds=http://169.254.169.254/latest
  if answer=$(web --fail --request PUT --header "X-aws-ec2-metadata-token-ttl-seconds: 21600" "$imds/api/token" 2>&1) &&
    # Earlier lines are errors of earlier attempts.
    token=${answer##*$'\n'} answer="none that it takes" && region=$(metadata meta-data/placement/region) &&
    domain=$(metadata meta-data/services/domain) && instance=$(metadata meta-data/instance-id); then
    # The image may be that of an instance that joined.
    [[ $(cat "$state/joined" 2>&1) == "$instance" ]] || rm -f "$state/joined"
    return 0
  fi
  answer="the metadata service gives no IMDSv2 token: $answer; enable it, with http_tokens required"
  return 1
}

# Errors that pass: of AWS, and of a role that is seconds old.
PASSING='Throttl|LimitExceeded|TooMany|ThroughputExceeded|Internal|Unavailable|SlowDown|error: 5|xpired'
PASSING+='|InvalidClient|UnrecognizedClient|AuthFailure|AccessDenied|Unauthorized|error: 403|no credentials'

# signed SERVICE CONFIG OPTION...: a request, repeated while its error may pass; the answer is in $answer
signed() {
  local pause longest=2 waited=0
  until request "$@"; do
    [[ $answer =~ $PASSING ]] && [[ $waited -lt ${retry_for:-$RETRY_SECONDS} ]] || return 1
    ((pause = longest / 2 + RANDOM % longest, waited += pause, longest = longest < 16 ? longest * 2 : 20))
    echo "$1: $(refusal); trying again in $pause s" >&2
    sleep "$pause"
  done
}

# request SERVICE CONFIG OPTION...: no command line shows the credentials
request() {
  local role credentials path=meta-data/iam/security-credentials
  answer="the metadata service has no credentials of a role"
  role=$(metadata $path/) && credentials=$(metadata "$path/$role") || return
  answer=$(
    printf 'user = "%s:%s"\nheader = "X-Amz-Security-Token: %s"\n%s' "$(field AccessKeyId "$credentials")" \
      "$(field SecretAccessKey "$credentials")" "$(field Token "$credentials")" "$2" |
      web --fail-with-body --aws-sigv4 "aws:amz:$region:$1" --config - "${@:3}" 2>&1
  )
}

# call SERVICE VERSION NAME=VALUE...: a request in the query protocol
call() {
  local pair data=()
  for pair in "Version=$2" "${@:3}"; do data+=(--data-urlencode "$pair"); done
  signed "$1" "" "${data[@]}" "https://$1.$region.$domain/"
}

# ask SERVICE TARGET JSON: a request in the JSON protocol
ask() {
  local body=${3//\\/\\\\}
  signed "$1" "data-raw = \"${body//\"/\\\"}\"" --header "Content-Type: application/x-amz-json-1.1" \
    --header "X-Amz-Target: $2" "https://$1.$region.$domain/"
}

# field NAME JSON: the last string of this name
field() {
  local value
  value=$(sed --quiet 's/.*"'"$1"'" *: *"\(\([^"\]\|\\.\)*\)".*/\1/p' <<<"$2" | tail -n 1)
  value=${value//\\\//\/}
  printf '%b' "${value//\\\"/\"}"
}

# refusal: AWS's error in one line
refusal() {
  case $answer in
    *'"__type"'*) echo "$(field __type "$answer"): $(field '[Mm]essage' "$answer")" ;;
    *"<Code>"*) tr -d '\n' <<<"$answer" | sed 's/.*<Code>\(.*\)<.Code>.*<Message>\(.*\)<.Message>.*/\1: \2\n/' ;;
    *) echo "${answer##*$'\n'}" ;;
  esac
}

# shellcheck source=/dev/null
[[ -z ${GROUP:-} ]] || source "$lib/hook.sh"
# shellcheck source=/dev/null
[[ -z ${SIGNAL:-} ]] || source "$lib/signal.sh"
