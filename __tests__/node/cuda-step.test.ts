import { production } from "../../environments/production";
import { FakeNode } from "./fake-node";
import { largest2024, worker } from "./specs";

let fake: FakeNode;

/** Adds a device to the PCI bus. */
const onBus = (address: string, vendor: string, kind: string) => {
  fake.write(`sys/bus/pci/devices/${address}/vendor`, `${vendor}\n`);
  fake.write(`sys/bus/pci/devices/${address}/class`, `${kind}\n`);
};

/**
 * A node with a GPU on its PCI bus. The double of nvidia-smi works after apt-get has installed the driver and modprobe has
 * loaded it. `modules`: whether the archive has modules for the running kernel. The double pauses between the lines of two
 * GPUs, so that a reader that stops after the first line would end nvidia-smi with SIGPIPE.
 */
const prepare = ({
  driver = false,
  modules = true,
  mig = "[N/A]",
  fabric = "N/A",
  spec = worker(production, "gpu"),
} = {}) => {
  fake = new FakeNode(spec);
  onBus("0000:31:00.0", "0x10de", "0x030200");
  fake.write("var/tmp/.keep", "");
  fake.write("etc/os-release", 'VERSION_ID="24.04"\n');
  if (driver) fake.write("var/loaded", "");
  fake.command(
    "nvidia-smi",
    `[[ -e /var/loaded ]] || { echo "NVIDIA-SMI has failed because it couldn't communicate with the driver"; exit 9; }
case "$*" in
--list-gpus) echo "GPU 0: NVIDIA L4 (UUID: GPU-1)" ;;
--query-gpu=mig.mode.current*) printf '%s\\n' "[N/A]" "${mig}" ;;
--query-gpu=driver_version*) echo 580.95.05; sleep 0.1; echo 580.95.05 ;;
--query) printf '    Fabric\\n        State                             : %s\\n' "${fabric}" ;;
*query*) echo "NVIDIA L4, 580.95.05, Enabled" ;;
esac`,
  );
  fake.command("uname", "echo 6.14.0-1018-aws");
  fake.command("apt-cache", modules ? "" : "exit 100");
  fake.command("apt-get", 'case "$*" in *install*) touch /var/driver ;; esac');
  fake.command(
    "dpkg-query",
    'case "$*" in *Abbrev*) echo "ii  nvidia-utils-580-server" ;; *) exit 1 ;; esac',
  );
  fake.command("modprobe", modules ? "[[ -e /var/driver ]] && touch /var/loaded" : "exit 1");
  fake.command(
    "systemctl",
    `case "$*" in
"cat nvidia-persistenced.service") echo "ExecStart=/usr/bin/nvidia-persistenced --no-persistence-mode" ;;
"cat nvidia-fabricmanager.service") [[ -e /var/fabricmanager ]] ;;
esac`,
  );
  fake.command("apt-mark");
  fake.command("dpkg");
};
afterEach(() => fake.remove());

const calls = (run: { calls: string[] }, ...names: string[]) =>
  run.calls
    .map((call) => call.replaceAll(fake.directory, "").replace(/--quiet --yes -o .* (?=update|install)/, ""))
    .filter((call) => names.includes(call.split(" ")[0] ?? ""));

test("a driver that works is not changed", () => {
  prepare({ driver: true });
  const run = fake.run("cuda-nvidia.sh");
  expect(run).toMatchObject({ code: 0, said: "NVIDIA L4, 580.95.05, Enabled\n" });
  expect(calls(run, "apt-get", "modprobe", "apt-mark")).toEqual([]);
});

test("without one, the signed modules of the running kernel are installed and loaded, without a reboot", () => {
  prepare();
  const run = fake.run("cuda-nvidia.sh");
  expect(run.code).toBe(0);
  expect(calls(run, "apt-get", "modprobe", "apt-mark")).toEqual([
    "apt-get update",
    "apt-get install --no-install-recommends --allow-change-held-packages " +
      "linux-modules-nvidia-580-server-open-6.14.0-1018-aws nvidia-headless-no-dkms-580-server-open " +
      "nvidia-utils-580-server",
    "modprobe --all nvidia nvidia-uvm",
    "apt-mark hold nvidia-utils-580-server",
  ]);
});

test("if only modules for another kernel exist, the step requests a reboot with the reason", () => {
  prepare({ modules: false });
  const run = fake.run("cuda-nvidia.sh");
  expect(run.code).toBe(100);
  expect(run.said).toMatch(/\ndriver 580 does not load on kernel 6\.14\.0-1018-aws\n$/);
  expect(calls(run, "apt-get").at(-1)).toBe(
    "apt-get install --no-install-recommends --allow-change-held-packages " +
      "linux-modules-nvidia-580-server-open-aws nvidia-headless-no-dkms-580-server-open nvidia-utils-580-server",
  );
});

test("persistence mode is on, by a drop-in if the packaged daemon turns it off", () => {
  prepare({ driver: true });
  const run = fake.run("cuda-nvidia.sh");
  expect(fake.read("etc/systemd/system/nvidia-persistenced.service.d/dask.conf")).toBe(
    "# Keeps GPUs initialized between tasks. Otherwise the first CUDA call of each task waits for the driver.\n" +
      "[Unit]\nStopWhenUnneeded=false\n\n[Service]\nExecStart=\n" +
      "ExecStart=/usr/bin/nvidia-persistenced --user nvidia-persistenced --persistence-mode --verbose\n",
  );
  expect(calls(run, "systemctl")).toEqual([
    "systemctl cat nvidia-persistenced.service",
    "systemctl daemon-reload",
    "systemctl restart nvidia-persistenced.service",
  ]);
  expect(calls(run, "nvidia-smi")).toContain("nvidia-smi --persistence-mode=1");
});

test("a daemon that keeps persistence mode on is not changed", () => {
  prepare({ driver: true });
  fake.command("systemctl", "echo ExecStart=/usr/bin/nvidia-persistenced --persistence-mode");
  expect(calls(fake.run("cuda-nvidia.sh"), "systemctl")).toEqual([
    "systemctl cat nvidia-persistenced.service",
  ]);
  expect(fake.read("etc/systemd/system/nvidia-persistenced.service.d/dask.conf")).toBeUndefined();
});

describe("Fabric Manager", () => {
  const install = "apt-get install --no-install-recommends nvidia-fabricmanager-580=580.95.05-*";
  const about = (run: { calls: string[] }) =>
    calls(run, "systemctl", "apt-get").filter((call) => call.includes("fabricmanager"));
  const [gpus] = production.pools.filter(({ kind }) => kind === "gpu");
  if (gpus === undefined) throw new Error("production has no GPU pool");
  const p5 = worker({ ...production, pools: [{ ...gpus, instanceTypes: ["p5.48xlarge"] }] }, gpus.name);

  test("is installed in the driver's version, enabled and started where NVSwitches connect the GPUs", () => {
    prepare();
    onBus("0000:a0:00.0", "0x10de", "0x068000");
    const run = fake.run("cuda-nvidia.sh");
    expect(run.code).toBe(0);
    expect(about(run)).toEqual([
      "systemctl cat nvidia-fabricmanager.service",
      install,
      "systemctl enable --quiet nvidia-fabricmanager.service",
      "systemctl start nvidia-fabricmanager.service",
    ]);
    expect(calls(run, "apt-mark")).toHaveLength(2);
  });

  test.each([
    ["only a GPU", "0x10de", "0x030200"],
    ["a bridge of another vendor", "0x1d0f", "0x068000"],
  ])("is left out with %s", (_, vendor, kind) => {
    prepare();
    onBus("0000:a0:00.0", vendor, kind);
    const run = fake.run("cuda-nvidia.sh");
    expect(run.code).toBe(0);
    expect(about(run)).toEqual([]);
  });

  test("of the image is not changed, and is started", () => {
    prepare({ driver: true });
    fake.write("var/fabricmanager", "");
    onBus("0000:a0:00.0", "0x10de", "0x068000");
    const run = fake.run("cuda-nvidia.sh");
    expect(run.code).toBe(0);
    expect(calls(run, "apt-get")).toEqual([]);
    expect(about(run)).toContain("systemctl start nvidia-fabricmanager.service");
  });

  test("is in an image for instances with NVSwitches that is baked on another instance type", () => {
    prepare({ spec: p5 });
    const run = fake.run("cuda-nvidia.sh");
    expect(run.code).toBe(0);
    expect(about(run)).toEqual([
      "systemctl cat nvidia-fabricmanager.service",
      install,
      "systemctl enable --quiet nvidia-fabricmanager.service",
    ]);
    expect(p5.settings.NVSWITCH).toBe("yes");
    expect(p5.settings.BAKE_KEY).not.toBe(worker(production, "gpu").settings.BAKE_KEY);
  });

  test("that does not run fails the step with its last log line", () => {
    prepare();
    onBus("0000:a0:00.0", "0x10de", "0x068000");
    fake.command("systemctl", '[[ "$*" != *"start nvidia-fabricmanager"* && "$*" != cat* ]]');
    fake.command("journalctl", "echo failed to configure all the available GPUs or NVSwitches");
    const { code, said } = fake.run("cuda-nvidia.sh");
    expect(code).toBe(1);
    expect(said).toMatch(
      /\nnvidia-fabricmanager does not run: failed to configure all the available GPUs or NVSwitches\n$/,
    );
  });

  test.each([
    ["N/A", 0],
    ["Completed", 0],
    ["In Progress", 1],
  ])("that leaves the fabric of GPUs %s ends the step with %d", (fabric, expected) => {
    prepare({ driver: true, fabric });
    const { code, said } = fake.run("cuda-nvidia.sh");
    expect(code).toBe(expected);
    expect(said.includes("the GPUs do not join their NVLink fabric; those of p6 need NVLSM")).toBe(
      code === 1,
    );
  });
});

test.each([
  ["Enabled", 1],
  ["Disabled", 0],
])("MIG mode that is %s ends the step with %d", (mig, expected) => {
  prepare({ driver: true, mig });
  const { code, said } = fake.run("cuda-nvidia.sh");
  expect(code).toBe(expected);
  expect(said.startsWith("MIG mode is enabled, expected one worker for each whole GPU; turn it off")).toBe(
    expected === 1,
  );
});

test("a node without a GPU fails the step before anything is installed", () => {
  prepare();
  fake.write("sys/bus/pci/devices/0000:31:00.0/vendor", "0x1d0f\n");
  expect(fake.run("cuda-nvidia.sh")).toEqual({
    code: 1,
    said: "this node has no NVIDIA GPU\n",
    calls: [],
  });
});

test("a driver that stops working fails the step with the error of nvidia-smi", () => {
  prepare({ driver: true });
  fake.command(
    "nvidia-smi",
    `case "$*" in
  --list-gpus) [[ ! -e /var/lost ]] && echo "GPU 0: NVIDIA L4"; touch /var/lost ;;
  "") echo "Failed to initialize NVML: Unknown Error"; exit 255 ;;
esac`,
  );
  const { code, said } = fake.run("cuda-nvidia.sh");
  expect(code).toBe(1);
  expect(said).toBe("nvidia-smi lists no GPU: Failed to initialize NVML: Unknown Error\n");
});

describe("step cuda-toolkit, on release 2024.7", () => {
  const spec = worker(largest2024, "gpus-for-the-tutors");

  test("installs the toolkit from NVIDIA's repository, after a check of its key", () => {
    prepare({ driver: true, spec });
    fake.command("curl", 'echo "not the key" >"$' + '{@: -2:1}"');
    const refused = fake.run("cuda-toolkit.sh");
    expect(refused.code).toBe(1);
    expect(refused.said).toMatch(
      /cuda-keyring_1\.1-1_all\.deb has the checksum \w{64}, expected d2a6b11c096396d868758b86dab1823b25e14d70333f1dfa74da5ddaf6a06dba: not used\n$/,
    );
    expect(calls(refused, "dpkg", "apt-get")).toEqual([]);

    fake.command("sha256sum", "echo d2a6b11c096396d868758b86dab1823b25e14d70333f1dfa74da5ddaf6a06dba -");
    // The package lists are updated even if they were updated in this boot.
    fake.write("run/dask/apt-updated", "");
    const run = fake.run("cuda-toolkit.sh");
    expect(run.code).toBe(0);
    expect(calls(run, "dpkg", "apt-get")).toEqual([
      "dpkg --install /var/tmp/cuda-keyring.deb",
      "apt-get update",
      "apt-get install --no-install-recommends --allow-change-held-packages cuda-toolkit-12-6",
    ]);
    expect(fake.read("var/tmp/cuda-keyring.deb")).toBeUndefined();
  });

  test("does nothing if the toolkit is installed", () => {
    prepare({ driver: true, spec });
    fake.command("dpkg-query", 'echo "install ok installed"');
    const run = fake.run("cuda-toolkit.sh");
    expect(run).toMatchObject({ code: 0, said: "" });
    expect(calls(run, "curl", "dpkg", "apt-get")).toEqual([]);
  });

  test("rejects another version of Ubuntu with a hint", () => {
    prepare({ driver: true, spec });
    fake.write("etc/os-release", 'VERSION_ID="22.04"\n');
    const { code, said } = fake.run("cuda-toolkit.sh");
    expect(code).toBe(1);
    expect(said).toMatch(/cuda-toolkit-12-6 is for Ubuntu 24\.04; choose such an image\n$/);
  });
});
