import { development } from "../../environments/development";
import { production } from "../../environments/production";
import type { Cluster } from "../../lib/cluster/cluster";
import { bake, bakeKey } from "../../lib/node/bake";
import { schedulerNode } from "../../lib/node/machine";
import type { NodePlan } from "../../lib/node/node-plan";
import { FakeMachine } from "./fake-machine";
import { everySpec, fileOf, largest2024, settingsRead, variety, worker } from "./specs";

const LIBRARY = "/usr/local/lib/dask-node";
const gpuWorker = worker(production, "gpu");
const toolkitWorker = worker(largest2024, "gpus-for-the-tutors");
const keyOf = (spec: NodePlan) => bake(spec).key;

const withSetting = (spec: NodePlan, name: string): NodePlan => ({
  ...spec,
  settings: { ...spec.settings, [name]: "another" },
});
const withFile = (spec: NodePlan, changed: string): NodePlan => ({
  ...spec,
  files: spec.files.map((file) =>
    file.path === changed ? { ...file, content: `${file.content}another\n` } : file,
  ),
});

/** What an image holds, by the name of the setting or file that decides it; all else is for a boot to settle. */
const BAKED_SETTINGS = [
  ...["BAKE", "PACKAGES", "DASK", "PYTHON", "LOCK_SHA256", "MINIFORGE_URL", "MINIFORGE_SHA256"],
  ...["DRIVER_BRANCH", "NVSWITCH", "CUDA_PACKAGE"],
];
const BAKED_FILES = [
  ...["functions", "base", "conda", "cuda-nvidia", "cuda-toolkit"],
  ...["nvidia-persistenced.conf", "uv.txt"],
].map((name) => `${LIBRARY}/${name}`);

describe("the key", () => {
  const key = bakeKey(toolkitWorker);

  test("is twelve hexadecimal digits, and the machine knows it", () => {
    expect(key).toMatch(/^[0-9a-f]{12}$/);
    expect(keyOf(toolkitWorker)).toBe(key);
    expect(toolkitWorker.settings.BAKE_KEY).toBe(key);
    expect(fileOf(toolkitWorker, "/etc/dask/node.env")).toContain(`BAKE_KEY='${key}'\n`);
  });

  test.each(Object.keys(toolkitWorker.settings))("with another %s", (name) => {
    const other = bakeKey(withSetting(toolkitWorker, name));
    if (BAKED_SETTINGS.includes(name)) expect(other).not.toBe(key);
    else expect(other).toBe(key);
  });

  test.each(toolkitWorker.files.map(({ path }) => path))("with another %s", (path) => {
    const other = bakeKey(withFile(toolkitWorker, path));
    if (BAKED_FILES.includes(path)) expect(other).not.toBe(key);
    else expect(other).toBe(key);
  });

  test("these are all there, so none of the names above is a name of nothing", () => {
    expect(Object.keys(toolkitWorker.settings)).toEqual(expect.arrayContaining(BAKED_SETTINGS));
    expect(toolkitWorker.files.map(({ path }) => path)).toEqual(expect.arrayContaining(BAKED_FILES));
  });

  test("is the same for another name of cluster and pool, and for another size of pool", () => {
    const [cpu, gpu] = production.pools;
    if (cpu === undefined || gpu?.kind !== "gpu") throw new Error("production has other pools");
    const changed: Cluster = { ...production, name: "other", pools: [{ ...gpu, name: "new", threads: 2 }] };
    expect(keyOf(worker(changed, "new"))).toBe(keyOf(gpuWorker));
  });

  test("is the same for machines that can share an image", () => {
    expect(keyOf(worker(variety, "many-processes"))).toBe(keyOf(worker(development, "cpu")));
    expect(keyOf(schedulerNode(production))).toBe(keyOf(schedulerNode(development)));
    // The scheduler has a door, whose nginx no worker needs.
    expect(keyOf(schedulerNode(development))).not.toBe(keyOf(worker(development, "cpu")));
    // This pool's instances have disks, which want packages of their own.
    expect(keyOf(worker(production, "cpu"))).not.toBe(keyOf(worker(development, "cpu")));
    expect(keyOf(gpuWorker)).not.toBe(keyOf(worker(production, "cpu")));
    expect(keyOf(toolkitWorker)).not.toBe(keyOf(gpuWorker));
  });
});

describe("what has to be on the machine that an image is made from", () => {
  const paths = (spec: NodePlan) => bake(spec).files.map(({ path }) => path);

  test("are the settings, and the files of the phases in the image", () => {
    expect(paths(schedulerNode(development)).sort()).toEqual([
      "/etc/dask/node.env",
      ...["base", "bootstrap", "conda", "functions", "instance", "lock.txt", "uv.txt"].map(
        (name) => `${LIBRARY}/${name}`,
      ),
    ]);
    expect(paths(toolkitWorker).sort()).toEqual(
      [
        "/etc/dask/node.env",
        ...BAKED_FILES,
        ...["bootstrap", "instance", "lock.txt"].map((name) => `${LIBRARY}/${name}`),
      ].sort(),
    );
  });

  test("are files as every machine has them, and the lock, which other machines ask for", () => {
    const [, ...files] = bake(toolkitWorker).files;
    const { content } = toolkitWorker.lockfile;
    expect(files.pop()).toEqual({ path: `${LIBRARY}/lock.txt`, mode: "0644", content });
    for (const file of files) expect(toolkitWorker.files).toContainEqual(file);
  });

  test("say nothing about cluster and pool", () => {
    const text = bake(gpuWorker)
      .files.map(({ content }) => content)
      .join("");
    expect(text).not.toMatch(/production|scheduler\./);
    expect(bake(gpuWorker).files[0]?.content).toBe(
      bake(worker({ ...production, name: "other" }, "gpu")).files[0]?.content,
    );
  });

  test.each(everySpec)("%s: have all settings that its phases read", (_, spec) => {
    const [settings, ...files] = bake(spec).files;
    const given = [...(settings?.content ?? "").matchAll(/^(\w+)='/gm)].map(([, name]) => name);
    expect(settings?.path).toBe("/etc/dask/node.env");
    const phases = files.filter(({ path }) => !/\/(bootstrap|instance)$/.test(path));
    expect(settingsRead(phases).filter((name) => !given.includes(name))).toEqual(["LOCK_PARAMETER"]);
    for (const name of ["BAKE", "BAKE_KEY", "BOOT_SECONDS"]) expect(given).toContain(name);
    // What it may do only with settings of a boot, which it does not read while baking.
    expect(settingsRead(files).filter((name) => !given.includes(name))).toEqual([
      "BOOT",
      "CLUSTER",
      "GROUP",
      "HOOK",
      "HOOK_SECONDS",
      "LOCK_PARAMETER",
      "RETRY_SECONDS",
      "SERVICE",
      "SIGNAL",
    ]);
  });
});

describe("baking", () => {
  let machine: FakeMachine;
  beforeEach(() => {
    const { files } = bake(gpuWorker);
    machine = new FakeMachine({ ...gpuWorker, files });
    machine.write("etc/dask/node.env", files[0]?.content ?? "");
    machine.write("var/log/dask-node.log", "");
    for (const phase of ["base", "conda", "cuda-nvidia"]) machine.script(phase, "#!/bin/bash\n");
    machine.command("systemctl");
    machine.command("curl");
  });
  afterEach(() => machine.remove());
  const run = () => machine.run("bootstrap", "bake");
  const mark = () => machine.read(bake(gpuWorker).mark.slice(1));

  test("is the command, which then leaves the image without an identity, and passes on its exit code", () => {
    expect(bake(gpuWorker).command).toBe(
      "/usr/local/lib/dask-node/bootstrap bake && rm /var/log/dask-node.log && : >/etc/machine-id",
    );
    expect(bake(gpuWorker).mark).toBe("/var/lib/dask-node/baked");
  });

  test("runs the phases of an image and no other, and marks what was made; no word to AWS", () => {
    const { code, said, calls } = run();
    expect(said).toMatch(new RegExp(`Z baked: key ${keyOf(gpuWorker)}\n$`));
    expect(code).toBe(0);
    expect([...said.matchAll(/phase (\S+) done/g)].map(([, phase]) => phase).sort()).toEqual([
      ...["base", "conda", "cuda-nvidia"],
    ]);
    expect(mark()).toBe(`${keyOf(gpuWorker)}\n`);
    expect(calls).toEqual([]);
  });

  test("that fails says why, marks nothing, and calls nobody", () => {
    machine.script("conda", "#!/bin/bash\necho 'no space left'\nexit 1\n");
    const { code, said, calls } = run();
    expect(code).toBe(1);
    expect(said).toContain("phase conda failed with exit code 1: no space left; ");
    expect(said).not.toContain("unbound variable");
    expect(mark()).toBeUndefined();
    expect(calls).toEqual([]);
  });

  test("asks Image Builder for a reboot with its exit code, and goes on after it", () => {
    machine.script("cuda-nvidia", "#!/bin/bash\n[[ -e /var/driver ]] || { echo 'no driver'; exit 100; }\n");
    const first = run();
    expect(first).toMatchObject({ code: 194, calls: [] });
    expect(first.said).toMatch(
      /phase cuda-nvidia needs a reboot: no driver; rebooting once, then going on\n$/,
    );
    expect(mark()).toBeUndefined();
    machine.write("var/driver", "");
    expect(run().code).toBe(0);
    expect(mark()).toBe(`${keyOf(gpuWorker)}\n`);
    // A machine made from the image has a reboot of its own.
    expect(machine.read("var/lib/dask-node/rebooted")).toBeUndefined();
  });

  test("goes over an image that has been baked for something else", () => {
    machine.write("var/lib/dask-node/baked", "0123456789ab\n");
    const { code, said } = run();
    expect(code).toBe(0);
    expect(said).toContain(`the image has key 0123456789ab, wanted ${keyOf(gpuWorker)}: installing`);
    expect(mark()).toBe(`${keyOf(gpuWorker)}\n`);
  });
});
