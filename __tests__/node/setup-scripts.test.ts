import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { defineCluster } from "../../lib/config/define";
import type { ClusterDefinition, NodeSetupDefinition } from "../../lib/config/definition";
import type { NodePlan } from "../../lib/node/node-plan";
import { packageFile, packageRoot } from "../../lib/node/package-file";
import { planNodes } from "../../lib/node/plan";
import { issuesIn } from "../config/issues-of";

const LIBRARY = "/usr/local/lib/dask-node";
const network = { adminSubnets: ["10.0.0.0/8"] };
let directory: string;

beforeAll(() => {
  mkdirSync(join(packageRoot(), ".test"), { recursive: true });
  directory = mkdtempSync(join(packageRoot(), ".test", "setup-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Writes a script, and returns its path from the working directory. */
function write(name: string, content: string | Uint8Array): string {
  writeFileSync(join(directory, name), content);
  return relative(process.cwd(), join(directory, name));
}

const scriptOf = (name: string) => `#!/bin/bash\necho ${name}\n`;
const written = (name: string) => write(name, scriptOf(name));
const plan = (definition: Partial<ClusterDefinition>) =>
  planNodes(defineCluster({ name: "set-up", network, ...definition }));

/** The nodes of a cluster with a script in every place. */
const everywhere = () => {
  const both = (owner: string): NodeSetupDefinition => ({
    bake: written(`bake-of-${owner}`),
    boot: written(`boot-of-${owner}`),
  });
  const { scheduler, pools } = plan({
    nodeSetup: both("cluster"),
    scheduler: { nodeSetup: both("scheduler") },
    pools: [
      { name: "cpu", kind: "cpu", nodeSetup: both("pool") },
      { name: "gpu", kind: "gpu" },
    ],
  });
  return [scheduler, ...pools.map(({ node }) => node)] as const;
};

const setupFiles = ({ files }: NodePlan) => files.filter(({ path }) => path.startsWith(`${LIBRARY}/setup`));
const program = (name: string) => ({
  path: `${LIBRARY}/${name}.sh`,
  mode: "0755",
  content: packageFile("cloud-init/setup/setup.sh"),
});
const user = (path: string, name: string) => ({ path, mode: "0755", content: scriptOf(name) });

describe("scripts of the user are steps", () => {
  test("after all that an image can hold, and before the Dask service; the cluster's first", () => {
    const [scheduler, cpu, gpu] = everywhere();
    expect(scheduler.bake).toEqual([["base"], ["conda"]]);
    expect(scheduler.bakeSetup).toEqual(["setup-bake", "setup-bake-scheduler"]);
    expect(scheduler.boot).toEqual([
      ...[
        "configuration",
        "certificates",
        "dashboard",
        "setup-boot",
        "setup-boot-scheduler",
        "dask",
        "monitoring",
      ],
    ]);
    expect(cpu?.settings).toMatchObject({
      BAKE: "base conda",
      BAKE_SETUP: "setup-bake,setup-bake-pool",
      BOOT: "configuration,certificates,setup-boot,setup-boot-pool,dask",
    });
    expect(gpu?.settings).toMatchObject({
      BAKE: "base,cuda-nvidia conda",
      BAKE_SETUP: "setup-bake",
      BOOT: "configuration,certificates,setup-boot,dask",
    });
  });

  test("as files in the bundle, each with the program that runs it", () => {
    const [, cpu] = everywhere();
    expect(setupFiles(cpu as NodePlan)).toEqual([
      program("setup-bake"),
      user(`${LIBRARY}/setup/bake`, "bake-of-cluster"),
      program("setup-bake-pool"),
      user(`${LIBRARY}/setup/bake-pool`, "bake-of-pool"),
      program("setup-boot"),
      user(`${LIBRARY}/setup/boot`, "boot-of-cluster"),
      program("setup-boot-pool"),
      user(`${LIBRARY}/setup/boot-pool`, "boot-of-pool"),
    ]);
    expect(cpu?.stub.filter(({ path }) => path.includes("setup"))).toEqual([]);
  });

  test("are none without nodeSetup", () => {
    const { scheduler } = plan({});
    expect(scheduler).toMatchObject({
      bakeSetup: [],
      boot: ["configuration", "certificates", "dashboard", "dask", "monitoring"],
    });
    expect(scheduler.settings.BAKE_SETUP).toBe("");
    expect(setupFiles(scheduler)).toEqual([]);
  });
});

describe("the image", () => {
  const pool = (nodeSetup?: NodeSetupDefinition): NodePlan => {
    const [first] = plan({ pools: [{ name: "cpu", kind: "cpu", ...(nodeSetup && { nodeSetup }) }] }).pools;
    if (first === undefined) throw new Error("the cluster has no pool");
    return first.node;
  };
  const digest = (node: NodePlan) => node.imageContents.digest;

  test("depends on the bake script and its content, not on the boot script", () => {
    const [bake, boot] = [written("bake"), written("boot")];
    const plain = digest(pool());
    const baked = digest(pool({ bake }));
    expect(baked).not.toBe(plain);
    expect(digest(pool({ boot }))).toBe(plain);
    expect(digest(pool({ bake, boot }))).toBe(baked);
    write("bake", "#!/bin/bash\necho other\n");
    expect(digest(pool({ bake }))).not.toBe(baked);
  });

  test("changes with the boot script in the bundle only", () => {
    const boot = written("boot");
    const before = pool({ boot });
    write("boot", "#!/bin/bash\necho other\n");
    const after = pool({ boot });
    expect(after.bundle.sha256).not.toBe(before.bundle.sha256);
    expect(after.imageContents).toEqual(before.imageContents);
  });

  test("has the bake script and the program that runs it, on the instance that it is made from", () => {
    const { files } = pool({ bake: written("bake"), boot: written("boot") }).imageContents;
    expect(files.filter(({ path }) => path.includes("/setup"))).toEqual([
      program("setup-bake-pool"),
      user(`${LIBRARY}/setup/bake-pool`, "bake"),
    ]);
    expect(files[0]?.content).toContain("BAKE_SETUP='setup-bake-pool'\n");
  });
});

describe("a script is refused", () => {
  const issues = (nodeSetup: NodeSetupDefinition) => issuesIn(() => plan({ nodeSetup }));

  test("that is missing, or a folder", () => {
    expect(issues({ bake: "setup/none.sh" })).toEqual([
      {
        path: "nodeSetup.bake",
        value: "setup/none.sh",
        expected: `a file: ${resolve("setup/none.sh")} is missing`,
        hint: "paths are relative to the working directory",
      },
    ]);
    expect(issues({ boot: "lib" })).toMatchObject([{ expected: `a file: ${resolve("lib")} is none` }]);
  });

  test.each([
    ["without an interpreter", "echo hello\n", "a script whose first line begins with #!"],
    ["with carriage returns", "#!/bin/bash\r\necho hello\r\n", "lines that end with LF"],
    ["that is a program", Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff]), "a text in UTF-8"],
    ["with a NUL", "#!/bin/bash\n\0\n", "a text in UTF-8"],
    [
      "that is too large",
      `#!/bin/bash\n${"x".repeat(99_989)}\n`,
      "a script of at most 100000 bytes: it has 100002",
    ],
  ])("%s", (_, content, expected) => {
    const value = write("wrong", content);
    expect(issues({ boot: value })).toEqual([
      { path: "nodeSetup.boot", value, expected, hint: expect.stringMatching(/^\w/) },
    ]);
  });

  test("together with all others of the definition", () => {
    const wrong = { bake: "none", boot: write("wrong", "echo\n") };
    const pools = [
      { name: "a", kind: "cpu" as const },
      { name: "b", kind: "cpu" as const, nodeSetup: { bake: "none" } },
    ];
    const found = issuesIn(() =>
      plan({ nodeSetup: wrong, scheduler: { nodeSetup: { boot: "none" } }, pools }),
    );
    expect(found.map(({ path }) => path)).toEqual([
      "nodeSetup.bake",
      "nodeSetup.boot",
      "scheduler.nodeSetup.boot",
      "pools[1].nodeSetup.bake",
    ]);
  });

  test("not for a missing line break at its end, which it gets", () => {
    const boot = write("short", "#!/bin/sh");
    const { files } = plan({ nodeSetup: { boot } }).scheduler;
    expect(files.find(({ path }) => path === `${LIBRARY}/setup/boot`)?.content).toBe("#!/bin/sh\n");
  });
});
