import { production } from "../../environments/production";
import { CREDENTIALS, fakeAws, INSTANCE, keep, toldAws } from "./fake-aws";
import { FakeNode } from "./fake-node";
import { schedulerNode, worker } from "./specs";

const STEPS = ["base", "conda", "configuration", "certificates", "dashboard", "dask", "monitoring"];
const WEB = "curl --silent --show-error --connect-timeout 20 --max-time 20 --retry 4 --retry-connrefused";
const METADATA = "http://169.254.169.254/latest/meta-data";
let fake: FakeNode;

/** A node of which each step only notes that it ran, as a call of its name. */
const prepare = (spec = worker(production, "cpu")) => {
  fake = new FakeNode(spec);
  fake.write("var/log/dask-node.log", "");
  fake.command("systemctl");
  for (const step of STEPS) {
    fake.script(`${step}.sh`, `#!/bin/bash\nstep-${step}\n`);
    fake.command(`step-${step}`);
  }
  fakeAws(fake);
};
afterEach(() => fake.remove());

const failing = (step: string, words: string) =>
  fake.script(`${step}.sh`, `#!/bin/bash\nprintf '%s\\n' '${words}'\nexit 3\n`);
const status = () => JSON.parse(fake.read("var/lib/dask-node/status.json") ?? "{}");
const joined = () => fake.read("var/lib/dask-node/joined");
const steps = (calls: readonly string[]) => calls.filter((call) => call.startsWith("step-"));
/** Seconds that a run paused. */
const pauses = (calls: readonly string[]) =>
  calls.reduce((sum, call) => sum + Number(/^sleep (\d+)$/.exec(call)?.[1] ?? 0), 0);
const disabled = (calls: readonly string[]) => calls.filter((call) => call.includes(" disable "));

describe("a call to AWS", () => {
  test("uses the identity of the node from IMDSv2 only", () => {
    prepare();
    const curls = fake.run("bootstrap.sh").calls.filter((call) => call.startsWith("curl "));
    const token = "--fail --header X-aws-ec2-metadata-token: the-token";
    expect(curls.slice(0, 4)).toEqual([
      `${WEB} --fail --request PUT --header X-aws-ec2-metadata-token-ttl-seconds: 21600 http://169.254.169.254/latest/api/token`,
      `${WEB} ${token} ${METADATA}/placement/region`,
      `${WEB} ${token} ${METADATA}/services/domain`,
      `${WEB} ${token} ${METADATA}/instance-id`,
    ]);
    const credentials = [
      `${WEB} ${token} ${METADATA}/iam/security-credentials/`,
      `${WEB} ${token} ${METADATA}/iam/security-credentials/the-role`,
    ];
    expect(curls.slice(4)).toEqual([
      ...credentials,
      `${WEB} --fail-with-body --aws-sigv4 aws:amz:eu-central-1:ec2 --config - --data-urlencode Version=2016-11-15 ` +
        `--data-urlencode Action=CreateTags --data-urlencode ResourceId.1=${INSTANCE} ` +
        "--data-urlencode Tag.1.Key=dask:state --data-urlencode Tag.1.Value=ready https://ec2.eu-central-1.amazonaws.com/",
      ...credentials,
      `${WEB} --fail-with-body --aws-sigv4 aws:amz:eu-central-1:autoscaling --config - --data-urlencode Version=2011-01-01 ` +
        "--data-urlencode Action=CompleteLifecycleAction --data-urlencode AutoScalingGroupName=dask-production--cpu " +
        `--data-urlencode LifecycleHookName=workers-registered --data-urlencode InstanceId=${INSTANCE} ` +
        "--data-urlencode LifecycleActionResult=CONTINUE https://autoscaling.eu-central-1.amazonaws.com/",
    ]);
  });

  test("is signed with the role's credentials, which no command line, log line or file shows", () => {
    prepare();
    const { calls, said } = fake.run("bootstrap.sh");
    const { id, secret, token } = CREDENTIALS;
    const config = `user = "${id}:${secret}"\nheader = "X-Amz-Security-Token: ${token}"\n`;
    expect(fake.read("var/stdin")).toBe(config.repeat(2));
    const shown = [...calls, said, fake.read("var/log/dask-node.log"), JSON.stringify(status())].join("\n");
    for (const value of [id, secret, token]) expect(shown).not.toContain(value);
  });

  test("succeeds after the metadata service was busy", () => {
    prepare();
    fakeAws(fake, { metadata: "busy" });
    const { code, calls } = fake.run("bootstrap.sh");
    expect(code).toBe(0);
    expect(toldAws(calls)).toEqual(["ready", "CONTINUE"]);
    expect(
      calls.filter((call) => call.includes(" --aws-sigv4 ")).map((call) => call.split(" ").at(-1)),
    ).toEqual(["https://ec2.eu-central-1.amazonaws.com/", "https://autoscaling.eu-central-1.amazonaws.com/"]);
    expect(joined()).toBe(`${INSTANCE}\n`);
  });
});

describe("a call to a JSON API of AWS", () => {
  /** Runs lines of a boot step. */
  const asks = (lines: string) => {
    fake.script(
      "asks",
      `#!/bin/bash\nset -euo pipefail\nsource "$(dirname "$0")/functions.sh"\nidentify\n${lines}\n`,
    );
    return fake.run("asks");
  };
  const answered = (words: string) => ({ code: 0, said: `${words}\n` });
  beforeEach(() => prepare());

  test("is signed, and its body appears in no command line", () => {
    keep(fake, "/a", "b");
    const { calls } = asks(`ask ssm AmazonSSM.GetParameter '{"Name": "/a"}'`);
    expect(calls.at(-1)).toBe(
      `${WEB} --fail-with-body --aws-sigv4 aws:amz:eu-central-1:ssm --config - --header Content-Type: application/x-amz-json-1.1 ` +
        "--header X-Amz-Target: AmazonSSM.GetParameter https://ssm.eu-central-1.amazonaws.com/",
    );
    const { id, secret, token } = CREDENTIALS;
    expect(fake.read("var/stdin")).toBe(
      `user = "${id}:${secret}"\nheader = "X-Amz-Security-Token: ${token}"\ndata-raw = "{\\"Name\\": \\"/a\\"}"`,
    );
  });

  test.each([
    ["lines", "one\ntwo"],
    ["quotes and backslashes", 'say "no\\nonsense" \\ twice'],
    ["slashes, as in base64", "a/b+c=="],
    ["an empty line", "\n."],
  ])("returns the exact value: %s", (_, value) => {
    keep(fake, "/a", value);
    expect(
      asks(`ask ssm AmazonSSM.GetParameter '{"Name": "/a"}'; field Value "$answer"; echo`),
    ).toMatchObject(answered(value));
  });

  test.each([
    ['{"a":"one","Value" : "two"}', "two"],
    [String.raw`{"Value": "a\/b\u003d"}`, "a/b="],
    [String.raw`{"Text": "\"Value\": \"none\"", "Value": "it"}`, "it"],
    ['{\n  "Value": "on a line of its own"\n}', "on a line of its own"],
    ['{"Value": "of a try that failed"}\ncurl: (22) 503\n{"Value": "of the last"}', "of the last"],
    ["none", ""],
  ])("gives a field of %j", (json, value) => {
    fake.write("var/answer", json);
    expect(asks('answer=$(</var/answer); field Value "$answer"; echo')).toMatchObject(answered(value));
  });

  test.each([
    ...["ThrottlingException", "Throttling", "RequestLimitExceeded", "TooManyRequestsException"],
    ...["ProvisionedThroughputExceededException", "ExpiredTokenException", "InvalidClientTokenId"],
    ...["UnrecognizedClientException", "AuthFailure", "AccessDeniedException", "UnauthorizedOperation"],
    ...["InternalFailure", "InternalServiceError", "ServiceUnavailable"],
  ])("is repeated after %s, with the current credentials", (code) => {
    keep(fake, "/a", "b");
    fakeAws(fake, { refusals: { ssm: [code, code, code] } });
    const {
      code: end,
      said,
      calls,
    } = asks(`ask ssm AmazonSSM.GetParameter '{"Name": "/a"}'; field Value "$answer"; echo`);
    expect(end).toBe(0);
    expect(said.split("\n")).toEqual([
      ...Array(3).fill(expect.stringMatching(RegExp(`^ssm: ${code}: for now; trying again in \\d+ s$`))),
      "b",
      "",
    ]);
    expect(calls.filter((call) => call.endsWith("/iam/security-credentials/the-role"))).toHaveLength(4);
  });

  test("retries with growing random pauses, and fails with AWS's message", () => {
    fakeAws(fake, { keeping: "denied" });
    const runs = [1, 2, 3].map(() =>
      asks(`ask ssm AmazonSSM.GetParameter '{"Name": "/a"}' || fail "$(refusal)"`),
    );
    for (const { code, said, calls } of runs) {
      expect(code).toBe(1);
      expect(said).toMatch(/\nAccessDeniedException: not you\n$/);
      const each = calls.flatMap((call) => /^sleep (\d+)$/.exec(call)?.[1] ?? []).map(Number);
      expect(each[0]).toBeLessThanOrEqual(2);
      expect(Math.max(...each)).toBeLessThan(30);
      expect(pauses(calls)).toBeGreaterThanOrEqual(150);
      expect(pauses(calls)).toBeLessThan(180);
    }
    expect(
      new Set(runs.map(({ calls }) => calls.filter((call) => /^sleep/.test(call)).join())).size,
    ).toBeGreaterThan(1);
  });

  test("waits for the credentials of a role that is seconds old", () => {
    keep(fake, "/a", "b");
    fakeAws(fake, { credentials: "late" });
    const { code, said } = asks(
      `ask ssm AmazonSSM.GetParameter '{"Name": "/a"}'; field Value "$answer"; echo`,
    );
    expect(code).toBe(0);
    expect(said).toContain("ssm: the metadata service has no credentials of a role; trying again in ");
    expect(said.split("\n").at(-2)).toBe("b");
  });

  test.each(["ResourceNotFoundException", "ParameterNotFound", "ValidationException"])(
    "is not repeated after %s",
    (code) => {
      fakeAws(fake, { refusals: { ssm: [code] } });
      const { said, calls } = asks(`ask ssm AmazonSSM.GetParameter '{"Name": "/a"}' || refusal`);
      expect(said).toBe(`${code}: for now\n`);
      expect(pauses(calls)).toBe(0);
    },
  );

  test("that does not reach AWS reports the error of curl", () => {
    const { said } = asks(
      "answer=$'curl: (6) Could not resolve host\\ncurl: (28) Connection timed out'; refusal",
    );
    expect(said).toBe("curl: (28) Connection timed out\n");
  });
});

describe("the launch hook", () => {
  test("is completed with CONTINUE after all steps, and not before", () => {
    prepare();
    const { code, calls } = fake.run("bootstrap.sh");
    expect(code).toBe(0);
    expect(steps(calls).slice(2)).toEqual(["step-configuration", "step-certificates", "step-dask"]);
    expect(toldAws(calls)).toEqual(["ready", "CONTINUE"]);
    expect(toldAws(calls.slice(calls.indexOf("step-dask")))).toEqual(["ready", "CONTINUE"]);
    expect(joined()).toBe(`${INSTANCE}\n`);
  });

  test("is completed with ABANDON at the first failure, and the tag has the reason", () => {
    prepare();
    failing("configuration", "no space left");
    const { code, calls } = fake.run("bootstrap.sh");
    expect(code).toBe(1);
    expect(toldAws(calls)).toEqual(["step configuration failed with exit code 3: no space left", "ABANDON"]);
    expect(joined()).toBeUndefined();
    expect(steps(calls)).not.toContain("step-dask");
  });

  test("gets a tag of at most 255 characters", () => {
    prepare();
    failing("configuration", "x".repeat(300));
    const [tag = ""] = toldAws(fake.run("bootstrap.sh").calls);
    expect(tag).toMatch(/^step configuration failed with exit code 3: x+$/);
    expect(tag).toHaveLength(255);
  });

  test("is not completed at a later boot", () => {
    prepare();
    fake.run("bootstrap.sh");
    const { code, calls } = fake.run("bootstrap.sh");
    expect(code).toBe(0);
    expect(toldAws(calls)).toEqual(["ready"]);
    failing("configuration", "no space left");
    expect(toldAws(fake.run("bootstrap.sh").calls)).toEqual([
      "step configuration failed with exit code 3: no space left",
    ]);
  });

  test("is completed by a node whose image was made from a node that joined", () => {
    prepare();
    fake.run("bootstrap.sh");
    fakeAws(fake, { instance: "i-0fedcba9876543210" });
    expect(toldAws(fake.run("bootstrap.sh").calls)).toEqual(["ready", "CONTINUE"]);
    expect(joined()).toBe("i-0fedcba9876543210\n");
  });

  test.each([
    ["CONTINUE", 0],
    ["ABANDON", 1],
  ])("that does not exist yet is retried until it accepts %s", (answer, expected) => {
    prepare();
    fakeAws(fake, { refusals: { autoscaling: Array(5).fill("No active Lifecycle Action") } });
    if (answer === "ABANDON") failing("dask", "no scheduler");
    const { code, said, calls } = fake.run("bootstrap.sh");
    expect(code).toBe(expected);
    expect(toldAws(calls).slice(1)).toEqual(Array(6).fill(answer));
    expect(said).not.toContain("does not wait for this instance");
    expect(pauses(calls)).toBeGreaterThanOrEqual(25);
    expect(joined()).toBe(answer === "CONTINUE" ? `${INSTANCE}\n` : undefined);
  });

  test("that is missing for three minutes does not fail the node, and the log has a hint", () => {
    prepare();
    fakeAws(fake, { hook: "gone" });
    const { code, said, calls } = fake.run("bootstrap.sh");
    expect(code).toBe(0);
    expect(pauses(calls)).toBeGreaterThanOrEqual(180);
    expect(pauses(calls)).toBeLessThan(191);
    expect(said).toContain(
      "launch hook workers-registered does not wait for this instance; if it is gone, cdktf deploy brings it back\n",
    );
    expect(status()).toMatchObject({ state: "ready", step: "dask" });
    expect(joined()).toBe(`${INSTANCE}\n`);
  });

  test("that cannot be reached fails the node", () => {
    prepare();
    fakeAws(fake, { hook: "down" });
    const { code, said, calls } = fake.run("bootstrap.sh");
    expect(code).toBe(1);
    const reason = "no answer to the launch hook: curl: (28) Connection timed out after 20001 milliseconds";
    expect(said).toContain(`step report failed with exit code 1: ${reason}; `);
    expect(status()).toMatchObject({ state: "failed", step: "report", exitCode: 1, cause: reason });
    expect(toldAws(calls)).toEqual([
      "ready",
      "CONTINUE",
      `step report failed with exit code 1: ${reason}`,
      "ABANDON",
    ]);
    expect(joined()).toBeUndefined();
    expect(disabled(calls)).toEqual(["systemctl disable --quiet --now dask-worker.service"]);
  });

  test("does not exist for the scheduler", () => {
    prepare(schedulerNode(production));
    expect(toldAws(fake.run("bootstrap.sh").calls)).toEqual(["ready"]);
    failing("dask", "port taken");
    expect(toldAws(fake.run("bootstrap.sh").calls)).toEqual([
      "step dask failed with exit code 3: port taken",
    ]);
  });

  test("is completed even if the node may not tag itself", () => {
    prepare();
    fakeAws(fake, { tags: "denied" });
    const { code, said, calls } = fake.run("bootstrap.sh");
    expect(code).toBe(0);
    expect(said).toContain("no tag on this instance: UnauthorizedOperation: not you\n");
    expect(toldAws(calls).at(-1)).toBe("CONTINUE");
    // A tag is for people only: it holds no worker up.
    expect(pauses(calls)).toBeLessThan(50);
  });
});

describe("a metadata service without IMDSv2", () => {
  const cause =
    "the metadata service gives no IMDSv2 token: curl: (22) The requested URL returned error: 403; " +
    "enable it, with http_tokens required";

  test("fails the node of a worker before any step", () => {
    prepare();
    fakeAws(fake, { metadata: "off" });
    const { code, said, calls } = fake.run("bootstrap.sh");
    expect(code).toBe(1);
    expect(said).toContain(`step metadata failed with exit code 1: ${cause}; `);
    expect(status()).toMatchObject({ state: "failed", step: "metadata", exitCode: 1, cause });
    expect(steps(calls)).toEqual([]);
    expect(calls.filter((call) => call.startsWith("curl "))).toHaveLength(1);
  });

  test("also fails it if the service rejects its token, which no log line shows", () => {
    prepare();
    fakeAws(fake, { metadata: "forgetful" });
    const { code, said } = fake.run("bootstrap.sh");
    expect(code).toBe(1);
    expect(said).toContain("the metadata service gives no IMDSv2 token: none that it takes; enable it,");
    expect(said).not.toContain("the-token");
    expect(status()).toMatchObject({ state: "failed", step: "metadata" });
  });

  test("is only logged by the scheduler", () => {
    prepare(schedulerNode(production));
    fakeAws(fake, { metadata: "off" });
    const { code, said, calls } = fake.run("bootstrap.sh");
    expect(code).toBe(0);
    expect(said).toContain(`no word to AWS: ${cause}\n`);
    expect(steps(calls)).toHaveLength(7);
    expect(toldAws(calls)).toEqual([]);
    expect(status().state).toBe("ready");
  });

  test("is only logged by a node that joined", () => {
    prepare();
    fake.run("bootstrap.sh");
    fakeAws(fake, { metadata: "off" });
    const { code, said, calls } = fake.run("bootstrap.sh");
    expect(code).toBe(0);
    expect(said).toContain(`no word to AWS: ${cause}\n`);
    expect(toldAws(calls)).toEqual([]);
    expect(joined()).toBe(`${INSTANCE}\n`);
  });
});

describe("after a failure", () => {
  test("a node that never joined disables its service", () => {
    prepare();
    failing("dask", "no scheduler");
    expect(disabled(fake.run("bootstrap.sh").calls)).toEqual([
      "systemctl disable --quiet --now dask-worker.service",
    ]);
  });

  test("a node that joined keeps its service", () => {
    prepare();
    fake.run("bootstrap.sh");
    failing("dask", "no scheduler");
    const { code, calls } = fake.run("bootstrap.sh");
    expect(code).toBe(1);
    expect(disabled(calls)).toEqual([]);
  });
});
