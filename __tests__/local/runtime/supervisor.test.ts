import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { localPaths } from "../../../lib/local/paths";
import type { Program } from "../../../lib/local/runtime/programs";
import { programLog, refuseFailedPrograms, supervisorConfig } from "../../../lib/local/runtime/supervisor";
import { failure, PATHS } from "../definitions";

const scheduler: Program = {
  name: "dask-scheduler",
  argv: ["/project/bin/dask", "scheduler", "--resources", "CPU=1 DISK=2"],
  environment: { DASK_CONFIG: "/project/config", OTHER: "a b" },
  config: {},
};

test("each program is restarted for ever, ended with its children, and has a log that is rotated", () => {
  expect(supervisorConfig([scheduler, { ...scheduler, name: "cpu--local-0" }], PATHS)).toBe(`[supervisord]
pidfile=/project/.dask/test/supervisord.pid
logfile=/project/.dask/test/logs/supervisord.log
logfile_maxbytes=10MB
logfile_backups=2

[program:dask-scheduler]
command=/project/bin/dask scheduler --resources CPU=1\\ DISK=2
environment=DASK_CONFIG="/project/config",OTHER="a b"
directory=/project/.dask/test/scratch
priority=0
autorestart=true
startsecs=5
startretries=1000000
stopasgroup=true
killasgroup=true
stopwaitsecs=5
redirect_stderr=true
stdout_logfile=/project/.dask/test/logs/dask-scheduler.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=2

[program:cpu--local-0]
command=/project/bin/dask scheduler --resources CPU=1\\ DISK=2
environment=DASK_CONFIG="/project/config",OTHER="a b"
directory=/project/.dask/test/scratch
priority=1
autorestart=true
startsecs=5
startretries=1000000
stopasgroup=true
killasgroup=true
stopwaitsecs=5
redirect_stderr=true
stdout_logfile=/project/.dask/test/logs/cpu--local-0.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=2
`);
});

test("a space in a path is no end of a word", () => {
  const paths = localPaths("test", "/my project");
  const config = supervisorConfig([{ ...scheduler, argv: ["/my project/dask"] }], paths);

  expect(config).toContain("command=/my\\ project/dask\n");
  expect(config).toContain("pidfile=/my project/.dask/test/supervisord.pid\n");
});

test.each(['"', "\\", ";", "#", "%"])("a project path with %s is refused", async (character) => {
  expect(await failure(() => supervisorConfig([], localPaths("test", `/a${character}b`)))).toBe(
    `path '/a${character}b/.dask/test' holds one of " \\ ; # %; move the project to a path without them`,
  );
});

describe("what the supervisor's log says", () => {
  mkdirSync(".test", { recursive: true });
  const directory = mkdtempSync(".test/supervisor-");
  const paths = localPaths("test", directory);
  afterAll(() => rmSync(directory, { recursive: true }));

  function logs(line: string) {
    mkdirSync(paths.logs, { recursive: true });
    writeFileSync(paths.supervisorLog, `2026-11-23 10:59:23,016 ${line}\n`);
    writeFileSync(programLog(scheduler, paths), "Traceback\nOSError: no such day\n");
  }

  test("programs that run are no failure", () => {
    refuseFailedPrograms(localPaths("test", resolve(directory, "empty")));
    logs("INFO success: dask-scheduler entered RUNNING state, process has stayed up for > than 5 seconds");
    refuseFailedPrograms(paths);
  });

  test("a program that ended is named, with the first error of its log", async () => {
    logs("WARN exited: dask-scheduler (exit status 1; not expected)");
    expect(await failure(() => refuseFailedPrograms(paths))).toBe(
      `dask-scheduler ended (exit status 1): OSError: no such day\nlog: ${paths.logs}/dask-scheduler.log`,
    );
  });

  test("a program that cannot be started is a failure", async () => {
    logs("INFO spawnerr: can't find command '/project/bin/dask'");
    expect(await failure(() => refuseFailedPrograms(paths))).toBe(
      "a program could not be started: can't find command '/project/bin/dask'",
    );
  });
});
