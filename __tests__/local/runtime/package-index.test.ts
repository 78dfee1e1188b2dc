import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  credentialVariables,
  describeIndex,
  fromConfiguration,
  packageIndex,
  pipVariables,
  uvVariables,
  withDefinition,
} from "../../../lib/local/runtime/package-index";
import { testDirectory } from "../../support/directory";

const directory = testDirectory("package-index");
const INDEX = "https://user:secret@mirror.example/simple";

test("environment variables override [install], which overrides [global]", () => {
  const read = (configuration: Record<string, string>) => fromConfiguration(configuration, {}).url;

  expect(read({ "global.index-url": "g" })).toBe("g");
  expect(read({ "install.index-url": "i", "global.index-url": "g" })).toBe("i");
  expect(read({ ":env:.index-url": "e", "install.index-url": "i" })).toBe("e");
  expect(read({ "download.index-url": "d" })).toBeUndefined();
});

test("passes all settings of pip to uv", () => {
  const index = fromConfiguration(
    {
      "global.index-url": INDEX,
      "global.extra-index-url": "\nhttps://a.example/simple\nhttps://b.example/simple",
      "global.find-links": `${directory} https://c.example/wheels`,
      "global.trusted-host": "mirror.example a.example:8443",
      "global.cert": "/certs/company.pem",
      "global.client-cert": "/certs/me.pem",
      "global.proxy": "http://proxy.example:3128",
      ":env:.default-timeout": "180",
      "global.retries": "9",
    },
    {},
  );

  expect(uvVariables(index)).toEqual({
    UV_NO_CONFIG: "1",
    UV_PYTHON_DOWNLOADS: "never",
    UV_DEFAULT_INDEX: INDEX,
    UV_INDEX: "https://a.example/simple https://b.example/simple",
    UV_INDEX_STRATEGY: "unsafe-best-match",
    UV_FIND_LINKS: `${directory},https://c.example/wheels`,
    UV_INSECURE_HOST: "mirror.example a.example:8443",
    SSL_CERT_FILE: "/certs/company.pem",
    SSL_CLIENT_CERT: "/certs/me.pem",
    ...Object.fromEntries(
      ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "http_proxy", "https_proxy"].map((name) => [
        name,
        "http://proxy.example:3128",
      ]),
    ),
    UV_HTTP_TIMEOUT: "180",
    UV_HTTP_RETRIES: "9",
  });
  expect(pipVariables(index)).toMatchObject({
    PIP_CONFIG_FILE: "/dev/null",
    PIP_INDEX_URL: INDEX,
    PIP_EXTRA_INDEX_URL: "https://a.example/simple https://b.example/simple",
    PIP_FIND_LINKS: `${directory} https://c.example/wheels`,
    PIP_TRUSTED_HOST: "mirror.example a.example:8443",
    PIP_CERT: "/certs/company.pem",
    PIP_CLIENT_CERT: "/certs/me.pem",
    PIP_PROXY: "http://proxy.example:3128",
    PIP_TIMEOUT: "180",
  });
});

test("uses the variables of uv for pip and uv if pip has no setting", () => {
  const read = (env: NodeJS.ProcessEnv) => pipVariables(fromConfiguration({}, env)).PIP_INDEX_URL;

  expect(read({ UV_DEFAULT_INDEX: `mirror=${INDEX}` })).toBe(INDEX);
  expect(read({ UV_INDEX_URL: INDEX })).toBe(INDEX);
  expect(read({})).toBeUndefined();
});

test("pip and uv trust the same file of CAs: the configured one, or that of the system", () => {
  const trusted = (configuration: Record<string, string>, env: NodeJS.ProcessEnv) => {
    const index = fromConfiguration(configuration, env);
    expect(uvVariables(index).SSL_CERT_FILE).toBe(pipVariables(index).PIP_CERT);
    return index.cert;
  };

  expect(trusted({ "global.cert": "/c.pem" }, { SSL_CERT_FILE: "/s.pem" })).toBe("/c.pem");
  expect(trusted({}, { REQUESTS_CA_BUNDLE: "/r.pem" })).toBe("/r.pem");
  expect(trusted({}, { SSL_CERT_FILE: "/s.pem" })).toBe("/s.pem");
  const system = trusted({}, {});
  expect(system === undefined || existsSync(system)).toBe(true);
});

test("uv uses the CAs of the system if there is no file", () => {
  const index = { extraUrls: [], findLinks: [], noIndex: false, trustedHosts: [] };

  expect(uvVariables(index).UV_SYSTEM_CERTS).toBe("true");
});

test("omits local indexes that do not exist, because uv fails at them", () => {
  const index = fromConfiguration(
    {
      "global.find-links": `/no/such/wheels ${directory}`,
      "global.extra-index-url": `file:///no/such/simple file://${directory}`,
    },
    {},
  );

  expect(index).toMatchObject({ findLinks: [directory], extraUrls: [`file://${directory}`] });
});

test("keeps the setting no-index", () => {
  const index = fromConfiguration({ "global.no-index": "true", "global.find-links": directory }, {});

  expect(index.noIndex).toBe(true);
  expect(pipVariables(index)).toMatchObject({ PIP_NO_INDEX: "1", PIP_FIND_LINKS: directory });
  expect(describeIndex(index)).toContain(`index: ${directory}. Hint: `);
});

test("describes the index without its password, and how to change it", () => {
  expect(
    describeIndex(fromConfiguration({ "global.index-url": INDEX, "global.proxy": "http://a:b@p:1" }, {})),
  ).toBe(
    "index: https://***@mirror.example/simple through the proxy http://***@p:1. Hint: check the connection; " +
      "'pip config set global.index-url URL' or PIP_INDEX_URL changes the index, " +
      "global.cert or PIP_CERT the certificates, global.proxy or PIP_PROXY the proxy",
  );
  expect(describeIndex(fromConfiguration({}, {}))).toContain("index: https://pypi.org/simple. Hint: ");
});

describe("the configuration that pip reads", () => {
  const python = join(directory, "environment", "bin", "python");
  const home = join(directory, "home");
  beforeAll(() => {
    execFileSync("python3", ["-m", "venv", join(directory, "environment")]);
    mkdirSync(join(home, ".config", "pip"), { recursive: true });
    // All settings except the first one would make pip fail, or hide its output.
    const hostile =
      "quiet = 3\nlog = /no/such/log\nrequire-virtualenv = true\npython = /no/such/python\nisolated = true\n";
    writeFileSync(join(home, ".config", "pip", "pip.conf"), `[global]\nindex-url = ${INDEX}\n${hostile}`);
  }, 60_000);

  test("comes from the file of the user, regardless of other settings in it", async () => {
    expect((await packageIndex(python, { HOME: home, PATH: process.env.PATH })).url).toBe(INDEX);
  });

  test("comes from environment variables first, regardless of other variables", async () => {
    const env = {
      HOME: home,
      PATH: process.env.PATH,
      PIP_INDEX_URL: "https://variable.example/simple",
      PIP_QUIET: "3",
      PIP_LOG: "/no/such/log",
      PIP_PYTHON: "/no/such/python",
      PYTHONHOME: "/no/such/home",
      PYTHONPATH: "/no/such/path",
    };

    expect((await packageIndex(python, env)).url).toBe("https://variable.example/simple");
  });

  test("comes from the file of PIP_CONFIG_FILE", async () => {
    const file = join(directory, "pip.conf");
    writeFileSync(file, "[global]\nindex-url = https://file.example/simple\n");
    const env = { HOME: directory, PATH: process.env.PATH, PIP_CONFIG_FILE: file };

    expect((await packageIndex(python, env)).url).toBe("https://file.example/simple");
  });
});

describe("the index of a definition", () => {
  const pip = fromConfiguration(
    {
      "global.index-url": "https://mirror.example/simple",
      "global.extra-index-url": "https://extra.example/simple",
      "global.find-links": "https://wheels.example",
      "global.cert": "/certs/company.pem",
    },
    {},
  );

  test("replaces the indexes of pip, and keeps its certificates", () => {
    const index = withDefinition(pip, {
      url: "https://a.example/simple",
      extraUrls: ["https://b.example/simple"],
    });

    expect(index).toMatchObject({ findLinks: [], noIndex: false, cert: "/certs/company.pem" });
    const { UV_INDEX_STRATEGY, ...variables } = uvVariables(index);
    expect(UV_INDEX_STRATEGY).toBeUndefined();
    expect(variables).toMatchObject({
      UV_DEFAULT_INDEX: "https://a.example/simple",
      UV_INDEX: "https://b.example/simple",
    });
  });

  test("is that of pip if the definition has none, and its replacement of PyPI if it has only more", () => {
    expect(withDefinition(pip, { extraUrls: [] })).toBe(pip);
    expect(withDefinition(pip, { extraUrls: ["https://b.example/simple"] })).toMatchObject({
      url: "https://mirror.example/simple",
      extraUrls: ["https://b.example/simple"],
    });
  });

  test("gets the passwords of uv by the name that the user gives it", () => {
    const index = withDefinition(pip, { extraUrls: ["https://b.example/simple"] });
    const env = {
      UV_INDEX: "other=https://c.example/simple our-index=https://b.example/simple",
      UV_INDEX_OUR_INDEX_USERNAME: "me",
      UV_INDEX_OUR_INDEX_PASSWORD: "secret",
      UV_INDEX_OTHER_PASSWORD: "another",
      UV_KEYRING_PROVIDER: "subprocess",
    };

    expect(credentialVariables(index, env)).toEqual({
      UV_DEFAULT_INDEX: "https://mirror.example/simple",
      UV_INDEX: "our-index=https://b.example/simple",
      UV_INDEX_OUR_INDEX_USERNAME: "me",
      UV_INDEX_OUR_INDEX_PASSWORD: "secret",
      UV_KEYRING_PROVIDER: "subprocess",
    });
  });
});
