import { production } from "../../environments/production";
import { secretName } from "../../lib/node/secrets";
import { fileOf, largest2026, schedulerNode, unitOf, variety, worker } from "./specs";

const scheduler = schedulerNode(production);
const cpuWorker = worker(production, "cpu");
const calendarOf = (node: typeof scheduler) =>
  /^OnCalendar=.*$/m.exec(fileOf(node, "/etc/systemd/system/dask-certificates.timer"))?.[0];

test("the scheduler's node is the CA, and its certificate has the names that clients connect to", () => {
  expect(scheduler.settings).toMatchObject({
    CLUSTER: "production",
    CERTIFICATE_ROLE: "ca",
    CERTIFICATE_NAMES: `scheduler.production.internal,${production.scheduler.privateAddress},localhost,127.0.0.1`,
  });
});

test("without a fixed address, the certificate has the names only; the node adds the address that EC2 chose", () => {
  expect(schedulerNode(variety).settings.CERTIFICATE_NAMES).toBe(
    "scheduler.variety.internal,localhost,127.0.0.1",
  );
});

test("the node of a worker waits for the certificate of the workers", () => {
  expect(cpuWorker.settings).toMatchObject({
    CLUSTER: "production",
    CERTIFICATE_ROLE: "worker",
    JOIN_SECONDS: "1200",
  });
  expect(cpuWorker.settings).not.toHaveProperty("CERTIFICATE_NAMES");
});

test("a timer repeats the boot step: daily on the scheduler's node, hourly on those of workers", () => {
  expect([scheduler, cpuWorker].map(calendarOf)).toEqual(["OnCalendar=daily", "OnCalendar=hourly"]);
  expect(unitOf(cpuWorker, "dask-certificates")).toContain(
    "\nExecStart=/usr/local/lib/dask-node/run.sh certificates\n",
  );
});

test("without TLS there is neither boot step nor timer", () => {
  const node = schedulerNode(largest2026);
  expect(node.boot).not.toContain("certificates");
  expect(node.files.filter(({ path }) => path.includes("dask-certificates"))).toEqual([]);
});

test("the secrets of clusters have different names", () => {
  expect(
    (["authority", "worker", "client", "dashboard"] as const).map((name) => secretName(production, name)),
  ).toEqual([
    "/dask/production/authority",
    "/dask/production/worker",
    "/dask/production/client",
    "/dask/production/dashboard",
  ]);
});
