import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { packageFile, packageRoot } from "../../lib/node/package-file";
import { findPrometheus } from "../support/prometheus";
import { testWith } from "./test-with";

const RULES = "cloud-init/monitoring/dask.rules.yml";
const TESTS = "__tests__/node/alert-rules.yml";

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

const rules: readonly Rule[] = parse(packageFile(RULES)).groups[0].rules;
const tests: readonly Test[] = parse(packageFile(TESTS)).tests;
const alerts = rules.flatMap(({ alert }) => alert ?? []);

const programs = findPrometheus();
const testWithPromtool = testWith("prometheus", programs !== undefined);

/** Exit code and output of promtool, in the folder of the tests unless another is given. */
function promtool(argv: readonly string[], cwd = join(packageRoot(), "__tests__/node")) {
  const { status, stdout, stderr } = spawnSync(programs?.promtool ?? "", argv, { cwd, encoding: "utf8" });
  return { code: status, said: `${stdout}${stderr}`.trim() };
}

describe("the alert rules", () => {
  test("are these alerts", () => {
    expect(alerts).toEqual([
      ...["DaskSchedulerDown", "DaskMetricsMissing", "DaskSchedulerBlocked", "DaskSchedulerSaturated"],
      ...["DaskCertificateEnds", "DaskWorkerSilent", "DaskWorkersLost", "DaskWorkersPaused"],
      ...["DaskWorkerMemoryHigh", "DaskUnmanagedMemoryHigh", "DaskSpillRatioHigh", "DaskScratchFull"],
      ...[
        "DaskOutOfMemoryKill",
        "DaskGpuIdle",
        "DaskGpuMemoryFull",
        "DaskTasksWithoutWorker",
        "DaskTasksFail",
      ],
      ...["DaskTaskKillsWorkers", "DaskStuck", "DaskClusterIdle"],
    ]);
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
    expect(promtool(["check", "rules", "../../cloud-init/monitoring/dask.rules.yml"])).toEqual({
      code: 0,
      said: "Checking ../../cloud-init/monitoring/dask.rules.yml\n  SUCCESS: 23 rules found",
    });
  });

  testWithPromtool("pass their tests", () => {
    expect(promtool(["test", "rules", "alert-rules.yml"])).toEqual({
      code: 0,
      said: "Unit Testing:  alert-rules.yml\n  SUCCESS",
    });
  });

  testWithPromtool("fail their tests with a misspelt label", () => {
    mkdirSync(join(packageRoot(), ".test"), { recursive: true });
    const folder = mkdtempSync(join(packageRoot(), ".test", "rules-"));
    try {
      writeFileSync(join(folder, "dask.rules.yml"), packageFile(RULES).replace('"no-worker"', '"no_worker"'));
      writeFileSync(
        join(folder, "tests.yml"),
        packageFile(TESTS).replace("../../cloud-init/monitoring/dask.rules.yml", "dask.rules.yml"),
      );
      const { code, said } = promtool(["test", "rules", "tests.yml"], folder);
      expect(code).toBe(1);
      expect([...said.matchAll(/alertname: (\w+), time: (\w+)/g)].map(([, ...what]) => what)).toEqual([
        ["DaskTasksWithoutWorker", "16m15s"],
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
