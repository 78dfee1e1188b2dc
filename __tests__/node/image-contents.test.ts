import { development } from "../../environments/development";
import { production } from "../../environments/production";
import type { ResolvedCluster } from "../../lib/config/resolved-cluster";
import { imageContents } from "../../lib/node/image-contents";
import type { NodePlan } from "../../lib/node/node-plan";
import { FakeNode } from "./fake-node";
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

/** The settings and files that an image depends on; all others are applied at boot. */
const BAKED_SETTINGS = [
  ...["BAKE", "BAKE_SETUP", "PACKAGES", "DASK", "PYTHON", "MINIFORGE_URL", "MINIFORGE_SHA256"],
  ...["INDEX_URL", "EXTRA_INDEX_URLS", "INDEX_SECRET"],
  ...["DRIVER_BRANCH", "NVSWITCH", "CUDA_PACKAGE"],
];
const BAKED_FILES = [
  ...["functions", "base", "conda", "cuda-nvidia", "cuda-toolkit"].map((name) => `${name}.sh`),
  ...["nvidia-persistenced.conf", "requirements.txt", "uv.txt"],
].map((name) => `${LIBRARY}/${name}`);

describe("the image digest", () => {
  const digest = digestOf(toolkitWorker);

  test("is twelve hexadecimal digits, and a setting of the node", () => {
    expect(digest).toMatch(/^[0-9a-f]{12}$/);
    expect(toolkitWorker.settings.BAKE_KEY).toBe(digest);
    expect(fileOf(toolkitWorker, "/etc/dask/node.env")).toContain(`BAKE_KEY='${digest}'\n`);
  });

  test.each(Object.keys(toolkitWorker.settings))(
    "depends on the setting %s only if the image does",
    (name) => {
      const other = imageContents(largest2024, withSetting(toolkitWorker, name)).digest;
      if (BAKED_SETTINGS.includes(name)) expect(other).not.toBe(digest);
      else expect(other).toBe(digest);
    },
  );

  test.each(toolkitWorker.files.map(({ path }) => path))(
    "depends on the file %s only if the image does",
    (path) => {
      const other = imageContents(largest2024, withFile(toolkitWorker, path)).digest;
      if (BAKED_FILES.includes(path)) expect(other).not.toBe(digest);
      else expect(other).toBe(digest);
    },
  );

  test("depends on settings and files that exist", () => {
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

  test("is the same for nodes that can share an image", () => {
    expect(digestOf(worker(variety, "many-processes"))).toBe(digestOf(worker(development, "cpu")));
    expect(digestOf(schedulerNode(production))).toBe(digestOf(schedulerNode(development)));
    // The reverse proxy of the scheduler needs nginx, which no worker has.
    expect(digestOf(schedulerNode(development))).not.toBe(digestOf(worker(development, "cpu")));
    // The instances of this pool have disks, which need more packages.
    expect(digestOf(worker(production, "cpu"))).not.toBe(digestOf(worker(development, "cpu")));
    expect(digestOf(gpuWorker)).not.toBe(digestOf(worker(production, "cpu")));
    expect(digestOf(toolkitWorker)).not.toBe(digestOf(gpuWorker));
  });
});

describe("the files that an image is built with", () => {
  const paths = (spec: NodePlan) => spec.imageContents.files.map(({ path }) => path);

  test("are the settings, and the files of the steps in the image", () => {
    expect(paths(schedulerNode(development)).sort()).toEqual([
      "/etc/dask/node.env",
      ...["base.sh", "bootstrap.sh", "conda.sh", "functions.sh", "requirements.txt", "uv.txt"].map(
        (name) => `${LIBRARY}/${name}`,
      ),
    ]);
    expect(paths(toolkitWorker).sort()).toEqual(
      ["/etc/dask/node.env", ...BAKED_FILES, `${LIBRARY}/bootstrap.sh`].sort(),
    );
  });

  test("are files of the node", () => {
    const [, ...files] = toolkitWorker.imageContents.files;
    for (const file of files) expect(toolkitWorker.files).toContainEqual(file);
  });

  test("do not depend on cluster and pool", () => {
    const text = gpuWorker.imageContents.files.map(({ content }) => content).join("");
    expect(text).not.toMatch(/production|scheduler\./);
    expect(gpuWorker.imageContents.files[0]?.content).toBe(
      worker({ ...production, name: "other" }, "gpu").imageContents.files[0]?.content,
    );
  });

  test.each(everySpec)("%s: have all settings that its steps read", (_, spec) => {
    const [settings, ...files] = spec.imageContents.files;
    const given = [...(settings?.content ?? "").matchAll(/^(\w+)='/gm)].map(([, name]) => name);
    expect(settings?.path).toBe("/etc/dask/node.env");
    const steps = files.filter(({ path }) => path !== `${LIBRARY}/bootstrap.sh`);
    expect(settingsRead(steps).filter((name) => !given.includes(name))).toEqual([]);
    for (const name of ["BAKE", "BAKE_KEY", "BOOT_SECONDS", "RETRY_SECONDS"]) expect(given).toContain(name);
    // Settings of a boot, which are not read while baking.
    expect(settingsRead(files).filter((name) => !given.includes(name))).toEqual(["BOOT", "GROUP", "SIGNAL"]);
  });
});

describe("baking", () => {
  let fake: FakeNode;
  beforeEach(() => {
    const { files } = gpuWorker.imageContents;
    fake = new FakeNode({ ...gpuWorker, files: [...gpuWorker.imageContents.stub, ...files] });
    fake.write("etc/dask/node.env", files[0]?.content ?? "");
    fake.write("var/log/dask-node.log", "");
    for (const step of ["base", "conda", "cuda-nvidia"]) fake.script(`${step}.sh`, "#!/bin/bash\n");
    fake.command("systemctl");
    fake.command("curl");
  });
  afterEach(() => fake.remove());
  const run = () => fake.run("bootstrap.sh", "bake");
  const stamp = () => fake.read(gpuWorker.imageContents.stampFile.slice(1));

  test("downloads its bundle, runs bootstrap, and then removes log and machine id of the image", () => {
    expect(gpuWorker.imageContents.command).toBe(
      "/usr/local/lib/dask-node/fetch-bundle.sh bake && rm /var/log/dask-node.log /var/lib/dask-node/bundle && : >/etc/machine-id",
    );
    expect(gpuWorker.imageContents.stampFile).toBe("/var/lib/dask-node/baked");
  });

  test("runs only the steps of an image and writes the stamp file, without calls of AWS", () => {
    const { code, said, calls } = run();
    expect(said).toMatch(new RegExp(`Z baked: key ${digestOf(gpuWorker)}\n$`));
    expect(code).toBe(0);
    expect([...said.matchAll(/step (\S+) done/g)].map(([, step]) => step).sort()).toEqual([
      ...["base", "conda", "cuda-nvidia"],
    ]);
    expect(stamp()).toBe(`${digestOf(gpuWorker)}\n`);
    expect(calls).toEqual([]);
  });

  test("that fails logs the cause, writes no stamp file, and makes no calls", () => {
    fake.script("conda.sh", "#!/bin/bash\necho 'no space left'\nexit 1\n");
    const { code, said, calls } = run();
    expect(code).toBe(1);
    expect(said).toContain("step conda failed with exit code 1: no space left; ");
    expect(said).not.toContain("unbound variable");
    expect(stamp()).toBeUndefined();
    expect(calls).toEqual([]);
  });

  test("requests a reboot from Image Builder by its exit code, and continues after the reboot", () => {
    fake.script("cuda-nvidia.sh", "#!/bin/bash\n[[ -e /var/driver ]] || { echo 'no driver'; exit 100; }\n");
    const first = run();
    expect(first).toMatchObject({ code: 194, calls: [] });
    expect(first.said).toMatch(
      /step cuda-nvidia needs a reboot: no driver; rebooting once, then going on\n$/,
    );
    expect(stamp()).toBeUndefined();
    fake.write("var/driver", "");
    expect(run().code).toBe(0);
    expect(stamp()).toBe(`${digestOf(gpuWorker)}\n`);
    // An instance of the image may reboot again.
    expect(fake.read("var/lib/dask-node/rebooted")).toBeUndefined();
  });

  test("installs again on an image with another digest", () => {
    fake.write("var/lib/dask-node/baked", "0123456789ab\n");
    const { code, said } = run();
    expect(code).toBe(0);
    expect(said).toContain(`the image has key 0123456789ab, wanted ${digestOf(gpuWorker)}: installing`);
    expect(stamp()).toBe(`${digestOf(gpuWorker)}\n`);
  });
});
