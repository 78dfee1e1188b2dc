import { production } from "../../environments/production";
import type { NodePlan } from "../../lib/node/node-plan";
import { FakeNode } from "./fake-node";
import { schedulerNode, variety, worker } from "./specs";

let fake: FakeNode;
const prepare = (spec: NodePlan) => {
  fake = new FakeNode(spec);
  fake.command("id", "[[ -e /var/user ]]");
  fake.command("useradd", "touch /var/user");
  fake.command("dpkg-query", 'echo "install ok installed"');
  for (const name of ["sysctl", "systemctl", "apt-get"]) fake.command(name);
  fake.write("var/.keep", "");
};
afterEach(() => fake.remove());
const calls = (run: { calls: string[] }, ...names: string[]) =>
  run.calls
    .map((call) => call.replaceAll(fake.directory, ""))
    .filter((call) => names.includes(call.split(" ")[0] ?? ""));

describe("step base", () => {
  test("creates a user without shell and sudo, and makes no change that belongs to a boot", () => {
    prepare(worker(production, "cpu"));
    const run = fake.run("base.sh");
    expect(run).toMatchObject({ code: 0, said: "" });
    expect(calls(run, "useradd", "install", "sysctl", "systemctl")).toEqual([
      "useradd --system --user-group --home-dir /var/lib/dask --create-home --shell /usr/sbin/nologin dask",
    ]);
  });

  test("a second run creates no user and installs nothing", () => {
    prepare(worker(production, "cpu"));
    fake.run("base.sh");
    expect(calls(fake.run("base.sh"), "useradd", "apt-get")).toEqual([]);
  });

  test("installs missing packages without prompts", () => {
    prepare(worker(production, "cpu"));
    fake.command("dpkg-query", '[[ $* == *mdadm ]] || echo "install ok installed"');
    const run = fake.run("base.sh");
    expect(run.said).toBe("installing mdadm\n");
    expect(fake.read("run/dask/apt-updated")).toBe("");
    const options =
      "--quiet --yes -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -o Acquire::http::Timeout=30";
    expect(calls(run, "apt-get")).toEqual([
      `apt-get ${options} update`,
      `apt-get ${options} install --no-install-recommends --allow-change-held-packages mdadm`,
    ]);
  });

  test("updates the package lists once a boot", () => {
    prepare(worker(production, "cpu"));
    fake.command("dpkg-query", '[[ $* == *mdadm ]] || echo "install ok installed"');
    fake.write("run/dask/apt-updated", "");
    expect(calls(fake.run("base.sh"), "apt-get").filter((call) => call.endsWith(" update"))).toEqual([]);
  });

  test("fails with the error of apt if a package does not exist", () => {
    prepare(worker(production, "cpu"));
    fake.command("dpkg-query", "exit 1");
    fake.command(
      "apt-get",
      'case "$*" in *install*) echo "E: Unable to locate package mdadm" >&2; exit 100 ;; esac',
    );
    const { code, said } = fake.run("base.sh");
    expect(code).toBe(1);
    expect(said).toMatch(/\nE: Unable to locate package mdadm\n$/);
  });
});

describe("step configuration", () => {
  test("creates the scratch directory, loads kernel settings and enables dask-instance.service", () => {
    prepare(worker(production, "cpu"));
    const run = fake.run("configuration.sh");
    expect(run).toMatchObject({ code: 0, said: "" });
    expect(run.calls.map((call) => call.replaceAll(fake.directory, ""))).toEqual([
      "install -d -o dask -g dask -m 0750 /var/lib/dask/scratch",
      "sysctl --quiet --load=/etc/sysctl.d/90-dask.conf",
      "systemctl enable --quiet --now dask-instance.service",
    ]);
  });

  test("fails with the last log line of dask-instance.service", () => {
    prepare(worker(production, "cpu"));
    fake.command("systemctl", "exit 1");
    fake.command("journalctl", "echo '/dev/nvme1n1 holds data of someone else'");
    expect(fake.run("configuration.sh")).toMatchObject({
      code: 1,
      said: "dask-instance.service: /dev/nvme1n1 holds data of someone else\n",
    });
  });

  test("fails if the kernel rejects a setting", () => {
    prepare(worker(production, "cpu"));
    fake.command("sysctl", "echo 'sysctl: permission denied' >&2; exit 255");
    const run = fake.run("configuration.sh");
    expect(run).toMatchObject({ code: 255, said: "sysctl: permission denied\n" });
    expect(calls(run, "systemctl")).toEqual([]);
  });

  test("does not enable the unit on the scheduler", () => {
    prepare(schedulerNode(production));
    const run = fake.run("configuration.sh");
    expect(run.code).toBe(0);
    expect(calls(run, "install", "systemctl")).toEqual([
      "install -d -o dask -g dask -m 0750 /var/lib/dask/scratch",
    ]);
  });
});

describe("instance-facts", () => {
  const facts = (spec: NodePlan, vcpus: number) => {
    prepare(spec);
    fake.command("nproc", `echo ${vcpus}`);
    fake.command("uname", "echo ip-10-20-0-17.eu-central-1.compute.internal");
    expect(fake.run("instance-facts.sh")).toMatchObject({ code: 0, said: "" });
    return fake.read("run/dask/instance.env");
  };

  test("are the short host name and the vCPUs of each process", () => {
    expect(facts(worker(production, "cpu"), 16)).toBe("DASK_HOST=ip-10-20-0-17\nDASK_THREADS=16\n");
  });

  test("give each of several processes its share, and at least one thread", () => {
    expect(facts(worker(variety, "many-processes"), 16)).toContain("DASK_THREADS=4\n");
    fake.remove();
    expect(facts(worker(variety, "many-processes"), 2)).toContain("DASK_THREADS=1\n");
  });

  test("are written for a GPU worker before it has a driver", () => {
    expect(facts(worker(production, "gpu"), 8)).toContain("DASK_THREADS=8\n");
  });
});
