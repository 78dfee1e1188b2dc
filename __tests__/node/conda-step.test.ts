import { createHash } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { development } from "../../environments/development";
import { production } from "../../environments/production";
import { defineCluster } from "../../lib/config/define";
import type { NodePlan } from "../../lib/node/node-plan";
import { packageFile } from "../../lib/node/package-file";
import { fakeAws, keep } from "./fake-aws";
import { FakeNode } from "./fake-node";
import { largest2024, worker } from "./specs";

/** Stands for Miniforge's installer: creates commands that record their calls and create the files of the real ones. */
const INSTALLER = `
while (($#)); do [[ $1 == -p ]] && prefix=$2; shift; done
mkdir -p "$prefix/bin"
for name in conda python uv; do
  printf '#!/bin/bash\\n%s-stub "$@"\\n' "$name" >"$prefix/bin/$name"
  chmod +x "$prefix/bin/$name"
done
`;
const DIGEST = createHash("sha256").update(INSTALLER).digest("hex");
const MAKE_ENVIRONMENT = `
while (($#)); do [[ $1 == --prefix ]] && prefix=$2; shift; done
mkdir -p "$prefix/bin"
printf '#!/bin/bash\\necho "dask, version $(cat /var/installed)"\\n' >"$prefix/bin/dask"
chmod +x "$prefix/bin/dask"`;

/** Keeps the requirements, the variables of the index, and the credentials. */
const KEEP_INPUTS = `cp "\${@: -1}" /var/requirements
env | grep -E '^(UV_DEFAULT_INDEX|UV_INDEX|UV_FIND_LINKS|PIP_INDEX_URL)=' | sort >/var/variables
[[ -z \${NETRC:-} ]] || { cp "$NETRC" /var/netrc; stat --format %a "$NETRC" >/var/netrc-mode; }`;

let fake: FakeNode;
const prepare = (spec: NodePlan) => {
  fake = new FakeNode(spec, { MINIFORGE_SHA256: DIGEST });
  fake.write("installer", INSTALLER);
  fakeAws(fake, { download: join(fake.directory, "installer") });
  fake.command("conda-stub", MAKE_ENVIRONMENT);
  fake.command("python-stub");
  // It keeps a copy of its requirements.
  fake.command("uv-stub", `${KEEP_INPUTS}; echo ${spec.settings.DASK} >/var/installed`);
  fake.write("var/tmp/.keep", "");
};
beforeEach(() => prepare(worker(development, "cpu")));
afterEach(() => fake.remove());

/** Image digest of the node, part of the folder of its environment. */
const key = () => /BAKE_KEY='(\w+)'/.exec(fake.read("etc/dask/node.env") ?? "")?.[1];
const short = (calls: readonly string[]) =>
  calls.map((call) => call.replaceAll(fake.directory, "").replace(/dask-node\.\w{6}/, "dask-node.X"));

test("installs only the interpreter and the locked packages", () => {
  const { code, said, calls } = fake.run("conda.sh");
  expect(said).toBe(
    "installing Miniforge\nmaking an environment with Python 3.12.13\ninstalling the packages of the lockfile\n" +
      "dask, version 2026.7.1 on Python 3.12.13\n",
  );
  expect(code).toBe(0);
  expect(short(calls)).toEqual([
    "curl --silent --show-error --connect-timeout 20 --max-time 20 --retry 4 " +
      "--retry-connrefused --fail --location --max-time 900 --speed-limit 1000 --speed-time 30 --output /var/tmp/dask-node.X/miniforge.sh " +
      "https://github.com/conda-forge/miniforge/releases/download/26.3.2-3/Miniforge3-26.3.2-3-Linux-x86_64.sh",
    "python-stub -m pip install --quiet --no-cache-dir --no-deps --require-hashes --requirement /lib/uv.txt",
    `conda-stub create --yes --quiet --prefix /opt/dask/env-${key()} --override-channels --channel conda-forge python=3.12.13`,
    `uv-stub pip install --quiet --python /opt/dask/env-${key()}/bin/python --compile-bytecode --no-deps --no-build ` +
      "--require-hashes --requirement /lib/requirements.txt",
  ]);
  expect(readdirSync(join(fake.directory, "var/tmp"))).toEqual([".keep"]);
});

test("installs Miniforge for arm64 on Graviton", () => {
  fake.remove();
  const cluster = { name: "arm", network: { adminSubnets: ["10.0.0.0/8"] } };
  prepare(
    worker(
      defineCluster({ ...cluster, pools: [{ name: "cpu", kind: "cpu", instanceTypes: ["m8g.large"] }] }),
      "cpu",
    ),
  );
  const { code, calls } = fake.run("conda.sh");
  expect(code).toBe(0);
  expect(calls[0]).toMatch(/\/download\/26\.3\.2-3\/Miniforge3-26\.3\.2-3-Linux-aarch64\.sh$/);
});

test.each([
  ["CPU", worker(development, "cpu"), "locks/2026.7/cpu.txt"],
  ["GPU", worker(production, "gpu"), "locks/2026.7/gpu.txt"],
  ["GPU on 2024.7", worker(largest2024, "gpus-for-the-tutors"), "locks/2024.7/gpu.txt"],
])("uv gets the unchanged lockfile: %s", (_, spec, lock) => {
  fake.remove();
  prepare(spec);
  expect(fake.run("conda.sh").code).toBe(0);
  expect(fake.read("var/requirements")).toBe(packageFile(lock));
});

test("a second run changes nothing", () => {
  fake.run("conda.sh");
  expect(fake.run("conda.sh")).toEqual({
    code: 0,
    said: "Dask 2026.7.1 on Python 3.12.13 is there\n",
    calls: [],
  });
});

test("another image digest recreates the environment, with the existing Miniforge", () => {
  fake.run("conda.sh");
  const settings = fake.read("etc/dask/node.env") ?? "";
  fake.write("etc/dask/node.env", settings.replace(/BAKE_KEY='\w+'/, "BAKE_KEY='0123456789ab'"));
  const { said, calls } = fake.run("conda.sh");
  expect(said).toContain("installing the packages of the lockfile");
  expect(short(calls).map((call) => call.split(" ")[0])).toEqual(["conda-stub", "uv-stub"]);
  expect(fake.read("opt/dask/env/.dask-node")).toBe("0123456789ab\n");
});

test("an installer with another checksum is not run, and the error has both checksums", () => {
  fake.write("installer", "echo evil");
  const evil = createHash("sha256").update("echo evil").digest("hex");
  const { code, said } = fake.run("conda.sh");
  expect(code).toBe(1);
  expect(said).toMatch(
    new RegExp(
      `Miniforge3-26.3.2-3-Linux-x86_64.sh has the checksum ${evil}, expected ${DIGEST}: not used\n$`,
    ),
  );
  expect(fake.read("opt/conda/bin/conda")).toBeUndefined();
});

test("a failed download reports the error of curl", () => {
  fake.command("curl", "echo 'curl: (22) The requested URL returned error: 404' >&2; exit 22");
  const { code, said } = fake.run("conda.sh");
  expect(code).toBe(1);
  expect(said).toMatch(
    /\ncannot download https:\/\/.+\.sh: curl: \(22\) The requested URL returned error: 404\n$/,
  );
});

test("a failed installation is tried three times, and reports its last line", () => {
  fake.command("uv-stub", "echo 'error: hash mismatch of dask' >&2; exit 1");
  const { code, said, calls } = fake.run("conda.sh");
  expect(code).toBe(1);
  expect(said.trimEnd().split("\n").slice(-5)).toEqual([
    "error: hash mismatch of dask",
    "attempt 1 of 3 failed; the next in 10 s",
    "error: hash mismatch of dask",
    "attempt 2 of 3 failed; the next in 20 s",
    "error: hash mismatch of dask",
  ]);
  expect(calls.filter((call) => call.startsWith("sleep"))).toEqual(["sleep 10", "sleep 20"]);
});

test("an environment with another version of Dask is rejected", () => {
  fake.command("uv-stub", "echo 2020.1.0 >/var/installed");
  const { code, said } = fake.run("conda.sh");
  expect(code).toBe(1);
  expect(said).toMatch(/the environment holds 'dask, version 2020.1.0', expected 2026.7.1\n$/);
  expect(fake.run("conda.sh").code).toBe(1);
});

test("the previous environment stays until the next one is complete, and is then removed", () => {
  fake.run("conda.sh");
  const first = key();
  const settings = fake.read("etc/dask/node.env") ?? "";
  fake.write("etc/dask/node.env", settings.replace(/BAKE_KEY='\w+'/, "BAKE_KEY='0123456789ab'"));
  fake.command("uv-stub", "echo 'error: no space left on device' >&2; exit 1");
  expect(fake.run("conda.sh").code).toBe(1);
  expect(fake.read("opt/dask/env/.dask-node")).toBe(`${first}\n`);
  expect(fake.read("opt/dask/env/bin/dask")).toContain("dask, version");

  fake.command("uv-stub", "echo 2026.7.1 >/var/installed");
  expect(fake.run("conda.sh").code).toBe(0);
  expect(fake.read("opt/dask/env/.dask-node")).toBe("0123456789ab\n");
  expect(readdirSync(join(fake.directory, "opt/dask")).sort()).toEqual(["env", "env-0123456789ab"]);
});

describe("with package indexes of the user", () => {
  const index = {
    url: "https://pypi.company.internal/simple",
    extraUrls: ["https://gpu.company.internal:8443/simple", "https://other.company.internal/simple"],
    credentialsSecret: "company/pypi",
  };
  const cluster = { ...development, environment: { ...development.environment, index } };
  const SECRET = JSON.stringify({ username: "reader", password: 'a"b\\c/d+e=' });
  beforeEach(() => {
    fake.remove();
    prepare(worker(cluster, "cpu"));
    keep(fake, "company/pypi", SECRET);
  });

  test("pip and uv use them, and no line of the log has the password", () => {
    const { code, said, calls } = fake.run("conda.sh");
    expect(code).toBe(0);
    expect(fake.read("var/variables")).toBe(
      "PIP_INDEX_URL=https://pypi.company.internal/simple\n" +
        "UV_DEFAULT_INDEX=https://pypi.company.internal/simple\n" +
        "UV_INDEX=https://gpu.company.internal:8443/simple https://other.company.internal/simple\n",
    );
    expect(said + calls.join("")).not.toContain("reader");
    expect(said + calls.join("")).not.toContain("b\\c");
  });

  test("they get user and password of the secret by a file that only root reads, and that is removed", () => {
    fake.run("conda.sh");
    const login = 'login reader password a"b\\c/d+e=';
    expect(fake.read("var/netrc")).toBe(
      ["pypi", "gpu", "other"].map((host) => `machine ${host}.company.internal ${login}\n`).join(""),
    );
    expect(fake.read("var/netrc-mode")).toBe("600\n");
    expect(readdirSync(join(fake.directory, "var/tmp"))).toEqual([".keep"]);
  });

  test("a secret that is missing fails the step with one sentence", () => {
    keep(fake, "company/pypi", "{}");
    expect(fake.run("conda.sh")).toMatchObject({
      code: 1,
      said: 'the secret company/pypi has no user and password of the package index, expected {"username": "…", "password": "…"} without spaces\n',
    });
    rmSync(join(fake.directory, "var/kept/company-pypi"));
    expect(fake.run("conda.sh")).toMatchObject({
      code: 1,
      said: "cannot read the secret company/pypi of the package index: ResourceNotFoundException: no such secret\n",
    });
  });
});

test("uv searches the folder with the wheels of the user", () => {
  fake.write("lib/wheels/my_lib-1.0-py3-none-any.whl", "");
  expect(fake.run("conda.sh").code).toBe(0);
  expect(fake.read("var/variables")).toBe("UV_FIND_LINKS=/lib/wheels\n");
});
