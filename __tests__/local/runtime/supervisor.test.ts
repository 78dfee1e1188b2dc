import { localPaths } from "../../../lib/local/paths";
import type { Program } from "../../../lib/local/runtime/programs";
import { supervisorConfig } from "../../../lib/local/runtime/supervisor";
import { failure, PATHS } from "../definitions";

const scheduler: Program = {
  name: "dask-scheduler",
  argv: ["/project/bin/dask", "scheduler", "--resources", "CPU=1 DISK=2"],
  environment: { DASK_CONFIG: "/project/config", OTHER: "a b" },
  config: {},
};

test("each program restarts without limit, ends with its children, and has a rotated log", () => {
  expect(supervisorConfig([scheduler, { ...scheduler, name: "cpu--local-0" }], PATHS)).toBe(`[supervisord]
pidfile=/project/.dask/test/supervisord.pid
logfile=/project/.dask/test/logs/supervisord.log
logfile_maxbytes=10MB
logfile_backups=2

[unix_http_server]
file=/proc/self/cwd/supervisor.sock
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

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
stopwaitsecs=12
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
stopwaitsecs=12
redirect_stderr=true
stdout_logfile=/project/.dask/test/logs/cpu--local-0.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=2
`);
});

test("a program that starts later has no start with the supervisor", () => {
  const [first = "", second = ""] = supervisorConfig(
    [scheduler, { ...scheduler, name: "cpu--local-0", autostart: false }],
    PATHS,
  ).split("[program:cpu--local-0]");

  expect(first).not.toContain("autostart");
  expect(second).toContain("\nautostart=false\nautorestart=true\n");
});

test("escapes a space in a path", () => {
  const paths = localPaths("test", "/my project");
  const config = supervisorConfig([{ ...scheduler, argv: ["/my project/dask"] }], paths);

  expect(config).toContain("command=/my\\ project/dask\n");
  expect(config).toContain("pidfile=/my project/.dask/test/supervisord.pid\n");
});

test.each(['"', "\\", ";", "#", "%"])("rejects a project path with %s", async (character) => {
  expect(await failure(() => supervisorConfig([], localPaths("test", `/a${character}b`)))).toBe(
    `path: got '/a${character}b/.dask/test', expected no " \\ ; # %. Hint: move the project to another path`,
  );
});

describe("on macOS", () => {
  const { platform } = process;
  beforeAll(() => Object.defineProperty(process, "platform", { value: "darwin" }));
  afterAll(() => Object.defineProperty(process, "platform", { value: platform }));

  test("the socket has an absolute path", () => {
    expect(supervisorConfig([], PATHS)).toContain("file=/project/.dask/test/supervisor.sock\n");
  });

  test("rejects a project path that is too long for a socket", async () => {
    // 103 bytes less those of the socket's name and of the PID that supervisord appends.
    const longest = `/${"a".repeat(81 - "//.dask/test".length)}`;
    supervisorConfig([], localPaths("test", longest));

    expect(await failure(() => supervisorConfig([], localPaths("test", `${longest}ab`)))).toBe(
      `path: got '${longest}ab/.dask/test', expected 2 bytes less, for a socket. Hint: move the project to a shorter path`,
    );
  });
});
