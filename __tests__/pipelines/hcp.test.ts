import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { testDirectory } from "../support/directory";
import { filesOf, writeBelow } from "./written";

const directory = testDirectory("hcp");
const project = join(directory, "project");
const STACK = "cdktf.out/stacks/research";
const LOCK = "locks/terraform/research.hcl";
const FILES = ["./", "./.terraform.lock.hcl", "./assets/", "./assets/bundle", "./cdk.tf.json"];

beforeEach(() => {
  rmSync(project, { recursive: true, force: true });
  const cloud = {
    hostname: "app.terraform.io",
    organization: "my-company",
    workspaces: { name: "dask-research" },
  };
  writeBelow(
    project,
    new Map([
      ...filesOf("hcp"),
      [`${STACK}/cdk.tf.json`, JSON.stringify({ terraform: { cloud } })],
      [`${STACK}/assets/bundle`, "bundle"],
      [`${STACK}/.terraform/providers/large`, "a provider"],
      [LOCK, "# lock\n"],
    ]),
  );
});

async function script(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  try {
    const options = { cwd: project, env: { ...process.env, ...env }, timeout: 30_000 };
    const { stdout } = await promisify(execFile)(command, args, options);
    return { code: 0, said: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, said: `${stdout}${stderr}` };
  }
}

describe("the upload", () => {
  const asked: string[] = [];
  let archive = Buffer.alloc(0);
  let server: Server;
  let address: string;

  /** Stands for the API of HCP Terraform, as its documentation describes the API-driven workflow. */
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      const { method, url, headers } = request;
      const isUpload = url === "/upload/secret";
      if (isUpload) archive = body;
      asked.push(`${method} ${url} ${headers.authorization ?? "-"} ${isUpload ? "" : body}`.trim());
      const known = isUpload || headers.authorization === "Bearer token";
      response.statusCode = known ? 200 : 401;
      response.end(
        JSON.stringify({ data: { id: "ws-1", attributes: { "upload-url": `${address}/upload/secret` } } }),
      );
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    asked.length = 0;
  });
  afterAll(() => server.close());
  const upload = (token: string, ...options: readonly string[]) =>
    script(process.execPath, ["pipeline/hcp-upload.mjs", "research", ...options], {
      TFE_TOKEN: token,
      TFE_ADDRESS: address,
    });
  const version = (speculative: boolean) =>
    `{"data":{"type":"configuration-versions","attributes":{"auto-queue-runs":true,"speculative":${speculative}}}}`;

  test.each([
    ["a run", [], false],
    ["a run that only plans", ["--speculative"], true],
  ])("starts %s with the stack, its assets and its lock file", async (_, options, speculative) => {
    expect(await upload("token", ...options)).toEqual({
      code: 0,
      said: "uploaded research: https://app.terraform.io/app/my-company/workspaces/dask-research/runs\n",
    });
    expect(asked).toEqual([
      "GET /api/v2/organizations/my-company/workspaces/dask-research Bearer token",
      `POST /api/v2/workspaces/ws-1/configuration-versions Bearer token ${version(speculative)}`,
      "PUT /upload/secret -",
    ]);
    const listed = execFileSync("tar", ["-tz"], { input: archive, encoding: "utf8" });
    expect(listed.trimEnd().split("\n").sort()).toEqual(FILES);
  });

  test("reports a token that HCP Terraform does not accept", async () => {
    expect(await upload("other")).toEqual({
      code: 1,
      said: `GET ${address}/api/v2/organizations/my-company/workspaces/dask-research: got status 401, expected 2xx. Hint: check TFE_TOKEN, organization and workspace\n`,
    });
  });

  test("needs a lock file and a token", async () => {
    expect(await upload("")).toMatchObject({
      code: 1,
      said: expect.stringMatching(/^TFE_TOKEN: is not set\./),
    });
    rmSync(join(project, LOCK));
    expect(await upload("token")).toEqual({
      code: 1,
      said: `${LOCK}: is missing. Hint: run sh pipeline/lock.sh research, and commit the file\n`,
    });
    expect(asked).toEqual([]);
  });
});

describe("the commit", () => {
  const origin = join(directory, "origin.git");
  const git = (...args: readonly string[]) =>
    execFileSync("git", args, { cwd: project, encoding: "utf8", stdio: "pipe" }).trim();
  const commit = () => script("sh", ["pipeline/hcp-commit.sh", "research"]);
  const branch = (format: string) => git(`--git-dir=${origin}`, "log", `--format=${format}`, "hcp/research");

  beforeEach(() => {
    rmSync(origin, { recursive: true, force: true });
    mkdirSync(origin);
    git("init", "--quiet", "--bare", origin);
    git("init", "--quiet");
    git("remote", "add", "origin", origin);
    git("config", "user.name", "test");
    git("config", "user.email", "test@example.com");
    writeFileSync(join(project, ".gitignore"), "cdktf.out/\n");
    git("add", "--all");
    git("commit", "--quiet", "--message", "sources");
  });

  test("pushes the files of the stack to a branch, and leaves the working tree as it is", async () => {
    expect(await commit()).toEqual({ code: 0, said: "pushed hcp/research\n" });
    const files = git(`--git-dir=${origin}`, "ls-tree", "-r", "--name-only", "hcp/research");
    expect(files.split("\n")).toEqual([".terraform.lock.hcl", "assets/bundle", "cdk.tf.json"]);
    expect(branch("%s")).toBe(`Synthesize research from ${git("rev-parse", "HEAD")}`);
    expect(git("status", "--porcelain")).toBe("");
  });

  test("adds a commit only if the stack has changed", async () => {
    await commit();
    expect(await commit()).toEqual({ code: 0, said: "hcp/research is up to date\n" });
    writeFileSync(join(project, STACK, "assets/bundle"), "another");
    expect(await commit()).toEqual({ code: 0, said: "pushed hcp/research\n" });
    expect(branch("%h").split("\n")).toHaveLength(2);
  });

  test("needs a lock file", async () => {
    rmSync(join(project, LOCK));
    const { code, said } = await commit();
    expect(code).toBe(1);
    expect(said).toContain(`${LOCK}: is missing. Hint: `);
    expect(readFileSync(join(project, ".gitignore"), "utf8")).toBe("cdktf.out/\n");
  });
});
