import { fromConfiguration, installerEnvironment } from "../../../lib/local/runtime/package-index";
import { deployEnvironment, toolEnvironment } from "../../../lib/local/runtime/tool-environment.cjs";
import { DOCUMENTED, documentedWithout, INDEX, KEPT } from "../../support/variables";

const names = (environment: object) => Object.keys(environment).sort();
const everything = documentedWithout([]);

test.each([
  ["Python", /^PYTHON/, 20],
  ["pip", /^PIP_/, 80],
  ["uv", /^UV_/, 150],
  ["Terraform", /^TF_/, 20],
  ["npm", /^npm_config_/, 150],
  ["Dask", /^DASK_/, 180],
])("the list of documented variables has those of %s", (_, pattern, count) => {
  expect(DOCUMENTED.filter(({ name }) => pattern.test(name)).length).toBeGreaterThanOrEqual(count);
});

test("of all documented variables, a tool gets paths, locale, proxies and certificates", () => {
  expect(names(toolEnvironment(everything))).toEqual(KEPT);
});

test("a tool also gets undocumented variables of paths, locale and certificates", () => {
  const others = [
    "LANG",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "TMPDIR",
    "TZ",
    "no_proxy",
  ];
  const dropped = [
    "AWS_PROFILE",
    "CUDA_VISIBLE_DEVICES",
    "LD_PRELOAD",
    "NODE_OPTIONS",
    "BASH_ENV",
    "MY_TOKEN",
  ];
  const given = Object.fromEntries([...others, ...dropped].map((name) => [name, "x"]));

  expect(names(toolEnvironment(given))).toEqual([...others].sort());
});

test("Terraform and cdktf get in addition only the variables of package indexes", () => {
  const given = names(deployEnvironment(everything));

  expect(given.filter((name) => !/^(PIP|UV)_|^XDG_CONFIG_(HOME|DIRS)$/.test(name))).toEqual(KEPT);
});

test("pip and uv ignore all of their variables except those of the index", () => {
  const hostile = documentedWithout([...INDEX, ...KEPT]);
  const configuration = Object.fromEntries(
    Object.entries(hostile)
      .filter(([name]) => name.startsWith("PIP_"))
      .map(([name, value]) => [`:env:.${name.slice(4).toLowerCase().replaceAll("_", "-")}`, value]),
  );

  expect(installerEnvironment(fromConfiguration(configuration, hostile), hostile)).toEqual(
    installerEnvironment(fromConfiguration({}, {}), {}),
  );
});
