import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { architectureOf } from "../../config/architecture";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { EXPECTED_REQUIREMENT, REQUIREMENT, REQUIREMENT_HINT } from "../../config/schema/environment";
import type { ValidationIssue } from "../../config/validation-error";
import { fits, type NodePlatform, readWheel, type Wheel } from "./wheel";

/** Maximum size of all wheels together, in bytes: each node downloads them in its bundle. */
export const MAX_WHEEL_BYTES = 100_000_000;

/** What the user adds to the packages of a release. */
export interface PackageInputs {
  /** Requirements of the definition and of its requirements file. */
  readonly requirements: readonly string[];
  readonly wheels: readonly Wheel[];
}

/** Reads the requirements file and the wheels of a definition, and reports what is wrong with them. */
export function readInputs(
  cluster: ResolvedCluster,
): PackageInputs & { readonly issues: readonly ValidationIssue[] } {
  const issues: ValidationIssue[] = [];
  const { packages, requirements, wheels } = cluster.environment;
  const listed = requirements === undefined ? [] : requirementsIn(requirements, issues);
  const read = wheels.flatMap((file, index) => {
    const wheel = readWheel(file);
    if ("content" in wheel) return [wheel];
    issues.push({ path: `environment.wheels[${index}]`, value: file, ...wheel });
    return [];
  });
  issues.push(...unfit(read, wheels, nodePlatforms(cluster)), ...tooLarge(read, wheels));
  return { requirements: [...packages, ...listed], wheels: read, issues };
}

/** Architectures of EC2, and the names that Linux and wheels have for them. */
const MACHINES = [
  ["x86_64", "x86_64"],
  ["arm64", "aarch64"],
] as const;

/** Returns the platforms of the nodes of a cluster, one for each architecture. */
export function nodePlatforms({ release, scheduler, pools }: ResolvedCluster): readonly NodePlatform[] {
  const present = [scheduler, ...pools].map(architectureOf);
  return MACHINES.filter(([architecture]) => present.includes(architecture)).map(([, machine]) => ({
    python: release.python,
    machine,
  }));
}

function requirementsIn(file: string, issues: ValidationIssue[]): readonly string[] {
  const path = "environment.requirements";
  if (!statSync(resolve(file), { throwIfNoEntry: false })?.isFile()) {
    const hint = "create it; paths are relative to the working directory";
    issues.push({ path, value: file, expected: `a file: ${resolve(file)} is missing`, hint });
    return [];
  }
  const lines = readFileSync(resolve(file), "utf8").split(/\r?\n/);
  return lines.flatMap((line, index) => {
    const requirement = line.replace(/(^|\s)#.*$/, "").trim();
    if (requirement === "" || REQUIREMENT.test(requirement)) return requirement === "" ? [] : [requirement];
    const expected = `${EXPECTED_REQUIREMENT}, in line ${index + 1} of ${file}`;
    issues.push({ path, value: requirement, expected, hint: REQUIREMENT_HINT });
    return [];
  });
}

/** Issues of packages of which no wheel fits a node. Other wheels of the package may be for the computers of clients. */
function unfit(
  wheels: readonly Wheel[],
  files: readonly string[],
  platforms: readonly NodePlatform[],
): readonly ValidationIssue[] {
  return platforms.flatMap((platform) =>
    wheels
      .filter(({ name }) => !wheels.some((other) => other.name === name && fits(other, platform)))
      .map((wheel) => ({
        path: `environment.wheels[${files.findIndex((file) => resolve(file) === wheel.file)}]`,
        value: wheel.basename,
        expected: `a wheel for Python ${platform.python} on Linux ${platform.machine}, which nodes have`,
        hint: "build it for that platform, or as py3-none-any if it has only Python",
      })),
  );
}

function tooLarge(wheels: readonly Wheel[], files: readonly string[]): readonly ValidationIssue[] {
  const bytes = wheels.reduce((sum, { content }) => sum + content.length, 0);
  if (bytes <= MAX_WHEEL_BYTES) return [];
  const expected = `wheels of at most ${MAX_WHEEL_BYTES} bytes together: they have ${bytes}`;
  return [
    {
      path: "environment.wheels",
      value: files,
      expected,
      hint: "publish large ones in an index (environment.index)",
    },
  ];
}
