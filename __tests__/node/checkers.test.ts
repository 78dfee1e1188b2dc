import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import type { NodeFile } from "../../lib/node/node-plan";
import { packageRoot } from "../../lib/node/package-file";
import { cloudConfig, userData } from "../../lib/node/user-data";
import { INSTALL_TIMEOUT, shellcheck } from "../support/python-environment";
import { makeRoot, testWithSystemd, unitsOf } from "./offline-root";
import { everySpec } from "./specs";
import { testWith } from "./test-with";

const CLOUD_INIT = join(packageRoot(), "cloud-init");
const EXAMPLES = join(packageRoot(), "examples", "existing-vpc", "setup");
const SCHEMA = "/usr/lib/python3/dist-packages/cloudinit/config/schemas/schema-cloud-config-v1.json";

/** Has cloud-init and what it needs. */
const SYSTEM_PYTHON = "/usr/bin/python3";

jest.setTimeout(120_000);

let directory: string;
let tools: string;

beforeAll(async () => {
  mkdirSync(join(packageRoot(), ".test"), { recursive: true });
  directory = mkdtempSync(join(packageRoot(), ".test", "checkers-"));
  tools = await shellcheck();
}, INSTALL_TIMEOUT);
afterAll(() => rmSync(directory, { recursive: true }));

/** Exit code and output. */
function check(command: string, ...argv: string[]) {
  const { status, stdout, stderr, error } = spawnSync(command, argv, { encoding: "utf8", timeout: 120_000 });
  if (error) throw error;
  return { code: status, said: `${stdout}${stderr}` };
}

const testWithCloudInit = testWith("cloud-init", existsSync(SCHEMA));

describe("cloud-init's schema", () => {
  const write = (name: string, text: string) => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  const strict = (...configs: string[]) =>
    check(SYSTEM_PYTHON, join(__dirname, "strict_schema.py"), SCHEMA, ...configs);

  testWithCloudInit("accepts the cloud-config of every node, with unknown keys rejected", () => {
    const configs = everySpec.map(([, spec], index) => write(`${index}.yaml`, cloudConfig(spec)));
    expect(strict(...configs)).toEqual({ code: 0, said: "\n" });
    for (const config of configs) {
      expect(check("cloud-init", "schema", "--config-file", config)).toMatchObject({ code: 0 });
    }
  });

  testWithCloudInit("rejects an unknown key at the top and in a file, and a wrong type", () => {
    const top = write("top.yaml", "#cloud-config\nwrite_filez: []\n");
    const inner = write("inner.yaml", "#cloud-config\nwrite_files: [{path: /a, mode: '0644'}]\n");
    const type = write("type.yaml", "#cloud-config\nruncmd: true\n");
    expect(strict(top)).toEqual({ code: 1, said: `${top}: unknown key write_filez\n` });
    expect(strict(inner).said).toContain("'mode' was unexpected");
    expect(strict(type).said).toContain("True is not of type 'array'");
  });
});

describe("all gzip members of user data are decoded", () => {
  /** What a program of Python prints as JSON about the user data of every node. */
  const decoded = (python: string, program: string) => {
    const paths = everySpec.map(([, spec], index) => {
      const path = join(directory, `${index}.gz`);
      writeFileSync(path, Buffer.from(userData(spec), "base64"));
      return path;
    });
    const { code, said } = check(python, "-c", program, ...paths);
    return { code, texts: JSON.parse(said) };
  };
  const texts = everySpec.map(([, spec]) => cloudConfig(spec));

  test("by Python's gzip", () => {
    const program =
      "import gzip, json, sys; print(json.dumps([gzip.open(p, 'rt').read() for p in sys.argv[1:]]))";
    expect(decoded(join(tools, "python"), program)).toEqual({ code: 0, texts });
  });

  testWithCloudInit("by cloud-init's own code", () => {
    const program =
      "import json, pathlib, sys; from cloudinit.util import decomp_gzip; " +
      "print(json.dumps([decomp_gzip(pathlib.Path(p).read_bytes(), quiet=False) for p in sys.argv[1:]]))";
    expect(decoded(SYSTEM_PYTHON, program)).toEqual({ code: 0, texts });
  });
});

describe("systemd-analyze verify", () => {
  const root = (index: number, files: readonly NodeFile[]) => {
    const folder = join(directory, `root-${index}`);
    makeRoot(folder, files);
    return folder;
  };

  testWithSystemd("accepts every unit of every node, with its drop-ins", () => {
    everySpec.forEach(([title, spec], index) => {
      const folder = root(index, spec.files);
      const said = check("systemd-analyze", `--root=${folder}`, "verify", ...unitsOf(spec.files));
      expect({ title, ...said }).toEqual({ title, code: 0, said: "" });
      rmSync(folder, { recursive: true });
    });
  });

  testWithSystemd("reports an unknown key in a unit or a drop-in, and a missing program", () => {
    const [, spec] = everySpec[0] ?? [];
    const files = (spec?.files ?? []).map((file) => ({
      ...file,
      content: file.content
        .replace("Restart=always", "Restarts=always")
        .replace("/bin/dask ", "/bin/dusk ")
        .replace("LockPersonality=", "LockPersonalities="),
    }));
    const { said } = check(
      "systemd-analyze",
      `--root=${root(99, files)}`,
      "verify",
      "dask-scheduler.service",
    );
    expect(said).toMatch(/Unknown key.*'Restarts'/);
    expect(said).toMatch(/hardening\.conf:\d+: Unknown key.*'LockPersonalities'/);
    expect(said).toContain("/opt/dask/env/bin/dusk is not executable");
  });
});

describe("scripts", () => {
  const isBash = (content: string) => /^#( shellcheck shell=|!\/bin\/)bash\b/.test(content);
  const sources = readdirSync(CLOUD_INIT, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => path.endsWith(".sh") || isBash(readFileSync(path, "utf8")));
  const scripts = everySpec.flatMap(([, { files }]) => files).filter(({ content }) => isBash(content));

  test("are these files", () => {
    expect(sources.map((path) => relative(CLOUD_INIT, path)).sort()).toEqual([
      ...[
        "base/base.sh",
        "base/bootstrap.sh",
        "base/fetch-bundle.sh",
        "base/functions.sh",
        "base/hook.sh",
        "base/instance-facts.sh",
        "base/instance.sh",
        "base/run.sh",
        "base/scratch.sh",
        "base/signal.sh",
      ],
      ...["conda/conda.sh", "cuda-nvidia/cuda-nvidia.sh", "cuda-nvidia/cuda-toolkit.sh"],
      ...["dask/configuration.sh", "dask/dask.sh", "logs/send-log.sh", "setup/setup.sh"],
    ]);
  });

  test("sign requests and parse JSON in one file of the stub only", () => {
    const having = (pattern: RegExp) =>
      sources
        .filter((path) => pattern.test(readFileSync(path, "utf8")))
        .map((path) => relative(CLOUD_INIT, path));
    expect(having(/--aws-sigv4/)).toEqual(["base/instance.sh"]);
    expect(having(/sed .*" \*: \*"/)).toEqual(["base/instance.sh"]);
    expect(having(/\bjq\b|json\.load/)).toEqual([]);
  });

  test("pass shellcheck", () => {
    const options = ["--external-sources", `--source-path=${CLOUD_INIT}/base`, "--severity=style"];
    const examples = readdirSync(EXAMPLES).map((name) => join(EXAMPLES, name));
    expect(examples.map((path) => relative(EXAMPLES, path))).toEqual(["install-nfs.sh", "mount-nfs.sh"]);
    const all = [...sources, ...examples];
    expect(check(join(tools, "shellcheck"), ...options, ...all)).toEqual({ code: 0, said: "" });
  });

  test("are valid Bash, also on the node", () => {
    const different = new Map(scripts.map((script) => [script.content, script]));
    for (const { path, content } of different.values()) {
      const script = join(directory, "script");
      writeFileSync(script, content);
      expect({ path, ...check("bash", "-n", script) }).toEqual({ path, code: 0, said: "" });
    }
  });
});
