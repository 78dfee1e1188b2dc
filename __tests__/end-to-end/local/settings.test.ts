import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Checkout } from "../checkout";

jest.setTimeout(900_000);

/** Text with the characters that shells, supervisor and Terraform treat specially. */
const TEXT = "a \"b\" 'c' \\n $HOME ${HOME} `id` %(ENV_HOME)s 50% \\\n\tü 🙂 # x; y\n";

const PASSWORD = "pa\"ss'wo\\rd hunter2 ${HOME} %(x)s\n end";

/** A standard module that nothing imports stands for one of the user's packages. */
const MODULE = "tabnanny";

const DEFINITION = `({ ...local,
  dask: { "distributed.worker.memory.target": 0.41, distributed: { worker: { memmory: 3 } } },
  environmentVariables: { TEXT: ${JSON.stringify(TEXT)}, PASSWORD: { secretsManager: "prod/db" } },
  preload: ["${MODULE}"],
})`;

/** Prints what the processes of scheduler and workers have. */
const INSPECT = (address: string) => `
import json
from distributed import Client

def inspect():
    import dask, os, sys
    return [dask.config.get("distributed.worker.memory.target"), os.environ["TEXT"], os.environ["PASSWORD"],
            "${MODULE}" in sys.modules]

with Client("${address}", timeout=30) as client:
    print(json.dumps([client.run_on_scheduler(inspect), *client.run(inspect).values()]))
`;

describe("npm start of a cluster with settings", () => {
  let checkout: Checkout;
  beforeAll(async () => {
    checkout = await Checkout.make();
    checkout.define(DEFINITION);
  });
  afterAll(() => checkout.remove());

  test("asks for the value of a secret before it starts anything", async () => {
    const { code, output } = await checkout.script("start");
    expect(output).toContain(
      "environmentVariables: got no CDKTF_DASK_SECRET_PASSWORD in the environment, expected the value of the secret of PASSWORD: the local stack does not ask AWS. Hint: export CDKTF_DASK_SECRET_PASSWORD=…",
    );
    expect(code).not.toBe(0);
    expect(output).not.toContain("starting dask-scheduler");
  });

  test("gives scheduler and workers the settings", async () => {
    const { code, output } = await checkout.script("start", { CDKTF_DASK_SECRET_PASSWORD: PASSWORD });
    expect(output).toContain(
      "dask.distributed.worker.memmory: got 3, which Dask 2026.7.1 does not know. Hint: correct the spelling, or remove the key",
    );
    expect(code).toBe(0);
    expect(await checkout.python(INSPECT(checkout.address))).toEqual([
      [0.41, TEXT, PASSWORD, false],
      [0.41, TEXT, PASSWORD, true],
      [0.41, TEXT, PASSWORD, true],
    ]);
  });

  test("keeps the value of a secret out of files and process lists", () => {
    const cluster = join(checkout.directory, ".dask");
    const files = readdirSync(cluster, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\/(environment|tools|cache)\//.test(`${entry.parentPath}/`))
      .map(({ parentPath, name }) => join(parentPath, name))
      .concat(join(checkout.directory, "terraform.local.tfstate"));
    expect(files).toContain(join(checkout.paths.config, "dask-scheduler", "variables"));
    expect(files.filter((file) => readFileSync(file, "latin1").includes("hunter2"))).toEqual([]);
    expect(execFileSync("ps", ["axww", "-o", "args"], { encoding: "utf8" })).not.toContain("hunter2");
  });
});
