import { production } from "../../environments/production";
import type { NodePlan } from "../../lib/node/node-plan";
import { FakeMachine } from "./fake-machine";
import { schedulerNode, variety, worker } from "./specs";

let machine: FakeMachine;
const prepare = (spec: NodePlan) => {
  machine = new FakeMachine(spec, { JOIN_SECONDS: "0" });
  machine.write("run/dask/machine.env", "DASK_HOST=ip-10-20-0-17\nDASK_THREADS=8\n");
  machine.command("systemctl");
  machine.command("journalctl", "echo 'OSError: port 8786 is taken'");
};
afterEach(() => machine.remove());

/** Stands for the interpreter of the environment: records its call and runs the body. */
const python = (body: string) => {
  machine.command("python-of-dask", body);
  machine.write("opt/dask/env/bin/python", '#!/bin/bash\nexec python-of-dask "$@"\n', 0o755);
};
const calls = (run: { calls: string[] }) =>
  run.calls
    .map((call) => call.replaceAll(machine.directory, ""))
    .filter((call) => !/^(journalctl|sleep)/.test(call));

test("the phase enables and starts the scheduler, and ends once the scheduler responds", () => {
  prepare(schedulerNode(production));
  machine.command("curl");
  const run = machine.run("dask.sh");
  expect(run).toMatchObject({ code: 0, said: "" });
  expect(calls(run)).toEqual([
    "systemctl daemon-reload",
    "systemctl enable --quiet --now dask-scheduler.service",
    "curl --silent --show-error --fail --output /dev/null --max-time 5 --retry 0 --retry-delay 1 " +
      "--retry-max-time 0 --retry-all-errors http://127.0.0.1:8788/health",
  ]);
});

test("a scheduler that does not respond fails the phase with its last log line", () => {
  prepare(schedulerNode(production));
  machine.command("curl", "exit 7");
  expect(machine.run("dask.sh")).toMatchObject({
    code: 1,
    said: "dask-scheduler does not answer after 0 s: OSError: port 8786 is taken\n",
  });
});

test("the phase of a worker node ends once all its processes are registered", () => {
  prepare(worker(variety, "many-processes"));
  python("echo '4 of 4 workers are registered'");
  const run = machine.run("dask.sh");
  expect(run.code).toBe(0);
  expect(calls(run)).toEqual([
    "systemctl daemon-reload",
    "systemctl enable --quiet --now dask-worker.service",
    "python-of-dask -BP -m cdktf_dask.node.join tls://scheduler.variety.internal:8786 many-processes--ip-10-20-0-17 0 4",
  ]);
});

test("a service that scripts of the user precede is started by this step only", () => {
  prepare(worker(variety, "many-processes"));
  machine.write(
    "etc/dask/node.env",
    `${machine.read("etc/dask/node.env")}BOOT='configuration,setup-boot,dask'\n`,
  );
  python("");
  const run = machine.run("dask.sh");
  expect(run.code).toBe(0);
  expect(calls(run).slice(0, 2)).toEqual(["systemctl daemon-reload", "systemctl start dask-worker.service"]);
});

test("a GPU worker's node expects a process for each GPU, not for each MIG device", () => {
  prepare(worker(production, "gpu"));
  python("");
  machine.command(
    "nvidia-smi",
    "printf 'GPU 0: A100\\n  MIG 1g.5gb Device 0: (UUID: MIG-1)\\nGPU 1: A100\\n'",
  );
  expect(calls(machine.run("dask.sh")).at(-1)).toBe(
    "python-of-dask -BP -m cdktf_dask.node.join tls://scheduler.production.internal:8786 gpu--ip-10-20-0-17 0 2",
  );
});

test("workers that do not register fail the phase with their number and their last log line", () => {
  prepare(worker(production, "cpu"));
  python("echo '0 of 1 workers are registered'; exit 1");
  machine.command("systemctl", "[[ $1 != enable ]]");
  expect(machine.run("dask.sh")).toMatchObject({
    code: 1,
    said: "0 of 1 workers are registered\ndask-worker does not answer after 0 s: OSError: port 8786 is taken\n",
  });
});
