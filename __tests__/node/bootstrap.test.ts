import { production } from "../../environments/production";
import { fakeAws } from "./fake-aws";
import { FakeMachine } from "./fake-machine";
import { worker } from "./specs";

/** A phase that leaves its name behind, so that a second run can see it is done. */
const idempotent = (name: string) =>
  `#!/bin/bash\n[[ -e /var/${name} ]] && { echo "${name} is there"; exit; }\ntouch /var/${name}\necho "${name} made"\n`;

/** A phase that waits until a command holds, and then goes on. */
const waiting = (name: string, until: string, then = "") =>
  `#!/bin/bash\ntouch /var/${name}-begun\nuntil ${until}; do /usr/bin/sleep 0.05; done\n${then}\ntouch /var/${name}\n`;

const spec = worker(production, "gpu");
const BAKED = ["base", "cuda-nvidia", "conda"];
const BOOT = ["configuration", "certificates", "dask"];
const key = spec.settings.BAKE_KEY;
let machine: FakeMachine;

const prepare = (settings: Readonly<Record<string, string>> = {}) => {
  machine = new FakeMachine(spec, settings);
  machine.write("var/log/dask-node.log", "");
  for (const phase of [...BAKED, ...BOOT]) machine.script(`${phase}.sh`, idempotent(phase));
  machine.command("systemctl");
  fakeAws(machine);
};
beforeEach(() => prepare());
afterEach(() => machine.remove());

const prepareAgain = (settings: Readonly<Record<string, string>>) => {
  machine.remove();
  prepare(settings);
};

/** Runs it, with the calls of systemctl alone. */
const bootstrap = (...argv: string[]) => {
  const { calls, ...run } = machine.run("bootstrap.sh", ...argv);
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
const log = () => lines(machine.read("var/log/dask-node.log"));
const status = () => JSON.parse(machine.read("var/lib/dask-node/status.json") ?? "{}");
const begun = (said: string) => lines(said).flatMap((line) => /^phase (\S+) begins$/.exec(line)?.[1] ?? []);
const story = (...phases: string[]) =>
  phases.flatMap((phase) => [
    `phase ${phase} begins`,
    `[${phase}] ${phase} made`,
    `phase ${phase} done after N s`,
  ]);

describe("the phases", () => {
  test("of each lane run in order, then those of the boot, on the console and in the log", () => {
    const { code, said } = bootstrap();
    expect(code).toBe(0);
    const conda = lines(said).filter((line) => /\bconda\b/.test(line));
    expect(conda).toEqual(story("conda"));
    expect(lines(said).filter((line) => !conda.includes(line))).toEqual([
      ...story("base", "cuda-nvidia", ...BOOT),
      "ready: every phase is done",
    ]);
    expect(lines(said).indexOf("phase conda done after N s")).toBeLessThan(
      lines(said).indexOf("phase configuration begins"),
    );
    // Lines of two lanes at the same moment may change places between log and console.
    expect(log().sort()).toEqual(lines(said).sort());
    expect(said).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ phase (base|conda) begins\n/);
    expect(status()).toMatchObject({ state: "ready", phase: "dask", exitCode: 0, cause: "" });
  });

  test("of two lanes run side by side", () => {
    machine.script("base.sh", waiting("base", "[[ -e /var/conda-begun ]]"));
    machine.script("conda.sh", waiting("conda", "[[ -e /var/cuda-nvidia-begun ]]"));
    machine.script("cuda-nvidia.sh", waiting("cuda-nvidia", "[[ -e /var/conda ]]"));
    expect(bootstrap().code).toBe(0);
  });

  test("find everything done in a second run", () => {
    bootstrap();
    const { code, said, calls } = bootstrap();
    expect(code).toBe(0);
    expect(lines(said)).toContain("[conda] conda is there");
    expect(said).not.toContain("made");
    expect(calls).toEqual([]);
  });

  test("do not run twice at once", () => {
    machine.script("base.sh", '#!/bin/bash\n"$(dirname "$0")/bootstrap.sh"\n');
    const { code, said } = bootstrap();
    expect(code).toBe(1);
    expect(said).toContain("another bootstrap is at work: follow it with journalctl -fu dask-node");
  });
});

describe("the first failure", () => {
  test("ends the run with phase, exit code and cause, and starts no later phase", () => {
    machine.script(
      "configuration.sh",
      '#!/bin/bash\necho working\necho "no \\"space\\" left\\\\" >&2\necho\nexit 28\n',
    );
    const { code, said } = bootstrap();
    expect(code).toBe(1);
    expect(lines(said).slice(9)).toEqual([
      "phase configuration begins",
      "[configuration] working",
      '[configuration] no "space" left\\',
      "[configuration] ",
      'phase configuration failed with exit code 28: no "space" left\\; log: ' +
        "/var/log/dask-node.log; to try again after a fix: systemctl restart dask-node",
    ]);
    expect(status()).toMatchObject({
      state: "failed",
      phase: "configuration",
      exitCode: 28,
      cause: 'no "space" left\\',
    });
    expect(machine.read("var/dask")).toBeUndefined();
  });

  test("is told at once, lets the phase at work in the other lane end, and starts no other", () => {
    machine.script("conda.sh", waiting("conda", "[[ -e /var/base-begun ]]", "echo no; exit 1"));
    machine.script(
      "base.sh",
      waiting("base", `grep --quiet =ABANDON ${machine.directory}/calls`, "/usr/bin/sleep 1"),
    );
    machine.script(
      "outer.sh",
      '#!/bin/bash\n"$(dirname "$0")/bootstrap.sh"; code=$?\n[[ -e /var/base ]] || echo too early\nexit $code\n',
    );
    const { code, said } = machine.run("outer.sh");
    expect(code).toBe(1);
    expect(begun(said).sort()).toEqual(["base", "conda"]);
    expect(said).not.toContain("too early");
    expect(lines(said).at(-1)).toBe("phase base done after N s");
    expect(status()).toMatchObject({ state: "failed", phase: "conda", exitCode: 1, cause: "no" });
  });

  test("stays what is told in the end, though the other lane has just begun a phase", () => {
    // The other lane looked for a failure before there was one, and says so after it.
    machine.script("conda.sh", waiting("conda", "[[ -e /var/base-begun ]]", "exit 1"));
    machine.script(
      "base.sh",
      waiting(
        "base",
        "grep --quiet failed /var/lib/dask-node/status.json",
        'echo \'{"state": "running"}\' >/var/lib/dask-node/status.json',
      ),
    );
    expect(bootstrap().code).toBe(1);
    expect(status()).toMatchObject({ state: "failed", phase: "conda", exitCode: 1 });
  });

  test("is mended by running again: what was done stays done", () => {
    machine.script("configuration.sh", "#!/bin/bash\nexit 1\n");
    expect(lines(bootstrap().said).at(-1)).toMatch(
      /^phase configuration failed with exit code 1: it said nothing;/,
    );
    machine.script("configuration.sh", idempotent("configuration"));
    const { code, said } = bootstrap();
    expect(code).toBe(0);
    expect(lines(said)).toContain("[base] base is there");
    expect(status().state).toBe("ready");
  });

  test("may be the time that all phases take together, though each has enough for itself", () => {
    prepareAgain({ BOOT_SECONDS: "4" });
    machine.script("base.sh", "#!/bin/bash\nexec /usr/bin/sleep 2\n");
    machine.script("configuration.sh", '#!/bin/bash\necho "waiting long"\nexec /usr/bin/sleep 3.5\n');
    const { code, said } = bootstrap();
    expect(code).toBe(1);
    expect(said).toContain(
      "phase configuration failed with exit code 124: not done within 4 s of the start, at: waiting long; ",
    );
    expect(status()).toMatchObject({ state: "failed", exitCode: 124 });
  });

  test("may be that no time is left for a phase", () => {
    prepareAgain({ BOOT_SECONDS: "0" });
    machine.script("base.sh", "#!/bin/bash\nexec /usr/bin/sleep 30\n");
    const { code, said } = bootstrap();
    expect(code).toBe(1);
    expect(said).toContain("phase base failed with exit code 124: not done within 0 s of the start, at: ; ");
  });
});

describe("scripts of the user", () => {
  const SETUP = {
    BAKE_SETUP: "setup-bake,setup-bake-pool",
    BOOT: "configuration,certificates,setup-boot,dask",
  };
  beforeEach(() => {
    prepareAgain(SETUP);
    for (const phase of ["setup-bake", "setup-bake-pool", "setup-boot"])
      machine.script(`${phase}.sh`, idempotent(phase));
  });

  test("run after the lanes, and before Dask, each with its own lines", () => {
    const { code, said } = bootstrap();
    expect(code).toBe(0);
    expect(lines(said).slice(9)).toEqual([
      ...story("setup-bake", "setup-bake-pool", "configuration", "certificates", "setup-boot", "dask"),
      "ready: every phase is done",
    ]);
  });

  test("that fail end the run with one sentence, as every phase", () => {
    machine.script("setup-bake.sh", "#!/bin/bash\necho '[Errno 28] No space left on device'\nexit 3\n");
    const { code, said } = bootstrap();
    expect(code).toBe(1);
    expect(lines(said).slice(9)).toEqual([
      "phase setup-bake begins",
      "[setup-bake] [Errno 28] No space left on device",
      "phase setup-bake failed with exit code 3: [Errno 28] No space left on device; log: " +
        "/var/log/dask-node.log; to try again after a fix: systemctl restart dask-node",
    ]);
    expect(status()).toMatchObject({ state: "failed", phase: "setup-bake", exitCode: 3 });
  });

  test("of an image with the right digest do not run again; those of a boot do", () => {
    machine.write("var/lib/dask-node/baked", `${key}\n`);
    const { code, said } = bootstrap();
    expect(code).toBe(0);
    expect(begun(said)).toEqual(["configuration", "certificates", "setup-boot", "dask"]);
  });
});

describe("a phase that needs a reboot", () => {
  const needsReboot = "#!/bin/bash\n[[ -e /var/driver ]] || { echo 'the driver does not load'; exit 100; }\n";
  const sentence =
    "phase cuda-nvidia needs a reboot: the driver does not load; rebooting once, then going on";

  test("gets one, and the run goes on after it", () => {
    machine.script("cuda-nvidia.sh", needsReboot);
    const first = bootstrap();
    expect(first.code).toBe(0);
    expect(first.calls).toEqual(["systemctl --no-block reboot"]);
    expect(lines(first.said).at(-1)).toBe(sentence);
    expect(status()).toMatchObject({ state: "rebooting", phase: "cuda-nvidia" });
    expect(machine.read("var/configuration")).toBeUndefined();

    machine.write("var/driver", "");
    const second = bootstrap();
    expect(second).toMatchObject({ code: 0, calls: [] });
    expect(lines(second.said)).toContain("[conda] conda is there");
    expect(lines(second.said)).toContain("[dask] dask made");
    expect(status().state).toBe("ready");
  });

  test("gets it once the phase at work in the other lane is done", () => {
    machine.script("cuda-nvidia.sh", needsReboot);
    machine.script(
      "conda.sh",
      waiting("conda", "[[ -e /var/lib/dask-node/stopped ]]", "/usr/bin/sleep 0.3; echo late"),
    );
    const { code, said } = bootstrap();
    expect(code).toBe(0);
    expect(lines(said).slice(-3)).toEqual(["[conda] late", "phase conda done after N s", sentence]);
  });

  test("gets none where the other lane fails", () => {
    machine.script("cuda-nvidia.sh", needsReboot);
    machine.script(
      "conda.sh",
      waiting("conda", "[[ -e /var/lib/dask-node/stopped ]]", "echo 'disk full'; exit 1"),
    );
    const { code, said, calls } = bootstrap();
    expect(code).toBe(1);
    expect(calls).not.toContain("systemctl --no-block reboot");
    expect(lines(said).at(-1)).toMatch(/^phase conda failed with exit code 1: disk full;/);
  });

  test("does not get a second one, and says so", () => {
    machine.script("cuda-nvidia.sh", needsReboot);
    bootstrap();
    const { code, said, calls } = bootstrap();
    expect(code).toBe(1);
    expect(calls).not.toContain("systemctl --no-block reboot");
    expect(lines(said).at(-1)).toMatch(
      /^phase cuda-nvidia failed with exit code 100: it asks for a second reboot: the driver does not load;/,
    );
    expect(status()).toMatchObject({ state: "failed", phase: "cuda-nvidia", exitCode: 100 });
  });

  test("gets one again years later, when a new kernel needs it", () => {
    machine.script("cuda-nvidia.sh", needsReboot);
    bootstrap();
    machine.write("var/driver", "");
    bootstrap();
    machine.script("cuda-nvidia.sh", "#!/bin/bash\necho 'new kernel'\nexit 100\n");
    expect(bootstrap().calls).toEqual(["systemctl --no-block reboot"]);
  });
});

describe("an image", () => {
  test("with the right key leaves the phases of a boot", () => {
    machine.write("var/lib/dask-node/baked", `${key}\n`);
    const { code, said } = bootstrap();
    expect(code).toBe(0);
    expect(lines(said)).toEqual([
      `the image has key ${key}, as wanted: straight to boot`,
      ...story(...BOOT),
      "ready: every phase is done",
    ]);
  });

  test("with another key is told, and brought up to what is wanted", () => {
    machine.write("var/lib/dask-node/baked", "0123456789ab\n");
    const { code, said } = bootstrap();
    expect(code).toBe(0);
    expect(lines(said)[0]).toBe(`the image has key 0123456789ab, wanted ${key}: installing`);
    expect(begun(said).sort()).toEqual([...BAKED, ...BOOT].sort());
  });
});

test("a machine that made itself everything does not pass for one from an image", () => {
  bootstrap();
  expect(machine.read("var/lib/dask-node/baked")).toBeUndefined();
});
