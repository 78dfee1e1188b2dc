import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineCluster } from "../../lib/config/define";
import type { ClusterDefinition } from "../../lib/config/definition";
import { nodePlatforms } from "../../lib/node/packages/inputs";
import { digestOfInputs } from "../../lib/node/packages/lockfile";
import { planNodes } from "../../lib/node/plan";
import { issuesIn } from "../config/issues-of";
import { nodesOf } from "./specs";

const define = (rest: Partial<ClusterDefinition> = {}) =>
  defineCluster({ name: "mixed", network: { adminSubnets: ["10.0.0.0/8"] }, ...rest });

const ARM = { name: "arm", kind: "cpu", instanceTypes: ["m8gd.2xlarge"], spotPercentage: 50 } as const;
const X86 = { name: "x86", kind: "cpu" } as const;
const GPU = { name: "gpu", kind: "gpu" } as const;
const SCHEDULER = { instanceType: "m7g.large" } as const;

const mixed = define({ scheduler: SCHEDULER, pools: [ARM, X86, GPU] });

describe("each node", () => {
  const nodes = nodesOf(mixed);

  test("has the architecture of its instance types", () => {
    expect(nodes.map(({ architecture }) => architecture)).toEqual(["arm64", "arm64", "x86_64", "x86_64"]);
  });

  test("installs Miniforge for its architecture", () => {
    const url = "https://github.com/conda-forge/miniforge/releases/download/26.3.2-3";
    const aarch64 = {
      MINIFORGE_URL: `${url}/Miniforge3-26.3.2-3-Linux-aarch64.sh`,
      MINIFORGE_SHA256: "2c113a69297e612b01ca0f320c22a3107a11f2ab9b573d79ac868a175945ce29",
    };
    const x86 = {
      MINIFORGE_URL: `${url}/Miniforge3-26.3.2-3-Linux-x86_64.sh`,
      MINIFORGE_SHA256: "848194851a98903134187fbb4ab50efe87b003e0c0f808f97644b7524a62bf2c",
    };
    const [scheduler, arm, cpu, gpu] = nodes.map(({ settings }) => settings);
    expect(scheduler).toMatchObject(aarch64);
    expect(arm).toMatchObject(aarch64);
    expect(cpu).toMatchObject(x86);
    expect(gpu).toMatchObject(x86);
  });

  test("has an image for its architecture only", () => {
    const [, arm, x86] = nodes;
    expect(arm?.imageContents.digest).not.toBe(x86?.imageContents.digest);
  });
});

test("the files of an arm64 node name no x86 architecture, except wheels in hashes of the lockfile", () => {
  for (const { files, packages, title } of nodesOf(define({ scheduler: SCHEDULER, pools: [ARM] }))) {
    const naming = files.filter(({ content }) => /amd64|x86[-_]?64|\bx64\b/i.test(content));
    expect([title, naming.map(({ path }) => path)]).toEqual([title, []]);
    expect(packages.filter((name) => /amd64|x86/.test(name))).toEqual([]);
  }
});

test("an arm64 node has the files and settings of an x86_64 node, except the installer of conda", () => {
  const [scheduler, worker] = nodesOf(define({ scheduler: SCHEDULER, pools: [{ ...ARM, name: "p" }] }));
  const [onX86, workerOnX86] = nodesOf(
    define({ pools: [{ ...ARM, name: "p", instanceTypes: ["m6id.2xlarge"] }] }),
  );
  const differing = (one: Readonly<Record<string, string>> = {}, other: typeof one = {}) =>
    [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((name) => one[name] !== other[name]);
  const installer = ["MINIFORGE_URL", "MINIFORGE_SHA256", "BAKE_KEY"];
  expect(differing(scheduler?.settings, onX86?.settings)).toEqual(installer);
  expect(differing(worker?.settings, workerOnX86?.settings)).toEqual(installer);
  const contents = (node = scheduler) =>
    Object.fromEntries(node?.files.map(({ path, content }) => [path, content]) ?? []);
  const files = ["/etc/dask/node.env", "/etc/dask/bundle.env"];
  expect(differing(contents(scheduler), contents(onX86))).toEqual(files);
  expect(differing(contents(worker), contents(workerOnX86))).toEqual(files);
});

describe("the platforms of a cluster", () => {
  const x86_64 = { python: "3.12", machine: "x86_64" };
  const aarch64 = { python: "3.12", machine: "aarch64" };

  test("are those of its nodes, each once", () => {
    expect(nodePlatforms(define())).toEqual([x86_64]);
    expect(nodePlatforms(define({ pools: [GPU, X86] }))).toEqual([x86_64]);
    expect(nodePlatforms(define({ scheduler: SCHEDULER, pools: [ARM] }))).toEqual([aarch64]);
    expect(nodePlatforms(define({ scheduler: SCHEDULER, pools: [GPU] }))).toEqual([x86_64, aarch64]);
    expect(nodePlatforms(define({ release: "2024.7", pools: [ARM] }))).toEqual([
      { python: "3.11", machine: "x86_64" },
      { python: "3.11", machine: "aarch64" },
    ]);
  });

  test("change the digest of the inputs of a lockfile only with an architecture", () => {
    const digest = (cluster: typeof mixed) => digestOfInputs(cluster, { requirements: [], wheels: [] });
    expect(digest(define({ pools: [X86, GPU] }))).toBe(digest(define()));
    expect(digest(define({ pools: [X86, ARM] }))).not.toBe(digest(define()));
  });

  test("each have a wheel of every package of the user", () => {
    const folder = mkdtempSync(join(tmpdir(), "wheels-"));
    try {
      const wheels = ["x86_64", "aarch64"].map((machine) =>
        join(folder, `native-1.0-cp312-cp312-manylinux_2_28_${machine}.whl`),
      );
      for (const wheel of wheels) writeFileSync(wheel, "");
      const plan = (paths: readonly string[]) => {
        const environment = { wheels: paths, lockfiles: folder };
        return issuesIn(() => planNodes(define({ environment, pools: [X86, ARM] })));
      };
      expect(plan(wheels.slice(0, 1))).toEqual([
        {
          path: "environment.wheels[0]",
          value: "native-1.0-cp312-cp312-manylinux_2_28_x86_64.whl",
          expected: "a wheel for Python 3.12 on Linux aarch64, which nodes have",
          hint: "build it for that platform, or as py3-none-any if it has only Python",
        },
      ]);
      expect(plan(wheels)).toMatchObject([{ path: "environment.lockfiles" }]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
