import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes the command `terraform` into a folder for the PATH. */
export function writeTerraform(bin: string, terraform: readonly string[]): void {
  // By its path: a name would find this command again, and again.
  const [name = "", ...options] = terraform;
  const program = execFileSync("sh", ["-c", 'command -v "$1"', "sh", name], { encoding: "utf8" }).trim();
  write(bin, "terraform", `#!/bin/sh\nexec '${[program, ...options].join("' '")}' "$@"\n`);
}

/** Writes a double of `apt-get`. It stands for Debian's, which installs in an image what this computer has: python3-venv. */
export function writeAptGet(bin: string): void {
  write(bin, "apt-get", "#!/bin/sh\n");
}

/**
 * Writes a double of `gh` that keeps comments in a file. It stands for GitHub's API, as far as the workflow uses it: list,
 * change and create comments.
 */
export function writeGh(bin: string): void {
  write(
    bin,
    "gh",
    `#!/usr/bin/env node
    const { existsSync, readFileSync, writeFileSync } = require("node:fs");
    const file = ${JSON.stringify(join(bin, "comments.json"))};
    const words = process.argv.slice(2);
    const comments = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
    const after = (option) => words[words.indexOf(option) + 1];
    const path = words.find((word) => word.startsWith("repos/"));
    if (process.env.GH_TOKEN !== "token") throw new Error("no token");
    if (words.includes("--jq")) {
      const filter = /^\\.\\[\\] \\| select\\(\\.user\\.login == "(.*)" and \\(\\.body \\| startswith\\("(.*)"\\)\\)\\) \\| \\.id$/;
      const [, login, marker] = filter.exec(after("--jq"));
      for (const { id, user, body } of comments)
        if (user.login === login && body.startsWith(marker)) console.log(id);
    } else {
      const body = readFileSync(after("--field").replace("body=@", ""), "utf8");
      const id = after("--method") === "PATCH" ? Number(path.split("/").at(-1)) : comments.length + 1;
      comments[id - 1] = { id, user: { login: "github-actions[bot]" }, body };
      writeFileSync(file, JSON.stringify(comments));
    }`,
  );
}

function write(bin: string, name: string, script: string): void {
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), script, { mode: 0o755 });
}
