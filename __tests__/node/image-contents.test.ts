import { development } from "../../environments/development";
import { production } from "../../environments/production";
import type { ResolvedCluster } from "../../lib/config/resolved-cluster";
import { imageContents } from "../../lib/node/image-contents";
import type { NodePlan } from "../../lib/node/node-plan";
import { FakeMachine } from "./fake-machine";
import { everySpec, fileOf, largest2024, schedulerNode, settingsRead, variety, worker } from "./specs";

const LIBRARY = "/usr/local/lib/dask-node";
const gpuWorker = worker(production, "gpu");
const toolkitWorker = worker(largest2024, "gpus-for-the-tutors");
const digestOf = (spec: NodePlan) => spec.imageContents.digest;

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
  ...["BAKE", "BAKE_SETUP", "PACKAGES", "DASK", "PYTHON", "MINIFORGE_URL", "MINIFORGE_SHA256"],
  ...["DRIVER_BRANCH", "NVSWITCH", "CUDA_PACKAGE"],
];
const BAKED_FILES = [
  ...["functions", "base", "conda", "cuda-nvidia", "cuda-toolkit"],
  ...["nvidia-persistenced.conf", "requirements.txt", "uv.txt"],
].map((name) => `${LIBRARY}/${name}`);

describe("the image digest", () => {
  const digest = digestOf(toolkitWorker);

  test("is twelve hexadecimal digits, and a setting of the node", () => {
    expect(digest).toMatch(/^[0-9a-f]{12}$/);
    expect(toolkitWorker.settings.BAKE_KEY).toBe(digest);
    expect(fileOf(toolkitWorker, "/etc/dask/node.env")).toContain(`BAKE_KEY='${digest}'\n`);
  });

  test.each(Object.keys(toolkitWorker.settings))("with another %s", (name) => {
    const other = imageContents(withSetting(toolkitWorker, name)).digest;
    if (BAKED_SETTINGS.includes(name)) expect(other).not.toBe(digest);
    else expect(other).toBe(digest);
  });

  test.each(toolkitWorker.files.map(({ path }) => path))("with another %s", (path) => {
    const other = imageContents(withFile(toolkitWorker, path)).digest;
    if (BAKED_FILES.includes(path)) expect(other).not.toBe(digest);
    else expect(other).toBe(digest);
  });

  test("these are all there, so none of the names above is a name of nothing", () => {
    expect(Object.keys(toolkitWorker.settings)).toEqual(expect.arrayContaining(BAKED_SETTINGS));
    expect(toolkitWorker.files.map(({ path }) => path)).toEqual(expect.arrayContaining(BAKED_FILES));
  });

  test("is the same for another name of cluster and pool, and for another size of pool", () => {
    const [cpu, gpu] = production.pools;
    if (cpu === undefined || gpu?.kind !== "gpu") throw new Error("production has other pools");
    const changed: ResolvedCluster = {
      ...production,
      name: "other",
      pools: [{ ...gpu, name: "new", threads: 2 }],
    };
    expect(digestOf(worker(changed, "new"))).toBe(digestOf(gpuWorker));
  });

  test("is the same for machines that can share an image", () => {
    expect(digestOf(worker(variety, "many-processes"))).toBe(digestOf(worker(development, "cpu")));
    expect(digestOf(schedulerNode(production))).toBe(digestOf(schedulerNode(development)));
    // The scheduler has a door, whose nginx no worker needs.
    expect(digestOf(schedulerNode(development))).not.toBe(digestOf(worker(development, "cpu")));
    // This pool's instances have disks, which want packages of their own.
    expect(digestOf(worker(production, "cpu"))).not.toBe(digestOf(worker(development, "cpu")));
    expect(digestOf(gpuWorker)).not.toBe(digestOf(worker(production, "cpu")));
    expect(digestOf(toolkitWorker)).not.toBe(digestOf(gpuWorker));
  });
});

describe("what has to be on the machine that an image is made from", () => {
  const paths = (spec: NodePlan) => spec.imageContents.files.map(({ path }) => path);

  test("are the settings, and the files of the phases in the image", () => {
    expect(paths(schedulerNode(development)).sort()).toEqual([
      "/etc/dask/node.env",
      ...["base", "bootstrap", "conda", "functions", "instance", "requirements.txt", "uv.txt"].map(
        (name) => `${LIBRARY}/${name}`,
      ),
    ]);
    expect(paths(toolkitWorker).sort()).toEqual(
      [
        "/etc/dask/node.env",
        ...BAKED_FILES,
        ...["bootstrap", "instance"].map((name) => `${LIBRARY}/${name}`),
      ].sort(),
    );
  });

  test("are files as every node has them", () => {
    const [, ...files] = toolkitWorker.imageContents.files;
    for (const file of files) expect(toolkitWorker.files).toContainEqual(file);
  });

  test("say nothing about cluster and pool", () => {
    const text = gpuWorker.imageContents.files.map(({ content }) => content).join("");
    expect(text).not.toMatch(/production|scheduler\./);
    expect(gpuWorker.imageContents.files[0]?.content).toBe(
      worker({ ...production, name: "other" }, "gpu").imageContents.files[0]?.content,
    );
  });

  test.each(everySpec)("%s: have all settings that its phases read", (_, spec) => {
    const [settings, ...files] = spec.imageContents.files;
    const given = [...(settings?.content ?? "").matchAll(/^(\w+)='/gm)].map(([, name]) => name);
    expect(settings?.path).toBe("/etc/dask/node.env");
    const phases = files.filter(({ path }) => !/\/(bootstrap|instance)$/.test(path));
    expect(settingsRead(phases).filter((name) => !given.includes(name))).toEqual([]);
    for (const name of ["BAKE", "BAKE_KEY", "BOOT_SECONDS"]) expect(given).toContain(name);
    // What it may do only with settings of a boot, which it does not read while baking.
    expect(settingsRead(files).filter((name) => !given.includes(name))).toEqual([
      "BOOT",
      "GROUP",
      "RETRY_SECONDS",
      "SERVICE",
      "SIGNAL",
    ]);
  });
});

describe("baking", () => {
  let machine: FakeMachine;
  beforeEach(() => {
    const { files } = gpuWorker.imageContents;
    machine = new FakeMachine({ ...gpuWorker, files });
    machine.write("etc/dask/node.env", files[0]?.content ?? "");
    machine.write("var/log/dask-node.log", "");
    for (const phase of ["base", "conda", "cuda-nvidia"]) machine.script(phase, "#!/bin/bash\n");
    machine.command("systemctl");
    machine.command("curl");
  });
  afterEach(() => machine.remove());
  const run = () => machine.run("bootstrap", "bake");
  const mark = () => machine.read(gpuWorker.imageContents.stampFile.slice(1));

  test("is the command, which then leaves the image without an identity, and passes on its exit code", () => {
    expect(gpuWorker.imageContents.command).toBe(
      "/usr/local/lib/dask-node/bootstrap bake && rm /var/log/dask-node.log && : >/etc/machine-id",
    );
    expect(gpuWorker.imageContents.stampFile).toBe("/var/lib/dask-node/baked");
  });

  test("runs the phases of an image and no other, and marks what was made; no word to AWS", () => {
    const { code, said, calls } = run();
    expect(said).toMatch(new RegExp(`Z baked: key ${digestOf(gpuWorker)}\n$`));
    expect(code).toBe(0);
    expect([...said.matchAll(/phase (\S+) done/g)].map(([, phase]) => phase).sort()).toEqual([
      ...["base", "conda", "cuda-nvidia"],
    ]);
    expect(mark()).toBe(`${digestOf(gpuWorker)}\n`);
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
    expect(mark()).toBe(`${digestOf(gpuWorker)}\n`);
    // A machine made from the image has a reboot of its own.
    expect(machine.read("var/lib/dask-node/rebooted")).toBeUndefined();
  });

  test("goes over an image that has been baked for something else", () => {
    machine.write("var/lib/dask-node/baked", "0123456789ab\n");
    const { code, said } = run();
    expect(code).toBe(0);
    expect(said).toContain(`the image has key 0123456789ab, wanted ${digestOf(gpuWorker)}: installing`);
    expect(mark()).toBe(`${digestOf(gpuWorker)}\n`);
  });
});
