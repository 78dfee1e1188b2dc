import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** A program that the tests need. */
interface Program {
  readonly name: string;
  readonly path: string;
}

/** The path on a node. */
export const NGINX: Program = { name: "nginx", path: "/usr/sbin/nginx" };

/** Debian's, or another that CHROMIUM names. */
export const CHROMIUM: Program = { name: "chromium", path: process.env.CHROMIUM ?? "/usr/bin/chromium" };

/** Tests that need programs: if one is missing, they are skipped with a warning; in CI they fail. */
export function describeWith(...programs: readonly Program[]): (title: string, tests: () => void) => void {
  const missing = programs.filter(({ path }) => !existsSync(path));
  if (missing.length === 0) return describe;
  const reason =
    `not found: ${missing.map(({ path }) => path).join(", ")}; ` +
    `apt-get install ${missing.map(({ name }) => name).join(" ")}, then: npm run test:dashboard`;
  if (process.env.CI) return (title) => test(title, () => fail(reason));
  console.warn(reason);
  return describe.skip;
}

function fail(reason: string): never {
  throw new Error(reason);
}

/** Starts the browser. Chromium has no sandbox for root, the user of many containers. */
export function startBrowser(): Promise<Browser> {
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: CHROMIUM.path, args });
}
