import { production } from "../../environments/production";
import type { NodePlan } from "../../lib/node/node-plan";
import { signalParameter } from "../../lib/node/signal";
import { fakeAws, INSTANCE, keep } from "./fake-aws";
import { FakeNode } from "./fake-node";
import { schedulerNode, worker } from "./specs";

const URL =
  "https://cloudformation-waitcondition-eu-central-1.s3.eu-central-1.amazonaws.com/arn%3Aaws?a=b&Signature=c%2Fd%3D";
const PARAMETER = "/dask/production/scheduler-signal";
let fake: FakeNode;

/** A node of which each step does nothing. */
const prepare = (spec: NodePlan = schedulerNode(production)) => {
  fake = new FakeNode(spec);
  fake.write("var/log/dask-node.log", "");
  fake.command("systemctl");
  for (const step of [...spec.bake.flat(), ...spec.boot]) fake.script(`${step}.sh`, "#!/bin/bash\n");
  fakeAws(fake);
  keep(fake, PARAMETER, URL);
};
beforeEach(() => prepare());
afterEach(() => fake.remove());

const failing = (words: string) => {
  fake.write("var/words", words);
  fake.script("dask.sh", "#!/bin/bash\ncat /var/words\nexit 3\n");
};
const state = () => JSON.parse(fake.read("var/lib/dask-node/status.json") ?? "{}").state;

/** The signals that were sent to the wait condition: URL and body, parsed as curl parses its configuration. */
const signals = () =>
  (fake.read("var/signals") ?? "")
    .split("\n")
    .flatMap((line) => /^(url|data-raw) = (".*")$/.exec(line)?.slice(1) ?? [])
    .flatMap((word, index, words) => (word === "url" ? [[words[index + 1], words[index + 3]]] : []))
    .map(([url, body]) => ({ url: JSON.parse(url ?? ""), body: JSON.parse(body ?? "") as string }));

test("the parameter of the URL is named after the cluster", () => {
  expect(signalParameter(production)).toBe(PARAMETER);
  expect(schedulerNode(production).settings.SIGNAL).toBe(PARAMETER);
  expect(worker(production, "cpu").settings.SIGNAL).toBe("");
});

test("a scheduler that is ready signals success once", () => {
  const { code, calls } = fake.run("bootstrap.sh");
  expect(code).toBe(0);
  const reason = "the scheduler is ready";
  const [signal] = signals();
  expect(signal?.url).toBe(URL);
  expect(JSON.parse(signal?.body ?? "")).toEqual({
    Status: "SUCCESS",
    Reason: reason,
    UniqueId: INSTANCE,
    Data: reason,
  });
  expect(calls.at(-1)).toMatch(/ --request PUT --header Content-Type: --config -$/);
  expect(calls.join("\n")).not.toContain("Signature=");

  expect(fake.run("bootstrap.sh").code).toBe(0);
  expect(signals()).toHaveLength(1);
});

test("a scheduler that fails signals its error, and signals again when it runs again", () => {
  failing('no "space" left on C:\\tmp\tü\n');
  expect(fake.run("bootstrap.sh").code).toBe(1);
  const failure = "step dask failed with exit code 3: no 'space' left on C:/tmp";
  expect(JSON.parse(signals()[0]?.body ?? "")).toEqual({
    Status: "FAILURE",
    Reason: failure,
    UniqueId: INSTANCE,
    Data: failure,
  });

  fake.script("dask.sh", "#!/bin/bash\n");
  fake.run("bootstrap.sh");
  expect(signals().map(({ body }) => JSON.parse(body).Status)).toEqual(["FAILURE", "SUCCESS"]);
});

test("a long error is truncated, so that the signal has at most 4096 bytes", () => {
  failing(`${'"'.repeat(5000)}\n`);
  fake.run("bootstrap.sh");
  const [signal] = signals();
  expect(signal?.body.length).toBeLessThanOrEqual(4096);
  expect(JSON.parse(signal?.body ?? "").Reason).toMatch(/^step dask failed with exit code 3: '{800,}$/);
});

test("waits for a parameter that Terraform creates later", () => {
  fakeAws(fake, { refusals: { ssm: Array(20).fill("ParameterNotFound") } });
  expect(fake.run("bootstrap.sh").code).toBe(0);
  expect(signals()).toHaveLength(1);
});

test.each([
  [
    "whose parameter is never created",
    { refusals: { ssm: Array(99).fill("ParameterNotFound") } },
    "ParameterNotFound: for now",
  ],
  ["whose URL has expired", { signal: "refused" }, "AccessDenied: Request has expired"],
] as const)("a scheduler %s is ready nevertheless, and logs why it sent no signal", (_, answers, reason) => {
  fakeAws(fake, answers);
  const { code, said } = fake.run("bootstrap.sh");
  expect(code).toBe(0);
  expect(said).toContain(` no signal to the deployment: ${reason}\n`);
  expect(state()).toBe("ready");
  expect(fake.read("var/lib/dask-node/joined")).toBe(`${INSTANCE}\n`);
});

test("a worker sends no signal", () => {
  prepareWorker();
  expect(fake.run("bootstrap.sh").code).toBe(0);
  expect(fake.read("var/signals")).toBeUndefined();
});

const prepareWorker = () => {
  fake.remove();
  prepare(worker(production, "cpu"));
};
