import { production } from "../../environments/production";
import { FakeMachine } from "./fake-machine";
import { worker } from "./specs";

/** A phase that leaves its name behind, so that a second run can see it is done. */
const idempotent = (name: string) =>
  `#!/bin/bash\n[[ -e /var/${name} ]] && { echo "${name} is there"; exit; }\ntouch /var/${name}\necho "${name} made"\n`;

const PHASES = ["base", "conda", "cuda-nvidia", "dask"];
let machine: FakeMachine;

beforeEach(() => {
  machine = new FakeMachine(worker(production, "gpu"));
  machine.write("var/log/dask-node.log", "");
  for (const phase of PHASES) machine.script(phase, idempotent(phase));
  machine.command("systemctl");
});
afterEach(() => machine.remove());

/** Lines without their times. */
const lines = (text = "") =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ /, "").replace(/\d+ s$/, "N s"));
const log = () => lines(machine.read("var/log/dask-node.log"));
const status = () => JSON.parse(machine.read("var/lib/dask-node/status.json") ?? "{}");

test("runs the phases in order, each line with its time and phase, on the console and in the log", () => {
  const { code, said } = machine.run("bootstrap");
  expect(code).toBe(0);
  expect(lines(said)).toEqual([
    ...PHASES.flatMap((phase) => [
      `phase ${phase} begins`,
      `[${phase}] ${phase} made`,
      `phase ${phase} done after N s`,
    ]),
    "ready: every phase is done",
  ]);
  expect(log()).toEqual(lines(said));
  expect(said).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ phase base begins\n/);
  expect(status()).toMatchObject({ state: "ready", phase: "dask", exitCode: 0, cause: "" });
});

test("a second run finds everything done", () => {
  machine.run("bootstrap");
  const { code, said, calls } = machine.run("bootstrap");
  expect(code).toBe(0);
  expect(lines(said)).toContain("[conda] conda is there");
  expect(said).not.toContain("made");
  expect(calls).toEqual([]);
});

describe("the first failure", () => {
  test("ends the run with phase, exit code and cause, and starts no later phase", () => {
    machine.script("conda", '#!/bin/bash\necho working\necho "no \\"space\\" left\\\\" >&2\necho\nexit 28\n');
    const { code, said } = machine.run("bootstrap");
    expect(code).toBe(1);
    expect(lines(said).slice(3)).toEqual([
      "phase conda begins",
      "[conda] working",
      '[conda] no "space" left\\',
      "[conda] ",
      'phase conda failed with exit code 28: no "space" left\\; the whole story: /var/log/dask-node.log; ' +
        "once mended: systemctl restart dask-node",
    ]);
    expect(status()).toMatchObject({
      state: "failed",
      phase: "conda",
      exitCode: 28,
      cause: 'no "space" left\\',
    });
    expect(machine.read("var/cuda-nvidia")).toBeUndefined();
  });

  test("is mended by running again: what was done stays done", () => {
    machine.script("conda", "#!/bin/bash\nexit 1\n");
    expect(lines(machine.run("bootstrap").said).at(-1)).toMatch(
      /^phase conda failed with exit code 1: it said nothing;/,
    );
    machine.script("conda", idempotent("conda"));
    const { code, said } = machine.run("bootstrap");
    expect(code).toBe(0);
    expect(lines(said)).toContain("[base] base is there");
    expect(status().state).toBe("ready");
  });

  test("may be the time that a phase takes", () => {
    machine.script(
      "bootstrap",
      (machine.read("lib/bootstrap") ?? "").replaceAll("PHASE_SECONDS:-2400", "PHASE_SECONDS:-1"),
    );
    machine.script("base", '#!/bin/bash\necho "waiting for ever"\nexec /usr/bin/sleep 30\n');
    const { code, said } = machine.run("bootstrap");
    expect(code).toBe(1);
    expect(said).toContain(
      "phase base failed with exit code 124: not done after 1 s, at: waiting for ever; ",
    );
  });
});

describe("a phase that needs a reboot", () => {
  const needsReboot = "#!/bin/bash\n[[ -e /var/driver ]] || { echo 'the driver does not load'; exit 100; }\n";

  test("gets one, and the run goes on after it", () => {
    machine.script("cuda-nvidia", needsReboot);
    const first = machine.run("bootstrap");
    expect(first.code).toBe(0);
    expect(first.calls).toEqual(["systemctl --no-block reboot"]);
    expect(lines(first.said).at(-1)).toBe(
      "phase cuda-nvidia needs a reboot: the driver does not load; rebooting once, then going on",
    );
    expect(status()).toMatchObject({ state: "rebooting", phase: "cuda-nvidia" });
    expect(machine.read("var/dask")).toBeUndefined();

    machine.write("var/driver", "");
    const second = machine.run("bootstrap");
    expect(second).toMatchObject({ code: 0, calls: [] });
    expect(lines(second.said)).toContain("[conda] conda is there");
    expect(lines(second.said)).toContain("[dask] dask made");
    expect(status().state).toBe("ready");
  });

  test("does not get a second one, and says so", () => {
    machine.script("cuda-nvidia", needsReboot);
    machine.run("bootstrap");
    const { code, said, calls } = machine.run("bootstrap");
    expect(code).toBe(1);
    expect(calls).toEqual([]);
    expect(lines(said).at(-1)).toMatch(
      /^phase cuda-nvidia failed with exit code 100: it asks for a second reboot: the driver does not load;/,
    );
    expect(status()).toMatchObject({ state: "failed", phase: "cuda-nvidia", exitCode: 100 });
  });

  test("gets one again years later, when a new kernel needs it", () => {
    machine.script("cuda-nvidia", needsReboot);
    machine.run("bootstrap");
    machine.write("var/driver", "");
    machine.run("bootstrap");
    machine.script("cuda-nvidia", "#!/bin/bash\necho 'new kernel'\nexit 100\n");
    expect(machine.run("bootstrap").calls).toEqual(["systemctl --no-block reboot"]);
  });
});

test("two do not run at once", () => {
  machine.script("base", '#!/bin/bash\n"$(dirname "$0")/bootstrap"\n');
  const { code, said } = machine.run("bootstrap");
  expect(code).toBe(1);
  expect(said).toContain("another bootstrap is at work: follow it with journalctl -fu dask-node");
});
