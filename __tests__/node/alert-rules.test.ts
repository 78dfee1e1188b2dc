import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { packageFile, packageRoot } from "../../lib/node/package-file";
import { findPrometheus } from "../support/prometheus";
import { testWith } from "./test-with";

/** Files with rules, their tests, their alerts and all their rules, with a spoiled label and what then fails. */
const FILES = [
  {
    rules: "dask.rules.yml",
    tests: "alert-rules.yml",
    alerts: [
      ...["DaskSchedulerDown", "DaskMetricsMissing", "DaskSchedulerBlocked", "DaskSchedulerSaturated"],
      ...["DaskCertificateEnds", "DaskWorkerSilent", "DaskWorkersLost", "DaskWorkersPaused"],
      ...["DaskWorkerMemoryHigh", "DaskUnmanagedMemoryHigh", "DaskSpillRatioHigh", "DaskScratchFull"],
      ...["DaskOutOfMemoryKill", "DaskGpuIdle", "DaskGpuMemoryFull", "DaskTasksWithoutWorker"],
      ...["DaskTasksFail", "DaskTaskKillsWorkers", "DaskStuck", "DaskClusterIdle"],
    ],
    count: 23,
    misspelt: ['"no-worker"', '"no_worker"'],
    failing: [["DaskTasksWithoutWorker", "16m15s"]],
  },
  {
    rules: "autoscaler.rules.yml",
    tests: "autoscaler-rules.yml",
    alerts: [
      ...["DaskAutoscalerSilent", "DaskTasksUnsatisfiable", "DaskPoolLimited", "DaskProviderFails"],
      "DaskClusterHung",
    ],
    count: 5,
    misspelt: ['"maxNodes|', '"maxnodes|'],
    failing: [["DaskPoolLimited", "30m"]],
  },
] as const;

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Test {
  readonly alert_rule_test?: readonly {
    readonly alertname: string;
    readonly exp_alerts: readonly object[];
  }[];
}

const programs = findPrometheus();
const testWithPromtool = testWith("prometheus", programs !== undefined);

/** Exit code and output of promtool, in the folder of the tests unless another is given. */
function promtool(argv: readonly string[], cwd = join(packageRoot(), "__tests__/node")) {
  const { status, stdout, stderr } = spawnSync(programs?.promtool ?? "", argv, { cwd, encoding: "utf8" });
  return { code: status, said: `${stdout}${stderr}`.trim() };
}

describe.each(FILES)("the alert rules of $rules", (file) => {
  const [right, wrong] = file.misspelt;
  const path = `cloud-init/monitoring/${file.rules}`;
  const rules: readonly Rule[] = parse(packageFile(path)).groups[0].rules;
  const source = packageFile(`__tests__/node/${file.tests}`);
  const tests: readonly Test[] = parse(source).tests;
  const alerts = rules.flatMap(({ alert }) => alert ?? []);

  test("are these alerts", () => {
    expect(alerts).toEqual(file.alerts);
  });

  test("have a severity, a summary and an action each", () => {
    for (const { alert, labels, annotations } of rules.filter(({ alert }) => alert !== undefined)) {
      expect({ alert, severity: labels?.severity }).toEqual({
        alert,
        severity: expect.stringMatching(/^(critical|warning|info)$/),
      });
      expect(Object.keys(annotations ?? {})).toEqual(["summary", "action"]);
    }
  });

  test("have a test each in which they fire, and one in which they do not", () => {
    const cases = tests.flatMap((test) => test.alert_rule_test ?? []);
    const fired = (wanted: boolean) =>
      new Set(
        cases.filter(({ exp_alerts }) => exp_alerts.length > 0 === wanted).map(({ alertname }) => alertname),
      );
    expect([...fired(true)].sort()).toEqual([...alerts].sort());
    expect([...fired(false)].sort()).toEqual([...alerts].sort());
  });

  testWithPromtool("are valid", () => {
    expect(promtool(["check", "rules", `../../${path}`])).toEqual({
      code: 0,
      said: `Checking ../../${path}\n  SUCCESS: ${file.count} rules found`,
    });
  });

  testWithPromtool("pass their tests", () => {
    expect(promtool(["test", "rules", file.tests])).toEqual({
      code: 0,
      said: `Unit Testing:  ${file.tests}\n  SUCCESS`,
    });
  });

  testWithPromtool("fail their tests with a misspelt label", () => {
    mkdirSync(join(packageRoot(), ".test"), { recursive: true });
    const folder = mkdtempSync(join(packageRoot(), ".test", "rules-"));
    try {
      writeFileSync(join(folder, file.rules), packageFile(path).replace(right, wrong));
      writeFileSync(join(folder, "tests.yml"), source.replace(`../../${path}`, file.rules));
      const { code, said } = promtool(["test", "rules", "tests.yml"], folder);
      expect(code).toBe(1);
      expect([...said.matchAll(/alertname: (\w+), time: (\w+)/g)].map(([, ...what]) => what)).toEqual(
        file.failing,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
