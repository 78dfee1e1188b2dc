import { firstError } from "../../../lib/local/runtime/first-error";

const NANNY = `2026-11-26 00:00:00,000 - distributed.nanny - INFO -         Start Nanny at: 'tcp://127.0.0.1:9100'
2026-11-26 00:00:01,000 - distributed.nanny - ERROR - Failed to start process
Traceback (most recent call last):
  File "nanny.py", line 457, in instantiate
    result = await self.process.start()
ValueError: --memory-limit must be strictly positive, got 0 bytes

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "nanny.py", line 374, in start_unsafe
    response = await self.instantiate()
               ^^^^^^^^^^^^^^^^^^^^^^^^
RuntimeError: Nanny failed to start.
Traceback (most recent call last):
  File "bin/dask", line 8, in <module>
    sys.exit(main())
RuntimeError: Nanny failed to start.
`;

const GROUP = `  + Exception Group Traceback (most recent call last):
  |   File "a.py", line 1, in <module>
  | ExceptionGroup: several (2 sub-exceptions)
`;

const PIP = `WARNING: Retrying (Retry(total=4, connect=None, read=None)) after connection broken by 'NewConnectionError("<HTTPSConnection>: Failed to establish a new connection: [Errno 111] Connection refused")': /simple/uv/
WARNING: Retrying (Retry(total=3, connect=None, read=None)) after connection broken by 'ReadTimeoutError("later")': /simple/uv/
ERROR: Could not find a version that satisfies the requirement uv==0.13.9 (from versions: none)
ERROR: No matching distribution found for uv==0.13.9
`;

const UV = `Using Python 3.12.1 environment
error: Failed to fetch: \`https://mirror.example/simple/dask/\`
  Caused by: Request failed after 3 retries
  Caused by: Connection refused (os error 111)
`;

const UV_TREE = `  × No solution found when resolving dependencies:
  ╰─▶ Because dask was not found in the package registry and you require dask==2026.7.1, we can
      conclude that your requirements are unsatisfiable.

hint: something
`;

test.each([
  [
    "a chain of Python exceptions",
    NANNY,
    "ValueError: --memory-limit must be strictly positive, got 0 bytes",
  ],
  ["a group of Python exceptions", GROUP, "ExceptionGroup: several (2 sub-exceptions)"],
  [
    "pip",
    PIP,
    'NewConnectionError("<HTTPSConnection>: Failed to establish a new connection: [Errno 111] Connection refused")',
  ],
  [
    "pip's errors",
    PIP.split("\n").slice(2).join("\n"),
    "Could not find a version that satisfies the requirement uv==0.13.9 (from versions: none)",
  ],
  ["uv", UV, "Connection refused (os error 111)"],
  [
    "uv's tree",
    UV_TREE,
    "Because dask was not found in the package registry and you require dask==2026.7.1, we can " +
      "conclude that your requirements are unsatisfiable.",
  ],
  [
    "uv since 0.13",
    "error: Failed to download `dask==2026.7.1`\n  cause: Hash mismatch for `dask==2026.7.1`\n\n         Expected:\n",
    "Hash mismatch for `dask==2026.7.1`",
  ],
  ["uv's plain error", "error: invalid value\n\nFor more information\n", "invalid value"],
  ["a command line", "Usage: dask worker\n\nError: No such option: --nope\n", "No such option: --nope"],
  [
    "the Python interpreter",
    "Fatal Python error: init_fs_encoding: failed\n",
    "Fatal Python error: init_fs_encoding: failed",
  ],
  ["Dask's log", "00:00 - distributed.core - ERROR - Connection lost\n", "Connection lost"],
])("returns the cause from the output of %s", (_, log, error) => {
  expect(firstError(log)).toBe(error);
});

test("returns nothing for a log without errors", () => {
  expect(firstError("all is well\n0 errors\n")).toBeUndefined();
  expect(firstError("")).toBeUndefined();
});
