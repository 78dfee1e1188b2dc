import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prometheusCommand, prometheusConfiguration } from "../../lib/node/monitoring/prometheus";
import { packageFile, packageRoot } from "../../lib/node/package-file";
import { end, freePorts, start, until } from "../dashboard/processes";
import { findPrometheus } from "../support/prometheus";

jest.setTimeout(120_000);

/** Mounts a disk of 3 MB in a namespace, starts Prometheus, and fills the disk as long as a file exists. */
const SCRIPT = `
mount -t tmpfs -o size=3m tmpfs "$1/disk"
(
  until [ -e "$1/fill" ]; do sleep 0.2; done
  dd if=/dev/zero of="$1/disk/full" bs=4k 2>/dev/null || true
  while [ -e "$1/fill" ]; do sleep 0.2; done
  rm "$1/disk/full"
) &
shift
exec "$@"
`;

const program = findPrometheus()?.prometheus;
const missing = [
  ...(program === undefined ? ["prometheus: apt-get install prometheus prometheus-alertmanager"] : []),
  ...(process.getuid?.() === 0 ? [] : ["root, to mount a disk"]),
];
const testWithRoot = missing.length === 0 || process.env.CI ? test : test.skip;
if (missing.length > 0) console.warn(`skipped: the test of a full disk needs ${missing.join(", ")}`);

testWithRoot(
  "with a full disk, Prometheus logs the reason, sends an alert, runs on, and goes on when there is space",
  async () => {
    expect(missing).toEqual([]);
    mkdirSync(join(packageRoot(), ".test"), { recursive: true });
    const directory = mkdtempSync(join(packageRoot(), ".test", "full-disk-"));
    const at = (name: string) => join(directory, name);
    const [port = 0] = await freePorts(1);
    const listen = `127.0.0.1:${port}`;
    mkdirSync(at("disk"));
    const rules = packageFile("cloud-init/monitoring/dask.rules.yml");
    // Prometheus shows the last sample for 5 minutes, and the alert waits for 5 more. Here, neither waits.
    const prompt = rules.replace("interval: 15s", "interval: 1s").replaceAll(/for: \d+\w/g, "for: 0s");
    writeFileSync(at("dask.rules.yml"), prompt);
    // It scrapes itself in place of a scheduler.
    const configuration = prometheusConfiguration({ cluster: "c", scheduler: listen, scrapeSeconds: 1 });
    writeFileSync(
      at("prometheus.yml"),
      configuration.replace("job_name:", "metrics_path: /prometheus/metrics\n    job_name:"),
    );
    const command = prometheusCommand(
      {
        program: program ?? "",
        configuration: directory,
        storage: at("disk/prometheus"),
        listen,
        url: `http://${listen}/prometheus/`,
      },
      { retentionDays: 1, retentionGiB: 1 },
    );
    const namespace = ["unshare", "--mount", "sh", "-ec", SCRIPT, "sh", directory];
    const prometheus = start(at("log"), {}, ...namespace, ...command, "--query.lookback-delta=3s");
    const ask = async <Data>(path: string) => {
      const answer = await fetch(`http://${listen}/prometheus/api/v1/${path}`);
      return (await answer.json()) as { data: Data };
    };
    const newest = async () => {
      const { data } = await ask<{ result: { values: [number, string][] }[] }>("query?query=up[1h]");
      return Number(data.result[0]?.values.at(-1)?.[0] ?? 0);
    };
    // That of a scheduler without metrics, as here, has the label `instance`.
    const fires = async () => {
      const { data } = await ask<{ alerts: { labels: Record<string, string>; state: string }[] }>("alerts");
      return data.alerts.some(
        ({ labels, state }) =>
          state === "firing" && labels.alertname === "DaskMetricsMissing" && labels.instance === undefined,
      );
    };
    try {
      await until("Prometheus has no sample", at("log"), async () => (await newest()) > 0);
      // Until the first sample, there was none.
      await until("the alert fires with space", at("log"), async () => !(await fires()));
      writeFileSync(at("fill"), "");
      await until("the log has no reason", at("log"), async () =>
        readFileSync(at("log"), "utf8").includes("no space left on device"),
      );
      const last = await newest();
      await until("the alert does not fire", at("log"), fires);
      // It answers, and stores nothing.
      expect(await newest()).toBe(last);
      rmSync(at("fill"));
      await until("no sample follows", at("log"), async () => (await newest()) > last);
      expect(prometheus.exitCode).toBeNull();
    } finally {
      await end(prometheus);
      rmSync(directory, { recursive: true });
    }
  },
);
