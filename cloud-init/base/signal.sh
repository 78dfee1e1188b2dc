# shellcheck shell=bash disable=SC2154
# Reports the first boot of the scheduler to its CloudFormation wait condition. Sourced by instance.

# signal SUCCESS|FAILURE SENTENCE
signal() { [[ -e $state/joined ]] || send_signal "$@" || log "no signal to the deployment: $(refusal)"; }

# Terraform creates the parameter after the instance.
send_signal() {
  local text body waited=0
  until ask ssm AmazonSSM.GetParameter '{"Name": "'"$SIGNAL"'"}'; do
    [[ $answer == *ParameterNotFound* && $((waited += 5)) -le $SIGNAL_SECONDS ]] || return 1
    sleep 5
  done
  # CloudFormation accepts at most 4096 bytes of printable ASCII.
  text=$(tr '\\"' "/'" <<<"${2:0:900}" | tr -cd '\040-\176')
  body='{"Status": "'$1'", "Reason": "'$text'", "UniqueId": "'$instance'", "Data": "'$text'"}'
  # No command line shows the presigned URL. It is signed for an empty content type.
  answer=$(printf 'url = "%s"\ndata-raw = "%s"' "$(field Value "$answer")" "${body//\"/\\\"}" |
    web --fail-with-body --request PUT --header Content-Type: --config - 2>&1)
}
