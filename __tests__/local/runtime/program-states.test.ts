import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type LocalPaths, localPaths } from "../../../lib/local/paths";
import { endProcesses } from "../../../lib/local/runtime/processes";
import { checkPrograms, failureOf, startProgram } from "../../../lib/local/runtime/program-states";
import type { Program } from "../../../lib/local/runtime/programs";
import type { StepContext } from "../../../lib/local/runtime/run-command";
import { SOCKET_NAME, startSupervisor, supervisorConfig } from "../../../lib/local/runtime/supervisor";
import { testDirectory } from "../../support/directory";
import { INSTALL_TIMEOUT, supervisor } from "../../support/python-environment";
import { failure } from "../definitions";

jest.setTimeout(60_000);

test.each([
  ["runs", "", 0, undefined],
  ["does not exist", "can't find command '/bin/dask'", 0, "can't find command '/bin/dask'"],
  ["ends at once", "Exited too quickly (process log may have details)", 1795677921, "Exited too quickly"],
  ["was restarted after it ended", "", 1795677921, "ended and was restarted"],
])("returns the failure of a program that %s", (_, spawnerr, stop, expected) => {
  expect(failureOf({ spawnerr, stop })).toBe(expected);
});

describe("with a supervisor", () => {
  // Longer than the path of a socket may be.
  const directory = join(testDirectory("program-states"), "a long path ".repeat(10).trim());
  let paths: LocalPaths;
  beforeAll(async () => {
    const bin = await supervisor();
    paths = { ...localPaths("test", directory), tools: dirname(bin) };
    for (const path of [paths.logs, paths.scratch]) mkdirSync(path, { recursive: true });
  }, INSTALL_TIMEOUT);
  afterEach(() => endProcesses(paths));

  /** Starts a supervisor with a program for each shell command. */
  async function start(lines: Readonly<Record<string, string>>): Promise<StepContext> {
    const context = { paths, log: () => {}, signal: new AbortController().signal };
    const programs = Object.entries(lines).map(
      ([name, line]): Program => ({
        name,
        argv: ["/bin/sh", "-c", line],
        environment: { A: "b" },
        config: {},
      }),
    );
    writeFileSync(paths.supervisorConfig, supervisorConfig(programs, paths));
    await startSupervisor(context, {});
    return context;
  }

  test("accepts programs that run, at a path that is too long for a socket", async () => {
    const context = await start({ one: "exec sleep 60", two: "exec sleep 60" });
    const socket = join(paths.root, "supervisor.sock");

    expect(Buffer.byteLength(socket)).toBeGreaterThan(107);
    expect(statSync(socket).mode & 0o777).toBe(0o700);
    await checkPrograms(context);
    await endProcesses(paths);
    expect(existsSync(socket)).toBe(false);
  });

  test("names a program that ended, also after its restart, with the first error of its log", async () => {
    const once = "mkdir ended 2>/dev/null || exec sleep 60; echo 'Error: no such day'; exit 3";
    const context = await start({ one: "exec sleep 60", two: once });
    const message = () =>
      checkPrograms(context).then(
        () => "",
        (error: Error) => error.message,
      );
    while ((await message()) === "") await sleep(100);
    // The supervisor waits a second before it starts the program again.
    await sleep(3000);

    expect(await message()).toBe(
      `two failed (ended and was restarted): no such day\n` +
        `Hint: exit status or signal: ${paths.supervisorLog}\nlog: ${paths.logs}/two.log`,
    );
  });

  test("names a program that cannot be started", async () => {
    const context = { paths, log: () => {}, signal: new AbortController().signal };
    const program = { name: "one", argv: ["/no/such/command"], environment: {}, config: {} };
    writeFileSync(paths.supervisorConfig, supervisorConfig([program], paths));
    await startSupervisor(context, {});

    expect(await failure(() => checkPrograms(context))).toBe(
      `one failed (can't find command '/no/such/command')\nHint: exit status or signal: ${paths.supervisorLog}`,
    );
  });

  test("starts a program later, and reports one that ends at once with the error of its log", async () => {
    const context = await start({ one: "exec sleep 60" });
    await endProcesses(paths);
    const later = { environment: {}, config: {}, autostart: false, startSeconds: 1 };
    const programs: readonly Program[] = [
      { name: "works", argv: ["/bin/sleep", "60"], ...later },
      { name: "fails", argv: ["/bin/sh", "-c", "echo 'Error: no such day'; exit 3"], ...later },
    ];
    writeFileSync(paths.supervisorConfig, supervisorConfig(programs, paths));
    await startSupervisor(context, {});

    await checkPrograms(context);
    await startProgram(context, "works");
    expect(await failure(() => startProgram(context, "fails"))).toBe(
      `fails does not start: no such day\nlog: ${paths.logs}/fails.log`,
    );
  });

  test("reports a supervisor that does not answer", async () => {
    const context = await start({ one: "exec sleep 60" });
    await endProcesses(paths);
    // A supervisor that was killed before it ended by itself leaves its socket.
    rmSync(join(paths.root, SOCKET_NAME), { force: true });

    expect(await failure(() => checkPrograms(context))).toMatch(
      /^the supervisor does not answer \(FileNotFoundError: \[Errno 2\] No such file or directory\): /,
    );
  });
});
