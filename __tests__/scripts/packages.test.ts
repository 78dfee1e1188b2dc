import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { testDirectory } from "../support/directory";
import { documentedWithout, KEPT, REGISTRY } from "../support/variables";

const directory = testDirectory("packages");
const checkout = join(directory, "checkout");
const bin = join(directory, "bin");
const home = join(directory, "home");

/** Packages of the lockfile: one of each kind that the configuration of npm can omit. */
const PACKAGES = {
  "": { name: "test" },
  "node_modules/needed": { version: "1.0.0" },
  "node_modules/cdktf-cli": { version: "1.0.0", dev: true, dependencies: { inner: "^1.0.0" } },
  "node_modules/cdktf-cli/node_modules/inner": { version: "1.0.0", dev: true },
  "node_modules/dev": { version: "1.0.0", dev: true },
  "node_modules/peer": { version: "1.0.0", peer: true },
  "node_modules/ours": { version: "1.0.0", optional: true, os: [process.platform], cpu: [process.arch] },
  "node_modules/other-system": { version: "1.0.0", optional: true, os: ["aix"] },
  "node_modules/other-cpu": { version: "1.0.0", optional: true, os: [process.platform], cpu: ["s390"] },
  "node_modules/may-fail": { version: "1.0.0", optional: true },
};
const LOCAL = ["needed", "cdktf-cli", "cdktf-cli/node_modules/inner"];
const NEEDED = [...LOCAL, "dev", "peer", "ours"];

const MANIFEST = {
  name: "test",
  version: "1.0.0",
  dependencies: { needed: "1.0.0" },
  devDependencies: { "cdktf-cli": "1.0.0", dev: "1.0.0", ours: "1.0.0" },
  peerDependencies: { peer: "^1.0.0" },
};

beforeEach(() => {
  rmSync(directory, { recursive: true, force: true });
  for (const path of [bin, home, checkout]) mkdirSync(path, { recursive: true });
  for (const path of ["scripts", "lib/local"]) cpSync(path, join(checkout, path), { recursive: true });
  writeFileSync(join(checkout, "package-lock.json"), JSON.stringify({ packages: PACKAGES }));
  writeFileSync(join(checkout, "package.json"), JSON.stringify(MANIFEST));
  npm(installing(NEEDED));
});

const installing = (names: readonly string[]) =>
  `for name in ${names.join(" ")}; do mkdir -p "$name"; echo '{"version":"1.0.0"}' > "$name/package.json"; done`;

/** Stands for npm: records its arguments and its environment, then runs a script of the test in node_modules. */
function npm(script: string) {
  const note = `[ "$1" = ci ] || { echo "https://asked.example/"; exit; }; echo "$@" > ${directory}/args; cp package.json package-lock.json ${directory}; env > ${directory}/env; cp "$npm_config_userconfig" ${directory}/npmrc`;
  const lines = ["#!/bin/sh", note, "mkdir -p node_modules", "cd node_modules", script];
  writeFileSync(join(bin, "npm"), `${lines.join("\n")}\n`, { mode: 0o755 });
}

/** As `npm test` does. */
function install(env: NodeJS.ProcessEnv = {}) {
  return run([join(checkout, "scripts/install.mjs")], env);
}

/** As `npm start` does. */
function installLocal() {
  const packages = JSON.stringify(join(checkout, "scripts/packages.mjs"));
  const script = `import(${packages}).then(({ installPackages }) => installPackages("npm start", true))`;
  return run(["--eval", script], {});
}

function run(args: readonly string[], env: NodeJS.ProcessEnv) {
  rmSync(join(directory, "args"), { force: true });
  const all = { PATH: `${bin}:${process.env.PATH}`, HOME: home, ...env };
  const options = { env: all, encoding: "utf8", cwd: directory } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
  return { status, output: stdout, error: stderr };
}

const asked = (file: "args" | "env" | "npmrc") => readFileSync(join(directory, file), "utf8").trim();
const called = () => {
  try {
    return asked("args") !== "";
  } catch {
    return false;
  }
};

test("installs all packages of package-lock.json for this platform, once", () => {
  expect(install()).toMatchObject({ status: 0, error: "" });
  expect(asked("args")).toBe(
    "ci --include=dev --include=optional --include=peer --ignore-scripts --no-audit --no-fund --no-progress --loglevel=error " +
      `--cache ${join(checkout, ".npm")}`,
  );

  expect(install()).toEqual({ status: 0, output: "", error: "" });
  expect(called()).toBe(false);
});

test("installs the packages of a folder with tools, once", () => {
  const tools = join(checkout, "tools");
  mkdirSync(tools);
  for (const name of ["package.json", "package-lock.json"]) cpSync(join(checkout, name), join(tools, name));
  const installTools = () => {
    const packages = JSON.stringify(join(checkout, "scripts/packages.mjs"));
    const script = `import(${packages}).then((m) => m.installTools(${JSON.stringify(tools)}, "npm run docs:api"))`;
    return run(["--eval", script], {});
  };

  expect(installTools()).toMatchObject({ status: 0, error: "" });
  expect(NEEDED.filter((name) => !existsSync(join(tools, "node_modules", name)))).toEqual([]);
  expect(existsSync(join(checkout, "node_modules"))).toBe(false);

  expect(installTools()).toEqual({ status: 0, output: "", error: "" });
  expect(called()).toBe(false);
});

describe("for the local stack only", () => {
  const installed = () =>
    Object.keys(PACKAGES).filter((path) => path !== "" && existsSync(join(checkout, path)));
  beforeEach(() => npm(installing(LOCAL)));

  test("npm gets manifests with the packages of the local stack only, in the versions of the lockfile", () => {
    expect(installLocal()).toMatchObject({ status: 0, error: "" });
    const dependencies = { needed: "1.0.0", "cdktf-cli": "1.0.0" };
    const root = { name: "test", version: "1.0.0", dependencies };
    expect(JSON.parse(readFileSync(join(directory, "package.json"), "utf8"))).toEqual(root);
    expect(JSON.parse(readFileSync(join(directory, "package-lock.json"), "utf8"))).toEqual({
      packages: {
        "": root,
        "node_modules/needed": PACKAGES["node_modules/needed"],
        "node_modules/cdktf-cli": PACKAGES["node_modules/cdktf-cli"],
        "node_modules/cdktf-cli/node_modules/inner": PACKAGES["node_modules/cdktf-cli/node_modules/inner"],
      },
    });
    expect(installed()).toEqual(LOCAL.map((name) => `node_modules/${name}`));
    expect(readdirSync(join(checkout, ".npm"))).toEqual([]);

    expect(installLocal()).toEqual({ status: 0, output: "", error: "" });
  });

  test("a failure keeps the installed packages", () => {
    installLocal();
    rmSync(join(checkout, "node_modules/cdktf-cli/node_modules"), { recursive: true });
    npm("exit 1");

    expect(installLocal().status).toBe(1);
    expect(installed()).toEqual(["node_modules/needed", "node_modules/cdktf-cli"]);
  });

  test("installs all packages if more than the local stack is installed", () => {
    npm(installing(NEEDED));
    install();
    rmSync(join(checkout, "node_modules/needed"), { recursive: true });

    expect(installLocal()).toMatchObject({ status: 0, error: "" });
    expect(installed()).toEqual(NEEDED.map((name) => `node_modules/${name}`));
  });

  test("npm test installs the other packages", () => {
    installLocal();
    npm(installing(NEEDED));

    expect(install()).toMatchObject({ status: 0, error: "" });
    expect(installed()).toEqual(NEEDED.map((name) => `node_modules/${name}`));
  });
});

test("the packages of the local stack include cdktf and the compiler, and no provider", () => {
  const script = `import("./scripts/lockfile.mjs").then(({ manifestsOf, localOnly }) =>
    console.log(JSON.stringify(Object.keys(localOnly(manifestsOf(".")).lockfile.packages))))`;
  const { stdout } = spawnSync(process.execPath, ["--eval", script], { encoding: "utf8" });
  const paths: string[] = JSON.parse(stdout);

  expect(paths).toEqual(
    expect.arrayContaining(
      ["cdktf", "cdktf-cli", "constructs", "typescript", "zod", "yaml"].map((name) => `node_modules/${name}`),
    ),
  );
  expect(
    paths.filter((path) => /node_modules\/(@cdktf\/provider-(aws|null)|jest|@swc|playwright)/.test(path)),
  ).toEqual([]);
});

test("does not install because of the time of the lockfile", () => {
  install();
  utimesSync(join(checkout, "package-lock.json"), new Date(), new Date(Date.now() + 60_000));

  install();
  expect(called()).toBe(false);
});

test("does not install because a manifest writes v before its version", () => {
  install();
  writeFileSync(join(checkout, "node_modules", "needed", "package.json"), '{"version":"v1.0.0"}');

  install();
  expect(called()).toBe(false);
});

test.each(NEEDED)("installs if the package '%s' is missing", (name) => {
  install();
  rmSync(join(checkout, "node_modules", name), { recursive: true });

  expect(install().status).toBe(0);
  expect(called()).toBe(true);
});

test.each(["", "{", '{"version":"0.9.0"}'])("installs if the manifest of a package is '%s'", (manifest) => {
  install();
  writeFileSync(join(checkout, "node_modules", "needed", "package.json"), manifest);

  install();
  expect(called()).toBe(true);
});

test("passes only settings of the registry to npm", () => {
  writeFileSync(
    join(home, ".npmrc"),
    [
      "registry=https://mirror.example/",
      "@company:registry = https://company.example/",
      "//mirror.example/:_authToken=${COMPANY_TOKEN}",
      'cafile="/certs/company.pem"',
      "ca[]=one",
      "ca[]=two",
      "omit=dev",
      "ignore-scripts=true",
      "prefix=/elsewhere",
      "before=2020-01-01",
      "global=true",
    ].join("\n"),
  );
  const env = {
    COMPANY_TOKEN: "t0ken",
    OTHER_TOKEN: "other",
    NODE_ENV: "production",
    npm_config_omit: "dev",
    npm_config_proxy: "http://proxy.example:3128",
    NPM_CONFIG_GLOBAL: "true",
    npm_config_prefix: "/elsewhere",
    HTTPS_PROXY: "http://proxy.example:3128",
  };

  expect(install(env).status).toBe(0);
  const lines = asked("env").split("\n");
  expect(asked("npmrc").split("\n")).toEqual([
    "registry=https://mirror.example/",
    "@company:registry = https://company.example/",
    "//mirror.example/:_authToken=${COMPANY_TOKEN}",
    'cafile="/certs/company.pem"',
    "ca[]=one",
    "ca[]=two",
    'proxy="http://proxy.example:3128"',
  ]);
  expect(lines).toEqual(
    expect.arrayContaining(["COMPANY_TOKEN=t0ken", "HTTPS_PROXY=http://proxy.example:3128"]),
  );
  expect(
    lines.filter((line) => /^npm_(?!config_(user|global)config=)|NODE_ENV|OTHER_TOKEN/i.test(line)),
  ).toEqual([]);
  expect(readdirSync(join(checkout, ".npm"))).toEqual([]);
});

test("of all documented settings, passes those of the registry to npm", () => {
  const settings = documentedWithout(["npm_config_userconfig", "npm_config_globalconfig", ...KEPT]);
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name.slice(11).replaceAll("_", "-")}=${value}`,
  );
  writeFileSync(
    join(home, ".npmrc"),
    lines.filter((_, index) => Object.keys(settings)[index]?.startsWith("npm_config_")).join("\n"),
  );

  expect(install(settings).status).toBe(0);
  const reached = asked("npmrc")
    .split("\n")
    .map((line) => `npm_config_${line.split("=")[0]?.replaceAll("-", "_")}`);
  expect([...new Set(reached)].sort()).toEqual(REGISTRY.filter((name) => name in settings).sort());
  const variables = asked("env")
    .split("\n")
    .map((line) => line.split("=")[0] ?? "");
  expect(variables.filter((name) => name in settings)).toEqual(
    ["PWD"].filter((name) => variables.includes(name)),
  );
});

test("reports the first error of npm, the registry and the setting that changes it", () => {
  npm('echo "npm error code ENOTFOUND" >&2; echo "npm error network request failed" >&2; exit 1');

  expect(install()).toMatchObject({
    status: 1,
    error:
      "npm ci failed: network request failed; registry: https://asked.example/. " +
      "Hint: check the connection; 'npm config set registry URL' changes the registry\n",
  });
});

test("reports a package that is missing although npm succeeded", () => {
  npm("exit 0");

  expect(install()).toMatchObject({
    status: 1,
    error: "npm ci succeeded, but node_modules/needed is missing. Hint: try again\n",
  });
});

test("names another installation at the same time", () => {
  // Stands for the first installation: the lock of this process.
  const lock = join(checkout, "lib/local/runtime/lock.cjs");
  const first = `require(${JSON.stringify(lock)}).acquireLock(${JSON.stringify(join(checkout, ".dask/.locks/packages"))}, "npm start");
    setTimeout(() => require("node:child_process").spawnSync("sh", ["-c", process.argv[1]], {stdio: "inherit"}), 2000)`;
  const line = `unset CDKTF_DASK_LOCAL_LOCK; PATH="${bin}:$PATH" HOME="${home}" exec "${process.execPath}" "${join(checkout, "scripts/install.mjs")}"`;
  const { stderr } = spawnSync(process.execPath, ["-e", first, line], { encoding: "utf8" });

  expect(stderr).toMatch(
    /^npm start is running \(process \d+, since [\d:]+\)\. Hint: wait until it ends, or stop it, and try again\n$/,
  );
  expect(called()).toBe(false);
});
