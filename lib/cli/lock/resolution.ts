import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import type { CommandContext } from "../../local/runtime/run-command";
import { packageRoot } from "../../node/package-file";
import type { LockRequest } from "../../node/packages/lock-request";
import type { LockKind } from "../../node/packages/lockfile";
import { runUv, type Uv, type UvResult } from "../uv";

/** Options of `uv pip compile` for lockfiles of all platforms, as for the lockfiles of the releases (scripts/lock.py). */
const UNIVERSAL = [
  ...["--universal", "--fork-strategy", "fewest", "--only-binary", ":all:"],
  ...["--generate-hashes", "--emit-build-options", "--annotation-style", "line", "--no-header"],
];

const QUIET = ["pip", "compile", "--quiet", "--no-progress"];

/** Requirements of a resolution. */
export interface Requirements {
  /** Kind of nodes whose release packages are included; absent for none. */
  readonly kind?: LockKind;
  /** Requirements of the user, and `name==version` for each wheel. */
  readonly added: readonly string[];
  /** Lowest version of Python. */
  readonly python: string;
  /** Versions to prefer, as the text of a lockfile. */
  readonly preferences?: string;
  /** Versions that the resolution may not leave, as lines of requirements. */
  readonly constraints?: readonly string[];
}

/** Folder in which uv resolves the packages of one cluster. */
export class Workspace {
  private readonly wheels: string;

  /** @param directory an empty folder */
  constructor(
    private readonly context: CommandContext,
    private readonly uv: Uv,
    private readonly request: LockRequest,
    private readonly directory: string,
  ) {
    const { release, wheels } = request;
    const folder = join(directory, release.name);
    mkdirSync(folder, { recursive: true });
    for (const kind of ["cpu", "gpu"])
      copyFileSync(join(packageRoot(), "locks", release.name, `${kind}.in`), join(folder, `${kind}.in`));
    // Only these wheels: their folder may have others.
    this.wheels = join(directory, "wheels");
    mkdirSync(this.wheels);
    for (const { file } of wheels) symlinkSync(file, join(this.wheels, basename(file)));
  }

  /** Resolves requirements for all platforms. The output is the text of a lockfile. */
  async resolve({ kind, added, python, preferences, constraints }: Requirements): Promise<UvResult> {
    const file = (name: string, text: string) => {
      writeFileSync(join(this.directory, name), text);
      return name;
    };
    const result = file("result.txt", preferences ?? "");
    if (preferences === undefined) rmSync(join(this.directory, result));
    const ran = await this.compile([
      ...UNIVERSAL,
      ...["--python-version", python, "--output-file", result],
      ...(constraints === undefined ? [] : ["--constraint", file("constraints.txt", constraints.join("\n"))]),
      ...(kind === undefined ? [] : [`${this.request.release.name}/${kind}.in`]),
      file("packages.in", added.join("\n")),
    ]);
    const path = join(this.directory, result);
    return ran.succeeded && existsSync(path) ? { ...ran, output: readFileSync(path, "utf8") } : ran;
  }

  /**
   * Checks that each package of a lockfile has a wheel for a platform.
   *
   * @param platform in the notation of uv, such as `x86_64-manylinux_2_28`
   */
  check(lockfile: string, platform: string, python: string): Promise<UvResult> {
    writeFileSync(join(this.directory, "check.txt"), lockfile);
    return this.compile([
      ...["--no-deps", "--only-binary", ":all:", "--no-header", "--no-annotate"],
      ...["--python-platform", platform, "--python-version", python, "check.txt"],
    ]);
  }

  private compile(args: readonly string[]): Promise<UvResult> {
    const wheels = this.request.wheels.length > 0 ? ["--find-links", this.wheels] : [];
    // Its own Python, because shims on the PATH are slow.
    const python = ["--python", join(dirname(this.uv.path), "python")];
    return runUv(this.context, this.uv, [...QUIET, ...python, ...wheels, ...args], this.directory);
  }
}
