import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { archive } from "../../lib/node/archive";
import { bundleOf } from "../../lib/node/bundle";
import type { NodeFile } from "../../lib/node/node-plan";
import { packageRoot } from "../../lib/node/package-file";
import { everySpec } from "./specs";

const file = (path: string, content: string, mode: NodeFile["mode"] = "0644"): NodeFile => ({
  path,
  mode,
  content,
});
const FILES = [
  file("/usr/local/lib/dask-node/run", "#!/bin/bash\necho ready\n", "0755"),
  file("/etc/dask/empty.yaml", ""),
  file("/etc/dask/block.txt", "x".repeat(512)),
  file("/etc/dask/long.txt", "ä\n".repeat(1000)),
];

let directory: string;
let tarball: string;
beforeAll(() => {
  mkdirSync(join(packageRoot(), ".test"), { recursive: true });
  directory = mkdtempSync(join(packageRoot(), ".test", "bundle-"));
  tarball = join(directory, "bundle.tar.gz");
  writeFileSync(tarball, archive(FILES));
});
afterAll(() => rmSync(directory, { recursive: true }));

const tar = (...options: readonly string[]) => execFileSync("tar", options, { encoding: "utf8" });

describe("the archive", () => {
  test("lists its files by path, with root as owner, the mode and a fixed time", () => {
    const listed = tar("--list", "--verbose", "--utc", "--full-time", "--file", tarball);
    expect(listed.trimEnd().split("\n")).toEqual([
      "-rw-r--r-- root/root       512 1980-01-01 00:00:00 etc/dask/block.txt",
      "-rw-r--r-- root/root         0 1980-01-01 00:00:00 etc/dask/empty.yaml",
      "-rw-r--r-- root/root      3000 1980-01-01 00:00:00 etc/dask/long.txt",
      "-rwxr-xr-x root/root        23 1980-01-01 00:00:00 usr/local/lib/dask-node/run",
    ]);
  });

  test("is unpacked by tar without changes to contents and modes", () => {
    const folder = mkdtempSync(join(directory, "unpacked-"));
    expect(tar("--extract", "--file", tarball, "--directory", folder)).toBe("");
    for (const { path, mode, content } of FILES) {
      expect(readFileSync(join(folder, path), "utf8")).toBe(content);
      expect((statSync(join(folder, path)).mode & 0o777).toString(8).padStart(4, "0")).toBe(mode);
    }
  });

  test("has long names, and files of bytes", () => {
    const wheels = [100, 101, 512, 900].map((length) => `/w/${"x".repeat(length - 3)}`);
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    writeFileSync(
      join(directory, "long.tar.gz"),
      archive(wheels.map((path) => ({ path, mode: "0644", content: bytes }))),
    );
    expect(tar("--list", "--file", join(directory, "long.tar.gz")).trimEnd().split("\n")).toEqual(
      wheels.map((path) => path.slice(1)),
    );
    const first = execFileSync("tar", ["-xOf", join(directory, "long.tar.gz"), wheels[1]?.slice(1) ?? ""]);
    expect(new Uint8Array(first)).toEqual(bytes);
  });

  test("does not depend on the order of the files", () => {
    expect(archive([...FILES].reverse())).toEqual(archive(FILES));
    expect(archive(FILES.slice(1))).not.toEqual(archive(FILES));
  });

  test("has these bytes with fflate 0.8.3, on every computer", () => {
    const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
    expect(digest(gunzipSync(archive(FILES)))).toBe(
      "8983812da9124af4dadb71f7603ff7c05ba446973c00bf778d871906e9d31bf3",
    );
    // Another digest here replaces the scheduler of every deployed cluster.
    expect(digest(archive(FILES))).toBe("9c66ffbbcbecb8a60073de492650e195aadf7269d3b76bce8c6f2da1d27c8cfb");
    expect([...archive(FILES).subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  });

  test("ends in two empty blocks", () => {
    const bytes = gunzipSync(archive([]));
    expect(bytes).toEqual(Buffer.alloc(1024));
  });

  test("rejects a relative path, and a duplicate path", () => {
    expect(() => archive([file("etc/dask/x", "")])).toThrow(
      'file of a bundle: got "etc/dask/x", expected an absolute path. Hint: begin it with /',
    );
    expect(() => archive([...FILES, file("/etc/dask/long.txt", "")])).toThrow(
      "/etc/dask/long.txt: got two files, expected one. Hint: remove one of them",
    );
  });
});

test.each(everySpec)(
  "the bundle of each node has the files that are not in its stub, and is the same at each plan: %s",
  (_, spec) => {
    const listed = execFileSync("tar", ["--list", "--gzip"], {
      input: spec.bundle.archive,
      encoding: "utf8",
    });
    const files = spec.files.filter((file) => !spec.stub.includes(file));
    expect(listed.trimEnd().split("\n")).toEqual(files.map(({ path }) => path.slice(1)).sort());
    expect(bundleOf([...files].reverse())).toEqual(spec.bundle);
  },
);

describe("a bundle", () => {
  test("has its checksum in its key", () => {
    const { sha256, key, archive: bytes } = bundleOf(FILES);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(sha256);
    expect(key).toBe(`bundles/${sha256}.tar.gz`);
  });

  test.each([
    ["text", "tcp://${TfToken[TOKEN.12]}:8786", "TfToken["],
    ["a list", "#{TfToken[TOKEN.3]}", "TfToken["],
    ["a number", "nthreads: -1.8881545897087626e+289", "-1.8881545897087626e+289"],
  ])("is rejected with a Terraform token for %s", (_, value, token) => {
    expect(() => bundleOf([file("/etc/dask/more.yaml", `${value}\n`)])).toThrow(
      `/etc/dask/more.yaml: got the Terraform token '${token}…', expected values known at synth. Hint: use a fixed name or address`,
    );
  });
});
