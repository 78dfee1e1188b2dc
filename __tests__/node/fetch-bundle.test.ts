import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { production } from "../../environments/production";
import type { NodePlan } from "../../lib/node/node-plan";
import { type Answers, fakeAws, INSTANCE, keep, toldAws } from "./fake-aws";
import { FakeNode } from "./fake-node";
import { schedulerNode, worker } from "./specs";

const cpu = worker(production, "cpu");
const HOST = "dask-production--eu-central-1--123456789012.s3.eu-central-1.amazonaws.com";
let fake: FakeNode;

/** A node with its stub, whose bucket has the bundle or responds as given. */
const prepare = (spec: NodePlan = cpu, answers: Answers = {}, bundle: Buffer = spec.bundle.archive) => {
  fake = new FakeNode(spec);
  const env = spec.stub.find(({ path }) => path.endsWith(".env"))?.content ?? "";
  fake.write("etc/dask/bundle.env", env.replace(/SIGNAL_SECONDS='\d+'/, "SIGNAL_SECONDS='5'"));
  fake.write("var/log/dask-node.log", "");
  fake.write("bundle", "");
  writeFileSync(join(fake.directory, "bundle"), bundle);
  fake.write("unpacked/.keep", "");
  fake.command("systemctl");
  // Instead of the root of the node.
  fake.command("tar", `exec /usr/bin/tar "\${@:1:$#-1}" ${fake.directory}/unpacked`);
  fakeAws(fake, { download: join(fake.directory, "bundle"), ...answers });
};
afterEach(() => fake.remove());

const status = () => JSON.parse(fake.read("var/lib/dask-node/status.json") ?? "{}");
const failure = (cause: string) => `step bundle failed with exit code 1: ${cause}`;
const STARTED = ["systemctl daemon-reload", "systemctl enable --quiet --now --no-block dask-node.service"];
const systemctl = (calls: readonly string[]) => calls.filter((call) => call.startsWith("systemctl"));

test("downloads the bundle by a signed request, unpacks it, and starts the steps", () => {
  prepare();
  const { code, said, calls } = fake.run("fetch-bundle.sh");
  expect(code).toBe(0);
  expect(said).toMatch(new RegExp(`^\\S+Z downloading https://${HOST}/${cpu.bundle.key}\\n$`));
  expect(calls.filter((call) => call.includes("--aws-sigv4"))).toEqual([
    expect.stringContaining(
      " --fail-with-body --aws-sigv4 aws:amz:eu-central-1:s3 --config - " +
        "--header x-amz-content-sha256: UNSIGNED-PAYLOAD --output ",
    ),
  ]);
  expect(calls.some((call) => call.endsWith(` https://${HOST}/${cpu.bundle.key}`))).toBe(true);
  for (const { path, content } of cpu.files.filter((file) => !cpu.stub.includes(file)))
    expect(fake.read(`unpacked${path}`)).toBe(content);
  expect(systemctl(calls)).toEqual(STARTED);
  expect(fake.read("var/lib/dask-node/bundle")).toBe(`${cpu.bundle.sha256}\n`);
  expect(fake.read("var/lib/dask-node/bundle.tar.gz")).toBeUndefined();
});

test("a node that has its bundle makes no request", () => {
  prepare();
  fake.write("var/lib/dask-node/bundle", `${cpu.bundle.sha256}\n`);
  expect(fake.run("fetch-bundle.sh")).toEqual({ code: 0, said: "", calls: STARTED });
});

test("a node with the bundle of an image downloads its bundle", () => {
  prepare();
  fake.write("var/lib/dask-node/bundle", "0123\n");
  expect(fake.run("fetch-bundle.sh").code).toBe(0);
  expect(fake.read("var/lib/dask-node/bundle")).toBe(`${cpu.bundle.sha256}\n`);
});

describe("a failure goes to the console, the log, the status, the tag and the launch hook", () => {
  const assertFailed = (cause: string) => {
    const { code, said, calls } = fake.run("fetch-bundle.sh");
    expect(code).toBe(1);
    expect(said).toContain(
      `Z ${failure(cause)}; log: /var/log/dask-node.log; to try again after a fix: systemctl restart dask-bundle\n`,
    );
    expect(fake.read("var/log/dask-node.log")).toContain(failure(cause));
    expect(status()).toMatchObject({ state: "failed", step: "bundle", exitCode: 1, cause });
    expect(toldAws(calls)).toEqual([failure(cause), "ABANDON"]);
    expect(systemctl(calls)).toEqual([]);
    return calls;
  };

  test("with another checksum", () => {
    prepare(cpu, {}, Buffer.from("other"));
    const sum = "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa";
    assertFailed(`the bundle from ${HOST} has the checksum ${sum}: not used`);
  });

  test("if S3 denies access, after retries for 150 s because the role may be new", () => {
    prepare(cpu, { bucket: "AccessDenied" });
    const calls = assertFailed(`cannot download the bundle from ${HOST}: AccessDenied: Access Denied`);
    const pauses = calls.reduce((sum, call) => sum + Number(/^sleep (\d+)$/.exec(call)?.[1] ?? 0), 0);
    expect(pauses).toBeGreaterThanOrEqual(150);
  });

  test("without a bucket, without retries", () => {
    prepare(cpu, { bucket: "NoSuchBucket" });
    const calls = assertFailed(`cannot download the bundle from ${HOST}: NoSuchBucket: Access Denied`);
    expect(calls.filter((call) => call.startsWith("sleep"))).toEqual([]);
  });

  test("if S3 is not reachable", () => {
    prepare(cpu, { bucket: "unreachable" });
    assertFailed(
      `cannot download the bundle from ${HOST}: curl: (28) Connection timed out after 20001 milliseconds`,
    );
  });
});

test("a scheduler reports to the deployment that waits for it", () => {
  const scheduler = schedulerNode(production);
  prepare(scheduler, { bucket: "NoSuchBucket" });
  keep(fake, "/dask/production/scheduler-signal", "https://signal/");
  const { calls } = fake.run("fetch-bundle.sh");
  const message = failure(`cannot download the bundle from ${HOST}: NoSuchBucket: Access Denied`);
  expect(toldAws(calls)).toEqual([message]);
  const [, body = ""] = /^data-raw = (".*")$/m.exec(fake.read("var/signals") ?? "") ?? [];
  expect(JSON.parse(JSON.parse(body))).toEqual({
    Status: "FAILURE",
    Reason: message,
    UniqueId: INSTANCE,
    Data: message,
  });
});

test("without IMDSv2 a failure goes only to the console, the log and the status", () => {
  prepare(cpu, { metadata: "off" });
  const { code, said, calls } = fake.run("fetch-bundle.sh");
  const cause =
    "the metadata service gives no IMDSv2 token: curl: (22) The requested URL returned error: 403; enable it, with http_tokens required";
  expect(code).toBe(1);
  expect(said).toContain(failure(cause));
  expect(status()).toMatchObject({ state: "failed", step: "bundle", cause });
  expect(toldAws(calls)).toEqual([]);
});

describe("a build instance", () => {
  const { stub, bundle } = cpu.imageContents;
  const prepareImage = (archive: Buffer) => {
    prepare({ ...cpu, stub, files: stub, bundle }, {}, archive);
    fake.script("bootstrap.sh", `#!/bin/bash\necho "bootstrap $*"\n`);
  };

  test("unpacks the bundle of the image, and bakes", () => {
    prepareImage(bundle.archive);
    const { code, said, calls } = fake.run("fetch-bundle.sh", "bake");
    expect(code).toBe(0);
    expect(said).toMatch(new RegExp(`downloading https://${HOST}/${bundle.key}\\nbootstrap bake\\n$`));
    expect(fake.read("unpacked/usr/local/lib/dask-node/conda.sh")).toContain("#!/bin/bash");
    expect(systemctl(calls)).toEqual([]);
  });

  test("fails without a tag if it cannot get the bundle", () => {
    prepareImage(Buffer.from("other"));
    const { code, said, calls } = fake.run("fetch-bundle.sh", "bake");
    expect(code).toBe(1);
    expect(said).toContain("step bundle failed with exit code 1: the bundle from ");
    expect(said).not.toContain("bootstrap bake");
    expect(toldAws(calls)).toEqual([]);
  });
});
