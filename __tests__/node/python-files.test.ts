import { production } from "../../environments/production";
import { packageFile, packageFiles } from "../../lib/node/package-file";
import { moduleCommand } from "../../lib/node/python-files";
import { everySpec, fileOf, schedulerNode, scriptOf, worker } from "./specs";

const FOLDER = "/usr/local/lib/dask-node/python/";
const pythonOf = ({ files }: { files: readonly { path: string }[] }) =>
  files.map(({ path }) => path).filter((path) => path.startsWith(FOLDER));

const sources = ["__init__.py", "node", "preloads", "tls"].flatMap((part) =>
  packageFiles(`python/src/cdktf_dask/${part}`, ".py").map((path) => path.slice("python/src/".length)),
);

const partOf = (name: string) =>
  packageFiles(`python/src/cdktf_dask/${name}`, ".py").map((path) => path.slice("python/src/".length));

/** The scheduler's node scales and tests its cluster. */
const smokeTest = partOf("smoke_test");
const autoscaler = partOf("autoscaler").filter((name) => name !== "cdktf_dask/autoscaler/capacity/local.py");

/** Its status page has a part of what users run. */
const statusPage = [
  ...["client/__init__", "client/aws", "client/aws_errors", "client/errors"],
  ...["__init__", "facts", "nodes", "page", "page_template", "prices", "published", "rows"].map(
    (name) => `operations/${name}`,
  ),
  ...["__init__", "__main__", "facts", "writer"].map((name) => `status_page/${name}`),
].map((name) => `cdktf_dask/${name}.py`);

test("every node has the part of the package that it runs, file by file, and nothing else of it", () => {
  expect(autoscaler).toContain("cdktf_dask/autoscaler/capacity/aws.py");
  expect(smokeTest).toContain("cdktf_dask/smoke_test/__main__.py");
  expect(sources).toContain("cdktf_dask/node/aws.py");
  for (const [, spec] of everySpec) {
    const page = spec.files.some(({ path }) => path.endsWith("/dask-status.service"));
    const own = [
      ...sources,
      ...(page ? statusPage : []),
      ...(spec.role === "scheduler" ? [...autoscaler, ...smokeTest] : []),
    ];
    expect(pythonOf(spec)).toEqual(own.map((name) => `${FOLDER}${name}`));
    for (const name of own) expect(fileOf(spec, `${FOLDER}${name}`)).toBe(packageFile(`python/src/${name}`));
  }
});

test("it is in the bundle, and a change of it makes no other image", () => {
  const node = worker(production, "cpu");
  expect(node.stub.filter(({ path }) => path.startsWith(FOLDER))).toEqual([]);
  expect(pythonOf(node.imageContents)).toEqual([]);
});

test("a module runs by the Python of the environment, isolated from the working directory", () => {
  expect(moduleCommand("drain", "a", "1")).toEqual(["/usr/local/lib/dask-node/run.sh", "drain", "a", "1"]);
  expect(scriptOf(schedulerNode(production), "run.sh").split("\n").slice(-3)).toEqual([
    "export PYTHONPATH=/usr/local/lib/dask-node/python AWS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt",
    'exec /opt/dask/env/bin/python -BP -m "cdktf_dask.node.$1" "${@:2}"',
    "",
  ]);
});
