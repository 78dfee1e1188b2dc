import { production } from "../../environments/production";
import type { NodePlan } from "../../lib/node/node-plan";
import { FakeNode } from "./fake-node";
import { schedulerNode, variety, worker } from "./specs";

let fake: FakeNode;
const prepare = (spec: NodePlan) => {
  fake = new FakeNode(spec, { JOIN_SECONDS: "0" });
  fake.write("run/dask/instance.env", "DASK_HOST=ip-10-20-0-17\nDASK_THREADS=8\n");
  fake.command("systemctl");
  fake.command("journalctl", "echo 'OSError: port 8786 is taken'");
};
afterEach(() => fake.remove());

/** Stands for the interpreter of the environment: records its call and runs the body. */
const python = (body: string) => {
  fake.command("python-of-dask", body);
  fake.write("opt/dask/env/bin/python", '#!/bin/bash\nexec python-of-dask "$@"\n', 0o755);
};
const calls = (run: { calls: string[] }) =>
  run.calls
    .map((call) => call.replaceAll(fake.directory, ""))
    .filter((call) => !/^(journalctl|sleep)/.test(call));

test("the step enables and starts the scheduler, and ends once the scheduler responds", () => {
  prepare(schedulerNode(production));
  fake.command("curl");
  const run = fake.run("dask.sh");
  expect(run).toMatchObject({ code: 0, said: "" });
  expect(calls(run)).toEqual([
    "systemctl daemon-reload",
    "systemctl enable --quiet --now dask-scheduler.service",
    "curl --silent --show-error --fail --output /dev/null --max-time 5 --retry 0 --retry-delay 1 " +
      "--retry-max-time 0 --retry-all-errors http://127.0.0.1:8788/health",
  ]);
});

test("a scheduler that does not respond fails the step with its last log line", () => {
  prepare(schedulerNode(production));
  fake.command("curl", "exit 7");
  expect(fake.run("dask.sh")).toMatchObject({
    code: 1,
    said: "dask-scheduler does not answer after 0 s: OSError: port 8786 is taken\n",
  });
});

test("the step of a worker node ends once all its processes are registered", () => {
  prepare(worker(variety, "many-processes"));
  python("echo '4 of 4 workers are registered'");
  const run = fake.run("dask.sh");
  expect(run.code).toBe(0);
  expect(calls(run)).toEqual([
    "systemctl daemon-reload",
    "systemctl enable --quiet --now dask-worker.service",
    "python-of-dask -BP -m cdktf_dask.node.join tls://scheduler.variety.internal:8786 many-processes--ip-10-20-0-17 0 4",
  ]);
});

test("a service that scripts of the user precede is started by this step only", () => {
  prepare(worker(variety, "many-processes"));
  fake.write("etc/dask/node.env", `${fake.read("etc/dask/node.env")}BOOT='configuration,setup-boot,dask'\n`);
  python("");
  const run = fake.run("dask.sh");
  expect(run.code).toBe(0);
  expect(calls(run).slice(0, 2)).toEqual(["systemctl daemon-reload", "systemctl start dask-worker.service"]);
});

test("a GPU worker's node expects a process for each GPU, not for each MIG device", () => {
  prepare(worker(production, "gpu"));
  python("");
  fake.command("nvidia-smi", "printf 'GPU 0: A100\\n  MIG 1g.5gb Device 0: (UUID: MIG-1)\\nGPU 1: A100\\n'");
  expect(calls(fake.run("dask.sh")).at(-1)).toBe(
    "python-of-dask -BP -m cdktf_dask.node.join tls://scheduler.production.internal:8786 gpu--ip-10-20-0-17 0 2",
  );
});

test("workers that do not register fail the step with their number and their last log line", () => {
  prepare(worker(production, "cpu"));
  python("echo '0 of 1 workers are registered'; exit 1");
  fake.command("systemctl", "[[ $1 != enable ]]");
  expect(fake.run("dask.sh")).toMatchObject({
    code: 1,
    said: "0 of 1 workers are registered\ndask-worker does not answer after 0 s: OSError: port 8786 is taken\n",
  });
});
