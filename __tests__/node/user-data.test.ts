import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import { production } from "../../environments/production";
import type { NodePlan } from "../../lib/node/node-plan";
import { cloudConfig, MOST_BYTES, userData } from "../../lib/node/user-data";
import { everySpec, schedulerNode, worker } from "./specs";

const decode = (text: string) => Buffer.from(text, "base64");
const gpuWorker = worker(production, "gpu");

/** The machine with one more file. */
const withFile = (content: string): NodePlan => ({
  ...gpuWorker,
  files: [...gpuWorker.files, { path: "/etc/dask/more.yaml", mode: "0644", content }],
});

describe.each(everySpec)("user data of: %s", (_, spec) => {
  const bytes = decode(userData(spec));

  test("leaves 3 KiB of EC2's 16 KiB free", () => {
    expect(MOST_BYTES).toBe(16_384);
    expect(bytes.length).toBeLessThanOrEqual(13 * 1024);
  });

  test("is the gzip'd cloud-config", () => {
    expect(gunzipSync(bytes).toString()).toBe(cloudConfig(spec));
    expect(cloudConfig(spec)).toMatch(/^#cloud-config\n/);
  });

  test("says neither when nor where it was made", () => {
    expect([...bytes.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255]);
    expect(userData(spec)).toBe(userData({ ...spec }));
  });

  test("puts down each file as it is, and starts the phases", () => {
    const { write_files, runcmd, ...others } = parse(cloudConfig(spec));
    expect(write_files).toEqual(
      spec.files.map(({ path, mode, content }) => ({ path, permissions: mode, content })),
    );
    expect(runcmd).toEqual([
      ["systemctl", "daemon-reload"],
      ["systemctl", "enable", "--now", "dask-node.service"],
    ]);
    expect(others).toEqual({});
  });

  test("holds no secret and no Terraform syntax", () => {
    const text = cloudConfig(spec);
    expect(text).not.toMatch(/TfToken|\bA(KI|SI)A[0-9A-Z]{16}\b|BEGIN\b.*PRIVATE KEY/);
    // Of a secret, password or token there is only the name, or where a variable puts it.
    expect(text).not.toMatch(/(secret\w*|token|passw(or)?d)['"]?\s*[=:]\s*['"]?(?!\$)[\w+/]{8}/i);
    // What Terraform would take for a template is base64 by then.
    expect(userData(spec)).toMatch(/^[A-Za-z0-9+/=]+$/);
  });
});

describe("user data is refused", () => {
  test("above EC2's limit, with the size of its parts and the way out", () => {
    // Digests do not compress: 64 characters hold 32 bytes.
    const noise = Array.from({ length: 400 }, (_, i) =>
      createHash("sha256").update(String(i)).digest("hex"),
    ).join("\n");
    expect(() => userData(withFile(`${noise}\n`))).toThrow(
      /^user data of the gpu-worker is \d{5} bytes compressed, expected 16384. Hint: fewer or shorter names and resources in the definition\nits files, each compressed alone:\n {2}\/etc\/dask\/more.yaml: 1\d{4}\n {2}\/usr\/local\/lib\/dask-node\/bootstrap: \d{4}\n/,
    );
  });

  test.each([
    ["text", "tcp://${TfToken[TOKEN.12]}:8786"],
    ["a list", "#{TfToken[TOKEN.3]}"],
    ["a number", "nthreads: -1.8881545897087626e+289"],
  ])("with a Terraform token that stands for %s", (_, value) => {
    expect(() => userData(withFile(`${value}\n`))).toThrow(
      /^\/etc\/dask\/more\.yaml of the gpu-worker holds the Terraform token '.+…', expected values known at synth. Hint: name the thing by its fixed name or address$/,
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

test("the same text compresses to the same bytes, whatever compresses it where it is synthesized", () => {
  const bare: NodePlan = {
    ...gpuWorker,
    title: "A node",
    files: Array.from({ length: 200 }, (_, index) => ({
      path: `/etc/dask/${index}.yaml`,
      mode: "0644",
      content: `${index ** 3}: ${"abc".repeat(index % 17)}\n`,
    })),
  };
  const digest = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");
  expect(digest(cloudConfig(bare))).toBe("cadb9cf1e42f3465aabd705f9c895f5cf2dad2a490741893067cdf848531b103");
  // Of fflate 0.8.3. Another digest here replaces the scheduler of every deployed cluster.
  expect(digest(decode(userData(bare)))).toBe(
    "84f22b5ebdedd1060649ef93eafc7ba7f72ad33dfe75d500c4e05b8140d7704f",
  );
});

test("a change of the definition shows in the user data of the machines it touches, and in no others", () => {
  const [cpu] = production.pools;
  if (cpu === undefined) throw new Error("production has no pool");
  const changed = { ...production, pools: [{ ...cpu, name: "other" }] };
  expect(userData(worker(changed, "other"))).not.toBe(userData(worker(production, "cpu")));
  expect(userData(schedulerNode(changed))).toBe(userData(schedulerNode(production)));
});
