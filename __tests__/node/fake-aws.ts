import type { FakeNode } from "./fake-node";

/** Id of the fake node's instance. */
export const INSTANCE = "i-0123456789abcdef0";

/** What no command line may show. */
export const CREDENTIALS = { id: "ASIAEXAMPLE", secret: "a/secret+with/signs", token: "session//token==" };

/** What AWS and the metadata service do; each answers well unless told otherwise. */
export interface Answers {
  /** Id of the instance. */
  readonly instance?: string;
  /**
   * `off`: the metadata service is, or takes version 1 only. `busy`: each first try fails, of which curl tells before
   * it tries again. `forgetful`: it takes no token.
   */
  readonly metadata?: "on" | "off" | "busy" | "forgetful";
  /** `gone`: no hook waits for the node; `down`: the service does not answer. */
  readonly hook?: "waits" | "gone" | "down";
  /** `denied`: the node's role may not set tags. */
  readonly tags?: "allowed" | "denied";
  /** `denied`: the node's role may not read parameters and secrets. */
  readonly keeping?: "allowed" | "denied";
  /** Errors with which a service refuses its first calls, such as `{ ssm: ["ThrottlingException"] }`. */
  readonly refusals?: Readonly<Record<string, readonly string[]>>;
  /** `late`: the metadata service has no credentials at the first two questions, as for a role that is seconds old. */
  readonly credentials?: "there" | "late";
  /** `refused`: the URL of the deployment's wait condition has expired. */
  readonly signal?: "taken" | "refused";
  /** File that every download gives. */
  readonly download?: string;
  /** `exists`: the log stream was created before. `denied`: the node's role may not write logs. */
  readonly stream?: "new" | "exists" | "denied";
  /** How S3 rejects the bundle: an error code of S3, or `unreachable`. */
  readonly bucket?: string;
}

/** Directory of the parameters of the double, one file each. */
const KEPT = "var/kept";

/** Answers a request of JSON 1.1, as the services do; `arguments`: the folder of what is kept, whether all is denied. */
const KEEPER = `
const { existsSync, readFileSync, writeFileSync } = require("node:fs");
const [folder, denied] = process.argv.slice(2);
const config = readFileSync(0, "utf8");
writeFileSync(folder + "/../stdin", config, { flag: "a" });
// What curl reads as an option in quotes, JSON reads alike.
const body = JSON.parse(JSON.parse(/^data-raw = (".*")$/m.exec(config)[1]));
const name = body.Name ?? body.SecretId;
const file = folder + "/" + name.replaceAll("/", "-");
const refuse = (type, message) => {
  console.log(JSON.stringify({ __type: type, Message: message }));
  console.error("curl: (22) The requested URL returned error: 400");
  process.exit(22);
};
if (!config.startsWith('user = "${CREDENTIALS.id}:${CREDENTIALS.secret}"\\n')) refuse("UnrecognizedClientException", "who?");
if (denied === "denied") refuse("AccessDeniedException", "not you");
if (!existsSync(file)) refuse(body.Name ? "ParameterNotFound" : "ResourceNotFoundException", "no such " + (body.Name ? "parameter" : "secret"));
const value = readFileSync(file, "utf8");
console.log(JSON.stringify(body.Name ? { Parameter: { Name: name, Value: value } } : { Name: name, SecretString: value }));
`;

/**
 * Stands for curl, the metadata service and AWS's APIs: notes each call, keeps what comes on standard input in
 * `var/stdin`, and answers in the form of the service.
 */
export function fakeAws(fake: FakeNode, answers: Answers = {}): void {
  const {
    instance = INSTANCE,
    metadata = "on",
    hook = "waits",
    tags = "allowed",
    keeping = "allowed",
    refusals = {},
    credentials = "there",
    signal = "taken",
    download = "",
    stream = "new",
    bucket,
  } = answers;
  const failed = (what: string, code = 22) => `echo 'curl: (${code}) ${what}' >&2; exit ${code}`;
  // As curl 7.88 was seen to do: also the refused try's body goes to standard output, where it was asked for.
  const busy = `if [[ $url == http:* ]]; then
  echo 'curl: (22) The requested URL returned error: 503' >&2
  [[ $* != *--fail-with-body* ]] || echo '<Error>busy</Error>'
fi`;
  const refused = (status: number) => failed(`The requested URL returned error: ${status}`);
  const error = (code: string, message: string) =>
    `<ErrorResponse><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
  const hookGone = error("ValidationError", `No active Lifecycle Action found with instance ID ${instance}`);
  fake.write(`${KEPT}/keeper.cjs`, KEEPER);
  fake.write("var/credentials", credentials === "late" ? "no\nno\n" : "");
  for (const service of ["autoscaling", "ec2", "ssm"]) {
    fake.write(`var/refusals-${service}`, (refusals[service] ?? []).map((code) => `${code}\n`).join(""));
  }
  fake.command(
    "curl",
    `url=\${*: -1}
${metadata === "busy" ? busy : ""}
if [[ $url == https://*.s3.* ]]; then
  cat >>/var/stdin
  ${bucket === "unreachable" ? failed("Connection timed out after 20001 milliseconds", 28) : ""}
  ${bucket === undefined ? "" : `echo '${error(bucket, "Access Denied")}' >"\${@: -2:1}"; ${refused(bucket.startsWith("NoSuch") ? 404 : 403)}`}
fi
[[ $* != *" --output "* ]] || exec cp '${download}' "\${@: -2:1}"
# next FILE: takes its first line, where it has one
next() { [[ -s $1 ]] && head -n 1 "$1" && sed -i 1d "$1"; }
service=\${url#https://} service=\${service%%.*}
if [[ $url == https://*.amazonaws.com/ ]] && code=$(next "/var/refusals-$service"); then
  if [[ $service == s* ]]; then echo "{\\"__type\\": \\"$code\\", \\"message\\": \\"for now\\"}"
  else echo "<ErrorResponse><Error><Code>$code</Code><Message>for now</Message></Error></ErrorResponse>"; fi
  cat >/dev/null
  ${refused(400)}
fi
case $url in
http://169.254.169.254/latest/api/token)
  ${metadata === "off" ? refused(403) : "printf the-token"} ;;
http://169.254.169.254/latest/meta-data/* | http://169.254.169.254/latest/dynamic/*)
  ${metadata === "forgetful" ? refused(401) : ""}
  [[ $* == *"--header X-aws-ec2-metadata-token: the-token "* ]] || { ${refused(401)}; }
  case \${url#*/latest/*/} in
  instance-identity/document) echo '{ "accountId" : "123456789012", "region" : "eu-central-1" }' ;;
  instance-id) printf ${instance} ;;
  placement/region) printf eu-central-1 ;;
  services/domain) printf amazonaws.com ;;
  iam/security-credentials/) ! next /var/credentials >/dev/null || { ${refused(404)}; }; printf the-role ;;
  iam/security-credentials/the-role) cat <<'END'
{
  "Code" : "Success",
  "Type" : "AWS-HMAC",
  "AccessKeyId" : "${CREDENTIALS.id}",
  "SecretAccessKey" : "${CREDENTIALS.secret}",
  "Token" : "${CREDENTIALS.token}",
  "Expiration" : "2026-11-23T19:00:00Z"
}
END
  ;;
  *) ${refused(404)} ;;
  esac ;;
-)
  cat >>/var/signals
  echo >>/var/signals
  ${signal === "refused" ? `echo '${error("AccessDenied", "Request has expired")}'; ${refused(403)}` : ""} ;;
https://autoscaling.*)
  cat >>/var/stdin
  ${hook === "gone" ? `printf '%s\\n' '${hookGone}'; ${refused(400)}` : ""}
  ${hook === "down" ? failed("Connection timed out after 20001 milliseconds", 28) : ""} ;;
https://ssm.* | https://secretsmanager.*)
  exec '${process.execPath}' /${KEPT}/keeper.cjs /${KEPT} ${keeping} "$@" ;;
https://logs.*)
  cat >>/var/stdin
  for word; do [[ $word != @* ]] || cp "\${word#@}" /var/log-events; done
  if [[ $* == *CreateLogStream* ]]; then
    ${stream === "exists" ? `echo '{"__type": "ResourceAlreadyExistsException", "message": "it is there"}'; ${refused(400)}` : ":"}
    ${stream === "denied" ? `echo '{"__type": "AccessDeniedException", "message": "not you"}'; ${refused(400)}` : ":"}
  fi ;;
https://ec2.*)
  cat >>/var/stdin
  ${tags === "denied" ? `printf '%s\\n' '${error("UnauthorizedOperation", "not you")}'; ${refused(403)}` : ""} ;;
esac`,
  );
}

/** Puts a parameter or a secret to where the fake keeps it. */
export function keep(fake: FakeNode, name: string, value: string): void {
  fake.write(`${KEPT}/${name.replaceAll("/", "-")}`, value);
}

/** What a node asked AWS for, less what every call has: `ready` for a tag, `CONTINUE` for an answer to the hook. */
export function toldAws(calls: readonly string[]): string[] {
  return calls.flatMap((call) => {
    const [, said] =
      /Tag\.1\.Value=(.*) https:\/\/ec2\./.exec(call) ?? /LifecycleActionResult=(\w+) https/.exec(call) ?? [];
    return said === undefined ? [] : [said];
  });
}
