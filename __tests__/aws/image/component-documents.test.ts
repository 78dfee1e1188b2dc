import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { baked } from "../../../environments/baked";
import { componentDocuments } from "../../../lib/aws/image/component-documents";
import type { ImageContents } from "../../../lib/node/image-contents";
import type { NodeFile } from "../../../lib/node/node-plan";
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

const CONTENTS: readonly (readonly [string, ImageContents])[] = [
  ["the scheduler", schedulerNode(baked).imageContents],
  ["CPU workers", worker(baked, "cpu").imageContents],
  ["GPU workers", worker(baked, "gpu").imageContents],
];

describe.each(CONTENTS)("the components of %s", (_, what) => {
  const documents = componentDocuments(what);
  const parsed = documents.map((text) => parse(text) as Document);
  const steps = parsed.flatMap(({ phases }) => phases.flatMap(({ steps }) => steps));

  test("are documents within the limits of Image Builder", () => {
    for (const text of documents) expect(text.length).toBeLessThanOrEqual(16_000);
    expect(documents.length).toBeLessThanOrEqual(20);
    for (const { schemaVersion, phases } of parsed) {
      expect(schemaVersion).toBe("1.0");
      for (const { name, steps } of phases) {
        expect(["build", "validate"]).toContain(name);
        expect(new Set(steps.map(({ name }) => name)).size).toBe(steps.length);
      }
    }
    for (const { name, action, timeoutSeconds } of steps) {
      expect(name).toMatch(/^[A-Za-z0-9_-]+$/);
      expect(action).toBe("ExecuteBash");
      expect(timeoutSeconds).toBe(2460);
    }
  });

  test("write the files unchanged", () => {
    const root = temporaryFolder();
    try {
      const written = steps.slice(0, -2);
      expect(written).toHaveLength(what.files.length);
      for (const { inputs } of written)
        execFileSync("bash", ["-euc", inputs.commands[0].replace("/dev/stdin /", `/dev/stdin ${root}/`)]);
      for (const { path, mode, content } of what.files) {
        expect(readFileSync(join(root, path), "utf8")).toBe(content);
        expect((statSync(join(root, path)).mode & 0o777).toString(8).padStart(4, "0")).toBe(mode);
      }
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  test("then bake, and validate the stamp file", () => {
    const [last] = parsed.slice(-1);
    expect(last?.phases.map(({ name, steps }) => [name, steps.map(({ inputs }) => inputs.commands)])).toEqual(
      [
        [
          "build",
          [["/usr/local/lib/dask-node/bootstrap.sh bake && rm /var/log/dask-node.log && : >/etc/machine-id"]],
        ],
        ["validate", [[`[[ $(</var/lib/dask-node/baked) == ${what.digest} ]]`]]],
      ],
    );
  });
});

test("the check of the stamp file fails if it has another digest or is missing", () => {
  const folder = temporaryFolder();
  try {
    const [check = ""] = (parse(componentDocuments(contentsOf()).at(-1) ?? "") as Document).phases
      .filter(({ name }) => name === "validate")
      .map(({ steps }) => steps[0]?.inputs.commands[0]);
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

test("files fill a component before the next begins", () => {
  const files = [7000, 7000, 7000].map((length, index) => file(`/etc/${index}`, length));
  const documents = componentDocuments(contentsOf(...files));
  expect(documents.map((text) => (text.match(/install -D/g) ?? []).length)).toEqual([2, 1, 0]);
});

test("rejects a file that is larger than a component, with its size", () => {
  expect(() => componentDocuments(contentsOf(file("/etc/large", 16_000)))).toThrow(
    /^\/etc\/large: got 216\d\d characters in an Image Builder component, expected at most 16000. Hint: split the file$/,
  );
});

test.each([
  ["the task runner would replace text", "echo {{ build.x.outputs.stdout }}\n"],
  ["a shell would end the file", "one\nEND_OF_FILE\ntwo\n"],
  ["it has many short lines", "x\n".repeat(4000)],
])("a file is written from base64 if %s", (_, content) => {
  const folder = temporaryFolder();
  try {
    const documents = componentDocuments(contentsOf({ path: "/etc/a", mode: "0755", content }));
    const [{ phases } = { phases: [] }] = documents.map((text) => parse(text) as Document);
    const [command = ""] = phases[0]?.steps[0]?.inputs.commands ?? [];
    expect(command).toMatch(/^base64 --decode <<'END' \| install -D --mode=0755 \/dev\/stdin \/etc\/a\n/);
    expect(documents[0]).not.toContain("{{");
    execFileSync("bash", ["-euc", command.replace("/dev/stdin /", `/dev/stdin ${folder}/`)]);
    expect(readFileSync(join(folder, "etc/a"), "utf8")).toBe(content);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function contentsOf(...files: readonly NodeFile[]): ImageContents {
  return { digest: "0123456789ab", files, command: "true", stampFile: "/var/lib/dask-node/baked" };
}

function file(path: string, length: number): NodeFile {
  return { path, mode: "0644", content: `${"x".repeat(length - 1)}\n` };
}

function temporaryFolder(): string {
  mkdirSync(".test", { recursive: true });
  return mkdtempSync(join(".test", "component-"));
}
