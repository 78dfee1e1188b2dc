import { packageFile, packageRoot } from "../../lib/node/package-file";
import { renderTemplate } from "../../lib/node/template";

const SYSCTL = "cloud-init/base/90-dask.conf";

test("named values are inserted unchanged", () => {
  expect(renderTemplate(SYSCTL, { FROM: "<1>", TO: '"2" & {{FROM}}' })).toContain(
    'ip_local_port_range = <1> "2" & {{FROM}}\n',
  );
});

test("a missing value is an error that names file and value", () => {
  expect(() => renderTemplate(SYSCTL, { FROM: "1" })).toThrow(
    "cloud-init/base/90-dask.conf has no value for TO; give one",
  );
});

test("an unused value is an error that names file, value and what is allowed", () => {
  expect(() => renderTemplate(SYSCTL, { FROM: "1", TO: "2", STEP: "3" })).toThrow(
    "cloud-init/base/90-dask.conf has no use for STEP, expected FROM, TO",
  );
});

test("files of the package are found by their path in it", () => {
  expect(packageFile("package.json")).toContain('"name": "cdktf-dask"');
  expect(packageRoot()).toBe(process.cwd());
  expect(() => packageFile("cloud-init/no-such-file")).toThrow(/ENOENT.*cloud-init\/no-such-file/);
});
