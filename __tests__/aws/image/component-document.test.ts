import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { baked } from "../../../environments/baked";
import { componentDocument } from "../../../lib/aws/image/component-document";
import type { ImageContents } from "../../../lib/node/image-contents";
import { schedulerNode, worker } from "../../node/specs";

interface Document {
  readonly schemaVersion: string;
  readonly phases: readonly {
    readonly name: string;
    readonly steps: readonly {
      readonly name: string;
      readonly action: string;
      readonly timeoutSeconds: number;
      readonly inputs: { readonly commands: readonly [string] };
    }[];
  }[];
}

/** Maximum length of a document (EC2 Image Builder API Reference, CreateComponent, `data`). */
const MAX_LENGTH = 16_000;

const CONTENTS: readonly (readonly [string, ImageContents])[] = [
  ["the scheduler", schedulerNode(baked).imageContents],
  ["CPU workers", worker(baked, "cpu").imageContents],
  ["GPU workers", worker(baked, "gpu").imageContents],
];

describe.each(CONTENTS)("the component of %s", (_, what) => {
  const text = componentDocument(what);
  const document = parse(text) as Document;
  const [build, validate] = document.phases;

  test("is a document within the limits of Image Builder", () => {
    expect(text.length).toBeLessThanOrEqual(MAX_LENGTH);
    expect(document.schemaVersion).toBe("1.0");
    expect(document.phases.map(({ name, steps }) => [name, steps.map(({ name }) => name)])).toEqual([
      ["build", ["fetch-bundle-sh", "instance-sh", "bundle-env", "bake"]],
      ["validate", ["is-baked"]],
    ]);
    for (const { action, timeoutSeconds } of document.phases.flatMap(({ steps }) => steps)) {
      expect(action).toBe("ExecuteBash");
      expect(timeoutSeconds).toBe(2460);
    }
  });

  test("has no text that the task runner would replace", () => {
    expect(text).not.toContain("{{");
  });

  test("writes the files unchanged that download the bundle", () => {
    const root = temporaryFolder();
    try {
      const written = build?.steps.slice(0, -1) ?? [];
      for (const { inputs } of written)
        execFileSync("bash", ["-euc", inputs.commands[0].replace("/dev/stdin /", `/dev/stdin ${root}/`)]);
      expect(what.stub.map(({ path }) => path)).toEqual([
        "/usr/local/lib/dask-node/fetch-bundle.sh",
        "/usr/local/lib/dask-node/instance.sh",
        "/etc/dask/bundle.env",
      ]);
      for (const { path, mode, content } of what.stub) {
        expect(readFileSync(join(root, path), "utf8")).toBe(content);
        expect((statSync(join(root, path)).mode & 0o777).toString(8).padStart(4, "0")).toBe(mode);
      }
      expect(readFileSync(join(root, "/etc/dask/bundle.env"), "utf8")).toBe(
        `BUCKET='dask-baked--eu-central-1--ACCOUNT'\nBUNDLE='${what.bundle.sha256}'\nRETRY_SECONDS='150'\n`,
      );
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  test("then bakes, and validates the stamp file", () => {
    expect(build?.steps.at(-1)?.inputs.commands).toEqual([
      "/usr/local/lib/dask-node/fetch-bundle.sh bake && rm /var/log/dask-node.log /var/lib/dask-node/bundle && : >/etc/machine-id",
    ]);
    expect(validate?.steps[0]?.inputs.commands).toEqual([
      `[[ $(</var/lib/dask-node/baked) == ${what.digest} ]]`,
    ]);
  });
});

test("the check of the stamp file fails if it has another digest or is missing", () => {
  const folder = temporaryFolder();
  try {
    const [, what] = CONTENTS[0] ?? [];
    if (what === undefined) throw new Error("no contents");
    const document = parse(componentDocument({ ...what, digest: "0123456789ab" })) as Document;
    const check = document.phases.find(({ name }) => name === "validate")?.steps[0]?.inputs.commands[0] ?? "";
    const status = (digest?: string) => {
      const stampFile = join(folder, "baked");
      if (digest !== undefined) execFileSync("bash", ["-c", `echo ${digest} >${stampFile}`]);
      return spawnSync("bash", ["-c", check.replace("/var/lib/dask-node/baked", stampFile)]).status;
    };
    expect(status()).toBe(1);
    expect(status("another")).toBe(1);
    expect(status("0123456789ab")).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function temporaryFolder(): string {
  mkdirSync(".test", { recursive: true });
  return mkdtempSync(join(".test", "component-"));
}
