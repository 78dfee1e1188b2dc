import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { processesOf } from "../../../lib/local/runtime/processes";
import { documentedWithout, INDEX, KEPT } from "../../support/variables";
import { Checkout } from "../checkout";

jest.setTimeout(900_000);

/** Files that tools read from the home directory; each would make its tool fail. */
const FILES = {
  ".config/dask/company.yaml": `distributed:
  comm:
    require-encryption: true
    tls: { ca-file: /no/such/ca.pem }
  worker:
    preload: [/no/such/preload.py]
  scheduler:
    preload: [/no/such/preload.py]
  nanny:
    preload: [/no/such/preload.py]
`,
  ".config/uv/uv.toml": 'exclude-newer = "2001-01-01T00:00:00Z"\nindex-url = "https://127.0.0.1:1/simple"\n',
  ".config/pip/pip.conf":
    "[global]\nuser = true\ntarget = /no/such/place\nconstraint = /no/such/place\nno-binary = :all:\n",
  ".terraformrc": "this is no configuration",
  ".terraform.d/more.tfrc": "this is no configuration",
  ".npmrc": "omit=dev\nignore-scripts=true\nprefix=/no/such/place\n",
  ".pydistutils.cfg": "[install]\nprefix=/no/such/place\n",
  "uv.toml": 'exclude-newer = "2001-01-01T00:00:00Z"\n',
};

/** Reads the configuration of scheduler and workers, and installs a package on the workers. */
const ASK = (address: string) => `
import json
from distributed import Client
from distributed.diagnostics.plugin import PipInstall

def configuration(*path):
    import dask
    return [dask.config.get(".".join(path)), dask.config.get("distributed.comm.require-encryption")]

def cow():
    import cowsay
    return cowsay.__name__

with Client("${address}", timeout=30) as client:
    scheduler = client.run_on_scheduler(configuration, "distributed", "scheduler", "preload")
    workers = list(client.run(configuration, "distributed", "worker", "preload").values())
    client.register_plugin(PipInstall(["cowsay==6.1"]))
    installed = sorted(set(client.run(cow).values()))
    home = sorted(set(client.run(lambda: __import__("os").path.expanduser("~")).values()))
print(json.dumps({"scheduler": scheduler, "workers": workers, "installed": installed, "home": home}))
`;

describe("with hostile environment variables and files of the user", () => {
  const hostile = documentedWithout([...INDEX, ...KEPT]);
  let checkout: Checkout;
  let env: NodeJS.ProcessEnv;
  beforeAll(async () => {
    checkout = await Checkout.make();
    const home = join(checkout.directory, "home");
    for (const [name, content] of Object.entries(FILES)) {
      mkdirSync(dirname(join(home, name)), { recursive: true });
      writeFileSync(join(home, name), content);
    }
    // A checkout may be in a folder of a project with its own configuration.
    writeFileSync(join(checkout.directory, "uv.toml"), FILES["uv.toml"]);
    env = { ...hostile, HOME: home, VIRTUAL_ENV: "/no/such/place", CUDA_VISIBLE_DEVICES: "7" };
  });
  afterAll(() => checkout.remove());

  test("npm start starts a cluster and its smoke test passes", async () => {
    const { code, output } = await checkout.script("start", env);

    expect(output).toContain("The cluster runs, and its smoke test has passed.");
    expect(code).toBe(0);
  });

  test("no process of the cluster inherits a documented variable of the user", () => {
    const own = [
      "DASK_CONFIG",
      "DASK_ROOT_CONFIG",
      "PIP_CERT",
      "PIP_CONFIG_FILE",
      "PIP_DISABLE_PIP_VERSION_CHECK",
    ];
    // Dask sets the first two for its workers (distributed/nanny.py), the shell sets the third.
    const dask = ["DASK_INTERNAL_INHERIT_CONFIG", "PYTHONHASHSEED", "PWD"];
    // The autoscaler has them with its own values.
    const python = ["PYTHONDONTWRITEBYTECODE", "PYTHONPATH"];
    const processes = processesOf(checkout.paths);
    const leaked = processes.flatMap((pid) =>
      readFileSync(`/proc/${pid}/environ`, "utf8")
        .split("\0")
        .filter((variable) => {
          const [name = ""] = variable.split("=");
          if (python.includes(name)) return variable === `${name}=${hostile[name]}`;
          return name in hostile && ![...own, ...dask, ...INDEX, "PIP_NO_INPUT"].includes(name);
        }),
    );

    expect(processes.length).toBeGreaterThanOrEqual(6);
    expect(leaked).toEqual([]);
  });

  test("Dask ignores the configuration of the user, keeps the home directory, and PipInstall works", async () => {
    expect(
      await checkout.python(ASK(checkout.address), join(checkout.paths.config, "dask-scheduler")),
    ).toEqual({
      scheduler: [[], null],
      workers: [
        [[], null],
        [[], null],
      ],
      installed: ["cowsay"],
      home: [join(checkout.directory, "home")],
    });
  });

  test("a second npm start changes nothing, and npm stop removes the cluster", async () => {
    expect((await checkout.script("start", env)).output).toContain("Nothing changed");
    expect((await checkout.script("stop", env)).output).toContain("The cluster is removed");
    expect(checkout.remaining).toEqual([]);
  });

  test("a cluster with TLS also starts", async () => {
    checkout.define("({ ...local, tls: true })");
    const { output } = await checkout.script("start", env);
    await checkout.script("stop", env);

    expect(output).toContain("The cluster runs, and its smoke test has passed.");
  });
});

describe("package index", () => {
  let checkout: Checkout;
  beforeAll(async () => {
    checkout = await Checkout.make();
  });
  afterAll(() => checkout.remove());

  test("uses only the index in the file of pip, and names it and its setting in an error", async () => {
    const home = join(checkout.directory, "home");
    mkdirSync(join(home, ".config", "pip"), { recursive: true });
    const settings = "index-url = https://user:secret@127.0.0.1:1/simple\nretries = 0\n";
    writeFileSync(join(home, ".config", "pip", "pip.conf"), `[global]\n${settings}`);
    const { code, output } = await checkout.script("start", { HOME: home, PIP_FIND_LINKS: "" });

    expect(code).toBe(1);
    expect(output).toMatch(/uv and supervisor cannot be installed \(exit 1\): .*\n/);
    expect(output).toContain("index: https://***@127.0.0.1:1/simple. Hint: check the connection; ");
    expect(output).toMatch(/log: .*install\.log\n/);
    expect(output).toContain("the cluster did not start; no process is running");
    expect(output).not.toContain("secret");
    await checkout.script("stop");
    expect(checkout.remaining).toEqual([]);
  });
});
