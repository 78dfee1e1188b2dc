import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { RELEASE_NAMES, RELEASES } from "../../lib/config/releases";
import { packageFile, packageRoot } from "../../lib/node/package-file";
import { INSTALL_TIMEOUT, supervisor } from "../support/python-environment";

/** C library of nodes, or older: Ubuntu 24.04 has 2.39. */
const PLATFORMS = { x86_64: "x86_64-manylinux_2_28", aarch64: "aarch64-manylinux_2_28" } as const;
type Machine = keyof typeof PLATFORMS;

/** A package of a lockfile, and the names of the wheels that fit a platform, with their SHA-256. */
interface Package {
  readonly name: string;
  readonly wheels: readonly { readonly file: string; readonly sha256: string }[];
}

/** Returns the packages of a lockfile on a platform, with the wheels that the index has for it. */
async function packagesFor(machine: Machine, lock: string, python: string): Promise<readonly Package[]> {
  const uv = join(await supervisor(), "uv");
  const only = ["--quiet", "--no-deps", "--only-binary", ":all:", "--format", "pylock.toml"];
  const platform = ["--python-platform", PLATFORMS[machine], "--python-version", python];
  const { stdout, stderr, status } = spawnSync(uv, ["pip", "compile", ...only, ...platform, lock], {
    cwd: packageRoot(),
    encoding: "utf8",
    env: { UV_CACHE_DIR: join(packageRoot(), ".test", "wheels"), ...process.env, UV_NO_CONFIG: "1" },
    timeout: INSTALL_TIMEOUT,
    maxBuffer: 64 * 1024 * 1024,
  });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout
    .split("[[packages]]")
    .slice(1)
    .map((text) => ({
      name: /^name = "(.+)"$/m.exec(text)?.[1] ?? "",
      wheels: [...text.matchAll(/\/([^/"]+\.whl)".+?sha256 = "([0-9a-f]{64})"/g)].map(
        ([, file = "", sha256 = ""]) => ({ file, sha256 }),
      ),
    }));
}

describe.each([
  ...RELEASE_NAMES.map((name) => [`locks/${name}/cpu.txt`, RELEASES[name].python, 60] as const),
  ["locks/tools/uv.txt", "3.12", 1] as const,
])("%s with Python %s", (lock, python, least) => {
  test.each(["x86_64", "aarch64"] as const)(
    "has for Linux on %s a wheel of each package, whose hash is locked",
    async (machine) => {
      const locked = packageFile(lock);
      const packages = await packagesFor(machine, lock, python);
      expect(packages.length).toBeGreaterThanOrEqual(least);
      for (const { name, wheels } of packages) {
        expect([name, wheels.length > 0]).toEqual([name, true]);
        for (const { file, sha256 } of wheels) {
          expect(file).toMatch(new RegExp(`(-any|_${machine}(\\..+)?)\\.whl$`));
          expect([file, locked.includes(`--hash=sha256:${sha256}`)]).toEqual([file, true]);
        }
      }
    },
    INSTALL_TIMEOUT,
  );
});
