import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import { production } from "../../environments/production";
import type { NodePlan } from "../../lib/node/node-plan";
import { cloudConfig, userData } from "../../lib/node/user-data";
import { everySpec, schedulerNode, worker } from "./specs";

const decode = (text: string) => Buffer.from(text, "base64");
const gpuWorker = worker(production, "gpu");

/** The node with one more file. */
const withFile = (content: string): NodePlan => ({
  ...gpuWorker,
  stub: [...gpuWorker.stub, { path: "/etc/dask/more.yaml", mode: "0644", content }],
});

describe.each(everySpec)("user data of: %s", (_, spec) => {
  const bytes = decode(userData(spec));

  test("has less than 4 kB", () => {
    expect(bytes.length).toBeLessThan(4000);
  });

  test("is the gzip'd cloud-config", () => {
    expect(gunzipSync(bytes).toString()).toBe(cloudConfig(spec));
    expect(cloudConfig(spec)).toMatch(/^#cloud-config\n/);
  });

  test("does not depend on time and computer", () => {
    expect([...bytes.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
    expect(userData(spec)).toBe(userData({ ...spec }));
  });

  test("writes each file of the stub unchanged, and starts the download", () => {
    const { write_files, runcmd, ...others } = parse(cloudConfig(spec));
    expect(write_files).toEqual(
      spec.stub.map(({ path, mode, content }) => ({ path, permissions: mode, content })),
    );
    expect(runcmd).toEqual([
      ["systemctl", "daemon-reload"],
      ["systemctl", "enable", "--now", "dask-bundle.service"],
    ]);
    expect(others).toEqual({});
  });

  test("contains no secret and no Terraform syntax", () => {
    const text = [cloudConfig(spec), ...spec.files.map(({ content }) => content)].join("\n");
    expect(text).not.toMatch(/TfToken|\bA(KI|SI)A[0-9A-Z]{16}\b|BEGIN\b.*PRIVATE KEY/);
    // Secrets, passwords and tokens appear only as names, or as variables. Python also assigns other names to them.
    const values = [
      cloudConfig(spec),
      ...spec.files.flatMap(({ path, content }) => (path.endsWith(".py") ? [] : content)),
    ];
    expect(values.join("\n")).not.toMatch(
      /(secret\w*|token|passw(or)?d)['"]?\s*[=:]\s*['"]?(?!\$)[\w+/]{8}/i,
    );
    // Base64 does not contain Terraform's template syntax.
    expect(userData(spec)).toMatch(/^[A-Za-z0-9+/=]+$/);
  });
});

describe("user data is rejected", () => {
  test("above its limit", () => {
    // Digests do not compress: 64 characters encode 32 bytes.
    const noise = Array.from({ length: 400 }, (_, i) =>
      createHash("sha256").update(String(i)).digest("hex"),
    ).join("\n");
    expect(() => userData(withFile(`${noise}\n`))).toThrow(
      /^user data of the gpu-worker: got \d{5} bytes compressed, expected at most 4096\. Hint: move files from the stub to the bundle$/,
    );
  });

  test.each([
    ["", "empty"],
    ["no line break at the end", "without a last line break"],
    ["two at the end\n\n", "with an empty last line"],
    ["  indented\n", "with white space first"],
    ["of Windows\r\n", "with carriage returns"],
  ])("with a file that YAML would change: %j, %s", (content) => {
    expect(() => userData(withFile(content))).toThrow("/etc/dask/more.yaml cannot stand in a literal block");
  });
});

test("the same text compresses to the same bytes on every computer", () => {
  const bare: NodePlan = {
    ...gpuWorker,
    title: "A node",
    stub: Array.from({ length: 200 }, (_, index) => ({
      path: `/etc/dask/${index}.yaml`,
      mode: "0644",
      content: `${index ** 3}: ${"abc".repeat(index % 17)}\n`,
    })),
  };
  const digest = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");
  expect(digest(cloudConfig(bare))).toBe("1c31e0b42e232cba0fb22cf754bbcffccd5d60d9563ff1c177ef7f5beff7e62f");
  // Of fflate 0.8.3. Another digest here replaces the scheduler of every deployed cluster.
  expect(digest(decode(userData(bare)))).toBe(
    "9ec8af48c434d45d53a6b8c1a10163099d36105aaffffd42ac69c179ef27e73f",
  );
});

test("a change of the definition changes only the user data of the nodes that it affects", () => {
  const [cpu] = production.pools;
  if (cpu === undefined) throw new Error("production has no pool");
  const changed = { ...production, pools: [{ ...cpu, name: "other" }] };
  expect(userData(worker(changed, "other"))).not.toBe(userData(worker(production, "cpu")));
  expect(userData(schedulerNode(changed))).toBe(userData(schedulerNode(production)));
});
