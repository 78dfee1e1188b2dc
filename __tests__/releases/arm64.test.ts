import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { DEFAULT_RELEASE, RELEASES } from "../../lib/config/releases";
import { packageFile, packageRoot } from "../../lib/node/package-file";

const VERIFY = join(__dirname, "arm64", "verify.py");

// Installation and imports under qemu-user: four minutes for a release on two cores with much other work.
const LIMIT = 15 * 60_000;

// Only the default release, because of the time. wheels.test.ts checks the wheels of each release.

/** Directions in which a value crosses, and whether it arrived unchanged. */
const DIRECTIONS = ["aarch64 to x86_64", "aarch64 to client", "x86_64 to aarch64", "x86_64 to client"];
const UNCHANGED = Object.fromEntries(DIRECTIONS.map((direction) => [direction, true]));

function verify(release: string, ...more: string[]) {
  const folder = join(packageRoot(), ".test");
  const cache = process.env.UV_CACHE_DIR ?? join(folder, "wheels");
  const options = ["--release", release, "--work", join(folder, "arm64"), "--cache", cache, ...more];
  const { stdout, status } = spawnSync("python3", ["-B", VERIFY, ...options], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: LIMIT,
  });
  return { status, result: JSON.parse(stdout || '{"failure": "it was killed before it had a result"}') };
}

/** Reason why this computer cannot run arm64 programs, or undefined. */
const { missing } = verify(DEFAULT_RELEASE, "--check").result as { missing?: string };
if (missing !== undefined)
  process.stderr.write(
    `\nSKIPPED: Dask on arm64: ${missing}; then: npm run test:releases -- --testPathPatterns arm64\n\n`,
  );

(missing === undefined ? describe : describe.skip).each([DEFAULT_RELEASE])(
  "release %s on arm64",
  (release) => {
    const { dask } = RELEASES[release];
    // biome-ignore lint/suspicious/noExplicitAny: JSON, whose shape the tests check
    let result: any;
    beforeAll(() => {
      result = verify(release).result;
    }, LIMIT);

    test("has all packages of the lockfile", () => {
      expect(result.failure).toBeUndefined();
      const locked = [
        ...packageFile(`locks/${release}/cpu.txt`).matchAll(/^([a-z0-9-]+)(?:\[.+\])?==(\S+)/gm),
      ];
      const versions = Object.fromEntries(locked.map(([, name, version]) => [name, version]));
      expect(Object.keys(result.packages).length).toBeGreaterThan(55);
      expect(versions).toMatchObject(result.packages);
      expect(result.packages).toMatchObject({ dask, distributed: dask });
    });

    test("joins a cluster with scheduler, client and another worker on x86_64", () => {
      expect(result.machines).toEqual(["aarch64", "x86_64"]);
      expect(result.versions).toBe(dask);
    });

    test("exchanges arrays, objects and dataframes with x86_64, unchanged in both directions", () => {
      expect(result.values).toEqual({
        floats: UNCHANGED,
        structured: UNCHANGED,
        big: UNCHANGED,
        objects: UNCHANGED,
        frame: UNCHANGED,
        longdouble: {
          "aarch64 to x86_64": false,
          "aarch64 to client": false,
          "x86_64 to aarch64": false,
          "x86_64 to client": true,
        },
      });
      // The largest array has 64 MiB; each worker received it from the other.
      expect(result.receivedMiB.aarch64).toBeGreaterThan(64);
      expect(result.receivedMiB.x86_64).toBeGreaterThan(64);
    });

    test("raises the errors of its tasks in the client", () => {
      expect(result.errors).toEqual({
        aarch64: ["aarch64", "1180591620717411303424"],
        x86_64: ["x86_64", "1180591620717411303424"],
      });
    });

    test("shuffles dataframes with x86_64", () => {
      expect(result.shuffled).toEqual({ workers: 2, sums: [16_668_333, 16_661_667, 16_665_000] });
    });
  },
);
