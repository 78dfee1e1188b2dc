import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { production } from "../../environments/production";
import type { NodeFile } from "../../lib/node/node-plan";
import { packageRoot } from "../../lib/node/package-file";
import { makeRoot, testWithSystemd, unitsOf } from "./offline-root";
import { everySpec, fileOf, largest2026, schedulerNode, unitOf, worker } from "./specs";

jest.setTimeout(120_000);

/**
 * Maximum exposure of each unit by `systemd-analyze security`, times ten: 0 is none, 100 a service of root without any
 * sandbox. Measured with systemd 252; Dask's services need the network and code made at run time, and those of root
 * install packages and mount disks.
 */
const MAX_EXPOSURE: Readonly<Record<string, number>> = {
  "dask-scheduler.service": 16,
  "dask-worker.service": 14,
  "dask-cuda-worker.service": 16,
  "dask-dashboard.service": 13,
  "dask-status.service": 13,
  "dask-prometheus.service": 11,
  "dask-alertmanager.service": 13,
  "dask-autoscaler.service": 13,
  "dask-certificates.service": 24,
  "dask-watch.service": 19,
  "dask-drain.service": 16,
  "dask-logs.service": 15,
  "dask-instance.service": 46,
  "dask-node.service": 60,
  "dask-bundle.service": 60,
};

const GENERAL = "/etc/systemd/system/dask-.service.d/hardening.conf";
const sandboxOf = (unit: string) => `/etc/systemd/system/${unit}.service.d/sandbox.conf`;

let directory: string;
beforeAll(() => {
  mkdirSync(join(packageRoot(), ".test"), { recursive: true });
  directory = mkdtempSync(join(packageRoot(), ".test", "hardening-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Report of systemd-analyze about the exposure of a unit on a node with these files. */
function analyze(files: readonly NodeFile[], unit: string, ...options: string[]) {
  const { status, stdout, stderr, error } = spawnSync(
    "systemd-analyze",
    ["security", "--offline=true", "--no-pager", `--root=${rootOf(files)}`, ...options, unit],
    { encoding: "utf8", timeout: 60_000 },
  );
  if (error) throw error;
  return { code: status, said: stderr, shown: stdout };
}

const roots = new Map<readonly NodeFile[], string>();
function rootOf(files: readonly NodeFile[]): string {
  const root = roots.get(files) ?? mkdtempSync(join(directory, "root-"));
  if (!roots.has(files)) makeRoot(root, files);
  roots.set(files, root);
  return root;
}

/** Names of the restrictions of a unit with its drop-ins. */
function restrictions(files: readonly NodeFile[], unit: string): string[] {
  const { shown } = analyze(files, unit, "--json=short");
  const checks = JSON.parse(shown) as readonly { readonly set: boolean; readonly name: string }[];
  return checks.filter(({ set }) => set).map(({ name }) => name);
}

const settings = (text: string) => text.split("\n").filter((line) => line.includes("="));

const scheduler = schedulerNode(production);
const cpu = worker(production, "cpu");
const gpu = worker(production, "gpu");

describe("exposure", () => {
  testWithSystemd("of each unit of each node is within its limit", () => {
    for (const [title, { files }] of everySpec) {
      const services = unitsOf(files).filter((unit) => unit.endsWith(".service"));
      expect(services).toContain("dask-node.service");
      for (const unit of services) {
        const { code, said } = analyze(files, unit, `--threshold=${MAX_EXPOSURE[unit] ?? 0}`);
        expect({ title, unit, code, said }).toEqual({ title, unit, code: 0, said: "" });
      }
    }
  });

  testWithSystemd("is above each limit without the drop-ins", () => {
    const nodes = [scheduler, cpu, gpu].map(({ files }) =>
      files.filter(({ path }) => !path.endsWith(".conf")),
    );
    for (const [unit, bound] of Object.entries(MAX_EXPOSURE)) {
      const bare = nodes.find((files) => unitsOf(files).includes(unit)) ?? [];
      expect({ unit, ...analyze(bare, unit, `--threshold=${bound}`) }).toMatchObject({
        unit,
        code: 1,
        said: "",
      });
    }
  });
});

describe("the drop-in of all units", () => {
  test("is the same on every node", () => {
    for (const [, spec] of everySpec) {
      expect(settings(fileOf(spec, GENERAL))).toEqual([
        "NoNewPrivileges=yes",
        "LockPersonality=yes",
        "ProtectHostname=yes",
        "RestrictNamespaces=yes",
        "RestrictRealtime=yes",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX",
        "SystemCallArchitectures=native",
        "SystemCallErrorNumber=EPERM",
        "SystemCallFilter=~@clock @cpu-emulation @debug @obsolete @raw-io @reboot @swap",
        expect.stringMatching(/^CapabilityBoundingSet=~CAP_BLOCK_SUSPEND .* CAP_LINUX_IMMUTABLE$/),
        expect.stringMatching(/^CapabilityBoundingSet=~CAP_NET_ADMIN .* CAP_SYS_BOOT$/),
        expect.stringMatching(/^CapabilityBoundingSet=~.*CAP_SYS_PTRACE CAP_SYS_RAWIO .* CAP_WAKE_ALARM$/),
      ]);
    }
  });

  test("creates no mount namespace, which would hide the mounts of a unit", () => {
    const namespaced =
      /^(PrivateTmp|PrivateDevices|PrivateMounts|PrivateIPC|Protect(?!Hostname)\w+|ProcSubset|\w+Paths|BindPaths)=/;
    for (const text of [fileOf(cpu, GENERAL), unitOf(cpu, "dask-instance"), unitOf(cpu, "dask-node")]) {
      expect(settings(text).filter((line) => namespaced.test(line))).toEqual([]);
    }
    expect(settings(fileOf(cpu, sandboxOf("dask-worker"))).filter((line) => namespaced.test(line))).toContain(
      "ProtectSystem=strict",
    );
  });
});

describe.each([
  ["dask-scheduler", "", scheduler],
  ["dask-scheduler", " with UCX", schedulerNode(largest2026)],
  ["dask-worker", "", cpu],
  ["dask-cuda-worker", "", gpu],
])("%s.service%s, which runs what clients send,", (unit, _, { files }) => {
  const sandbox = files.find(({ path }) => path === sandboxOf(unit))?.content ?? "";

  test("has a sandbox", () => {
    const wanted = ["CapabilityBoundingSet=", "DevicePolicy=closed", "DeviceAllow=char-nvidia*"];
    expect(settings(sandbox)).toEqual(expect.arrayContaining(wanted));
    expect(settings(sandbox)).toEqual(
      expect.arrayContaining(["ProtectSystem=strict", "ReadWritePaths=/var/lib/dask", "ProtectHome=yes"]),
    );
  });

  test("can compile while it runs, and read /proc/meminfo", () => {
    expect(sandbox).not.toMatch(/^(MemoryDenyWriteExecute|ProcSubset)=/m);
  });

  testWithSystemd("has these restrictions, as systemd reads them", () => {
    const has = restrictions(files, `${unit}.service`);
    expect(has).toEqual(
      expect.arrayContaining([
        ...["NoNewPrivileges=", "PrivateTmp=", "PrivateUsers=", "ProtectSystem=", "ProtectHome="],
        ...["ProtectProc=", "ProtectKernelTunables=", "ProtectKernelModules=", "ProtectKernelLogs="],
        ...["ProtectControlGroups=", "ProtectClock=", "RestrictSUIDSGID=", "UMask=", "RemoveIPC="],
        ...["CapabilityBoundingSet=~CAP_SYS_ADMIN", "CapabilityBoundingSet=~CAP_SYS_PTRACE"],
        ...["SystemCallFilter=~@mount", "SystemCallFilter=~@debug", "SystemCallFilter=~@privileged"],
        ...["RestrictNamespaces=~user", "RestrictAddressFamilies=~AF_PACKET"],
      ]),
    );
    // Files of /dev/nvidia* would be hidden.
    expect(has.includes("PrivateDevices=")).toBe(unit === "dask-worker");
    expect(has).not.toContain("MemoryDenyWriteExecute=");
    expect(has).not.toContain("ProcSubset=");
  });
});

test("the device rule of a CUDA worker is created after the driver of unified memory is loaded", () => {
  const sandbox = settings(fileOf(gpu, sandboxOf("dask-cuda-worker")));
  expect(sandbox).toContain("Wants=modprobe@nvidia_uvm.service");
  expect(sandbox).toContain("After=modprobe@nvidia_uvm.service");
});

test("the scheduler cannot reach the metadata service", () => {
  expect(settings(unitOf(scheduler, "dask-scheduler"))).toContain(
    "IPAddressDeny=169.254.169.254 fd00:ec2::254",
  );
});

test("dask-instance.service may mount, and reaches no network", () => {
  const unit = settings(unitOf(cpu, "dask-instance"));
  expect(unit).toContain("SystemCallFilter=@system-service @mount");
  expect(unit).toContain("IPAddressDeny=any");
  expect(unit).toContain(
    "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_MKNOD CAP_SYS_ADMIN",
  );
});

testWithSystemd("dask-node.service can load a driver and install setuid programs", () => {
  const has = restrictions(cpu.files, "dask-node.service");
  for (const needed of ["CapabilityBoundingSet=~CAP_SYS_MODULE", "RestrictSUIDSGID=", "ProtectSystem="]) {
    expect(has).not.toContain(needed);
  }
  expect(has).toContain("NoNewPrivileges=");
});
