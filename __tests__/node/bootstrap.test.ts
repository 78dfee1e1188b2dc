import { production } from "../../environments/production";
import { fakeAws, toldAws } from "./fake-aws";
import { FakeNode } from "./fake-node";
import { worker } from "./specs";

/** A step that leaves its name behind, so that a second run can see it is done. */
const idempotent = (name: string) =>
  `#!/bin/bash\n[[ -e /var/${name} ]] && { echo "${name} is there"; exit; }\ntouch /var/${name}\necho "${name} made"\n`;

/** A step that waits until a command holds, and then goes on. */
const waiting = (name: string, until: string, then = "") =>
  `#!/bin/bash\ntouch /var/${name}-begun\nuntil ${until}; do /usr/bin/sleep 0.05; done\n${then}\ntouch /var/${name}\n`;

const spec = worker(production, "gpu");
const BAKED = ["base", "cuda-nvidia", "conda"];
const BOOT = ["configuration", "certificates", "dask"];
const key = spec.settings.BAKE_KEY;
let fake: FakeNode;

const prepare = (settings: Readonly<Record<string, string>> = {}) => {
  fake = new FakeNode(spec, settings);
  fake.write("var/log/dask-node.log", "");
  for (const step of [...BAKED, ...BOOT]) fake.script(`${step}.sh`, idempotent(step));
  fake.command("systemctl");
  fakeAws(fake);
};
beforeEach(() => prepare());
afterEach(() => fake.remove());

const prepareAgain = (settings: Readonly<Record<string, string>>) => {
  fake.remove();
  prepare(settings);
};

/** Runs it, with the calls of systemctl alone. */
const bootstrap = (...argv: string[]) => {
  const { calls, ...run } = fake.run("bootstrap.sh", ...argv);
  return { ...run, calls: calls.filter((call) => call.startsWith("systemctl ")) };
};

/** Lines without their times. */
const lines = (text = "") =>
  text
    .trimEnd()
    .split("\n")
    .map((line) =>
      line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ /, "").replace(/after \d+ s$/, "after N s"),
    );
const log = () => lines(fake.read("var/log/dask-node.log"));
const status = () => JSON.parse(fake.read("var/lib/dask-node/status.json") ?? "{}");
const begun = (said: string) => lines(said).flatMap((line) => /^step (\S+) begins$/.exec(line)?.[1] ?? []);
const story = (...steps: string[]) =>
  steps.flatMap((step) => [`step ${step} begins`, `[${step}] ${step} made`, `step ${step} done after N s`]);

describe("the steps", () => {
  test("of each group run in order, then those of the boot, on the console and in the log", () => {
    const { code, said } = bootstrap();
    expect(code).toBe(0);
    const conda = lines(said).filter((line) => /\bconda\b/.test(line));
    expect(conda).toEqual(story("conda"));
    expect(lines(said).filter((line) => !conda.includes(line))).toEqual([
      ...story("base", "cuda-nvidia", ...BOOT),
      "ready: every step is done",
    ]);
    expect(lines(said).indexOf("step conda done after N s")).toBeLessThan(
      lines(said).indexOf("step configuration begins"),
    );
    // Lines of two lanes at the same moment may change places between log and console.
    expect(log().sort()).toEqual(lines(said).sort());
    expect(said).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ step (base|conda) begins\n/);
    expect(status()).toMatchObject({ state: "ready", step: "dask", exitCode: 0, cause: "" });
  });

  test("of two groups run in parallel", () => {
    fake.script("base.sh", waiting("base", "[[ -e /var/conda-begun ]]"));
    fake.script("conda.sh", waiting("conda", "[[ -e /var/cuda-nvidia-begun ]]"));
    fake.script("cuda-nvidia.sh", waiting("cuda-nvidia", "[[ -e /var/conda ]]"));
    expect(bootstrap().code).toBe(0);
  });

  test("do nothing again in a second run", () => {
    bootstrap();
    const { code, said, calls } = bootstrap();
    expect(code).toBe(0);
    expect(lines(said)).toContain("[conda] conda is there");
    expect(said).not.toContain("made");
    expect(calls).toEqual([]);
  });

  test("do not run twice at the same time", () => {
    fake.script("base.sh", '#!/bin/bash\n"$(dirname "$0")/bootstrap.sh"\n');
    const { code, said } = bootstrap();
    expect(code).toBe(1);
    expect(said).toContain("another bootstrap is at work: follow it with journalctl -fu dask-node");
  });
});

describe("the first failure", () => {
  test("ends the run with step, exit code and cause, and starts no later step", () => {
    fake.script(
      "configuration.sh",
      '#!/bin/bash\necho working\necho "no \\"space\\" left\\\\" >&2\necho\nexit 28\n',
    );
    const { code, said } = bootstrap();
    expect(code).toBe(1);
    expect(lines(said).slice(9)).toEqual([
      "step configuration begins",
      "[configuration] working",
      '[configuration] no "space" left\\',
      "[configuration] ",
      'step configuration failed with exit code 28: no "space" left\\; log: ' +
        "/var/log/dask-node.log; to try again after a fix: systemctl restart dask-node",
    ]);
    expect(status()).toMatchObject({
      state: "failed",
      step: "configuration",
      exitCode: 28,
      cause: 'no "space" left\\',
    });
    expect(fake.read("var/dask")).toBeUndefined();
  });

  test("is reported at once; the running step of the other group ends, and no other starts", () => {
    fake.script("conda.sh", waiting("conda", "[[ -e /var/base-begun ]]", "echo no; exit 1"));
    fake.script(
      "base.sh",
      waiting("base", `grep --quiet =ABANDON ${fake.directory}/calls`, "/usr/bin/sleep 1"),
    );
    fake.script(
      "outer.sh",
      '#!/bin/bash\n"$(dirname "$0")/bootstrap.sh"; code=$?\n[[ -e /var/base ]] || echo too early\nexit $code\n',
    );
    const { code, said } = fake.run("outer.sh");
    expect(code).toBe(1);
    expect(begun(said).sort()).toEqual(["base", "conda"]);
    expect(said).not.toContain("too early");
    expect(lines(said).at(-1)).toBe("step base done after N s");
    expect(status()).toMatchObject({ state: "failed", step: "conda", exitCode: 1, cause: "no" });
  });

  test("is the final status, even if the other group has just started a step", () => {
    // The other lane looked for a failure before there was one, and says so after it.
    fake.script("conda.sh", waiting("conda", "[[ -e /var/base-begun ]]", "exit 1"));
    fake.script(
      "base.sh",
      waiting(
        "base",
        "grep --quiet failed /var/lib/dask-node/status.json",
        'echo \'{"state": "running"}\' >/var/lib/dask-node/status.json',
      ),
    );
    expect(bootstrap().code).toBe(1);
    expect(status()).toMatchObject({ state: "failed", step: "conda", exitCode: 1 });
  });

  test("is repaired by a second run, which does not repeat completed steps", () => {
    fake.script("configuration.sh", "#!/bin/bash\nexit 1\n");
    expect(lines(bootstrap().said).at(-1)).toMatch(
      /^step configuration failed with exit code 1: it said nothing;/,
    );
    fake.script("configuration.sh", idempotent("configuration"));
    const { code, said } = bootstrap();
    expect(code).toBe(0);
    expect(lines(said)).toContain("[base] base is there");
    expect(status().state).toBe("ready");
  });

  test("can be the deadline of all steps together", () => {
    prepareAgain({ BOOT_SECONDS: "4" });
    fake.script("base.sh", "#!/bin/bash\nexec /usr/bin/sleep 2\n");
    fake.script("configuration.sh", '#!/bin/bash\necho "waiting long"\nexec /usr/bin/sleep 3.5\n');
    const { code, said } = bootstrap();
    expect(code).toBe(1);
    expect(said).toContain(
      "step configuration failed with exit code 124: not done within 4 s of the start, at: waiting long; ",
    );
    expect(status()).toMatchObject({ state: "failed", exitCode: 124 });
  });

  test("can be that no time is left for a step", () => {
    prepareAgain({ BOOT_SECONDS: "0" });
    fake.script("base.sh", "#!/bin/bash\nexec /usr/bin/sleep 30\n");
    const { code, said } = bootstrap();
    expect(code).toBe(1);
    expect(said).toContain("step base failed with exit code 124: not done within 0 s of the start, at: ; ");
  });
});

describe("the log of a failure", () => {
  const LOGS = /^curl .*X-Amz-Target: Logs_20140328\.(\w+)/;
  const logCalls = (calls: readonly string[]) => calls.flatMap((call) => LOGS.exec(call)?.[1] ?? []);
  const failAtConda = () => {
    fake.script("conda.sh", "#!/bin/bash\necho no\nexit 1\n");
    return fake.run("bootstrap.sh");
  };

  test("is sent while the node has no Python environment, before the launch hook ends the node", () => {
    const { code, calls } = failAtConda();
    expect(code).toBe(1);
    expect(logCalls(calls)).toEqual(["CreateLogStream", "PutLogEvents"]);
    const sent = calls.findIndex((call) => call.includes("PutLogEvents"));
    expect(calls.indexOf("journalctl --sync")).toBeLessThan(sent);
    expect(sent).toBeLessThan(calls.findIndex((call) => call.includes("=ABANDON")));
    expect(fake.read("var/stdin")).toContain(
      'data-raw = "{\\"logGroupName\\": \\"/dask/production/nodes\\", \\"logStreamName\\": \\"gpu/i-0123456789abcdef0\\"}"',
    );
    const { logEvents, ...stream } = JSON.parse(fake.read("var/log-events") ?? "{}");
    expect(stream).toEqual({
      logGroupName: "/dask/production/nodes",
      logStreamName: "gpu/i-0123456789abcdef0",
    });
    expect(logEvents).toEqual([{ timestamp: 1_770_000_000_123, message: expect.any(String) }]);
    expect(JSON.parse(logEvents[0].message)).toEqual({
      ...{ unit: "dask-node.service", priority: 6, pool: "gpu", pid: 17, message: "step base begins" },
    });
    expect(fake.read("var/lib/dask-node/log-events.json")).toBeUndefined();
  });

  test("is sent to a stream that exists", () => {
    fakeAws(fake, { stream: "exists" });
    const { calls, said } = failAtConda();
    expect(logCalls(calls)).toEqual(["CreateLogStream", "PutLogEvents"]);
    expect(said).not.toContain("the journal is not in");
  });

  test("that cannot be sent is a line of the log, and the failure is reported nevertheless", () => {
    fakeAws(fake, { stream: "denied" });
    const { said, calls } = failAtConda();
    expect(said).toContain(
      "Z the journal is not in the log group /dask/production/nodes: AccessDeniedException: not you\n",
    );
    expect(toldAws(calls)).toEqual(["step conda failed with exit code 1: no", "ABANDON"]);
  });

  test("is sent by dask-logs once the environment is complete", () => {
    fake.write("opt/dask/env/bin/python", "");
    expect(logCalls(failAtConda().calls)).toEqual([]);
  });
});

describe("scripts of the user", () => {
  const SETUP = {
    BAKE_SETUP: "setup-bake,setup-bake-pool",
    BOOT: "configuration,certificates,setup-boot,dask",
  };
  beforeEach(() => {
    prepareAgain(SETUP);
    for (const step of ["setup-bake", "setup-bake-pool", "setup-boot"])
      fake.script(`${step}.sh`, idempotent(step));
  });

  test("run after the groups and before Dask, each with its own log lines", () => {
    const { code, said } = bootstrap();
    expect(code).toBe(0);
    expect(lines(said).slice(9)).toEqual([
      ...story("setup-bake", "setup-bake-pool", "configuration", "certificates", "setup-boot", "dask"),
      "ready: every step is done",
    ]);
  });

  test("that fail end the run with one message, as every step does", () => {
    fake.script("setup-bake.sh", "#!/bin/bash\necho '[Errno 28] No space left on device'\nexit 3\n");
    const { code, said } = bootstrap();
    expect(code).toBe(1);
    expect(lines(said).slice(9)).toEqual([
      "step setup-bake begins",
      "[setup-bake] [Errno 28] No space left on device",
      "step setup-bake failed with exit code 3: [Errno 28] No space left on device; log: " +
        "/var/log/dask-node.log; to try again after a fix: systemctl restart dask-node",
    ]);
    expect(status()).toMatchObject({ state: "failed", step: "setup-bake", exitCode: 3 });
  });

  test("of an image with the right digest do not run again; those of a boot do", () => {
    fake.write("var/lib/dask-node/baked", `${key}\n`);
    const { code, said } = bootstrap();
    expect(code).toBe(0);
    expect(begun(said)).toEqual(["configuration", "certificates", "setup-boot", "dask"]);
  });
});

describe("a step that needs a reboot", () => {
  const needsReboot = "#!/bin/bash\n[[ -e /var/driver ]] || { echo 'the driver does not load'; exit 100; }\n";
  const sentence = "step cuda-nvidia needs a reboot: the driver does not load; rebooting once, then going on";

  test("gets one, and the run continues after it", () => {
    fake.script("cuda-nvidia.sh", needsReboot);
    const first = bootstrap();
    expect(first.code).toBe(0);
    expect(first.calls).toEqual(["systemctl --no-block reboot"]);
    expect(lines(first.said).at(-1)).toBe(sentence);
    expect(status()).toMatchObject({ state: "rebooting", step: "cuda-nvidia" });
    expect(fake.read("var/configuration")).toBeUndefined();

    fake.write("var/driver", "");
    const second = bootstrap();
    expect(second).toMatchObject({ code: 0, calls: [] });
    expect(lines(second.said)).toContain("[conda] conda is there");
    expect(lines(second.said)).toContain("[dask] dask made");
    expect(status().state).toBe("ready");
  });

  test("gets it once the running step of the other group has ended", () => {
    fake.script("cuda-nvidia.sh", needsReboot);
    fake.script(
      "conda.sh",
      waiting("conda", "[[ -e /var/lib/dask-node/stopped ]]", "/usr/bin/sleep 0.3; echo late"),
    );
    const { code, said } = bootstrap();
    expect(code).toBe(0);
    expect(lines(said).slice(-3)).toEqual(["[conda] late", "step conda done after N s", sentence]);
  });

  test("gets none if the other group fails", () => {
    fake.script("cuda-nvidia.sh", needsReboot);
    fake.script(
      "conda.sh",
      waiting("conda", "[[ -e /var/lib/dask-node/stopped ]]", "echo 'disk full'; exit 1"),
    );
    const { code, said, calls } = bootstrap();
    expect(code).toBe(1);
    expect(calls).not.toContain("systemctl --no-block reboot");
    expect(lines(said).at(-1)).toMatch(/^step conda failed with exit code 1: disk full;/);
  });

  test("does not get a second one, which is reported", () => {
    fake.script("cuda-nvidia.sh", needsReboot);
    bootstrap();
    const { code, said, calls } = bootstrap();
    expect(code).toBe(1);
    expect(calls).not.toContain("systemctl --no-block reboot");
    expect(lines(said).at(-1)).toMatch(
      /^step cuda-nvidia failed with exit code 100: it asks for a second reboot: the driver does not load;/,
    );
    expect(status()).toMatchObject({ state: "failed", step: "cuda-nvidia", exitCode: 100 });
  });

  test("gets one again years later, when a new kernel needs it", () => {
    fake.script("cuda-nvidia.sh", needsReboot);
    bootstrap();
    fake.write("var/driver", "");
    bootstrap();
    fake.script("cuda-nvidia.sh", "#!/bin/bash\necho 'new kernel'\nexit 100\n");
    expect(bootstrap().calls).toEqual(["systemctl --no-block reboot"]);
  });
});

describe("an image", () => {
  test("with the expected digest runs only the steps of a boot", () => {
    fake.write("var/lib/dask-node/baked", `${key}\n`);
    const { code, said } = bootstrap();
    expect(code).toBe(0);
    expect(lines(said)).toEqual([
      `the image has key ${key}, as wanted: straight to boot`,
      ...story(...BOOT),
      "ready: every step is done",
    ]);
  });

  test("with another digest is logged, and the installation runs", () => {
    fake.write("var/lib/dask-node/baked", "0123456789ab\n");
    const { code, said } = bootstrap();
    expect(code).toBe(0);
    expect(lines(said)[0]).toBe(`the image has key 0123456789ab, wanted ${key}: installing`);
    expect(begun(said).sort()).toEqual([...BAKED, ...BOOT].sort());
  });
});

test("a node that installed everything does not count as started from an image", () => {
  bootstrap();
  expect(fake.read("var/lib/dask-node/baked")).toBeUndefined();
});
