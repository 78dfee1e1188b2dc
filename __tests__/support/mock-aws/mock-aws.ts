import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** Seconds until moto listens; here it takes two. */
const START_SECONDS = 60;

/**
 * AWS as emulated by moto, in a server process on the loopback interface. It stands for AWS's API and its state: what
 * Terraform creates can be read back. It boots no instance: user data, lifecycle hooks and spot are not tested.
 */
export class MockAws {
  private constructor(
    /** URL that stands for every service. */
    readonly endpoint: string,
    private readonly python: string,
    private readonly server: ChildProcessByStdio<Writable, Readable, null>,
    private readonly called: string,
  ) {}

  /**
   * Starts the server on a free port; its log goes to a file. It ends with its standard input, so it cannot outlive
   * the tests, however they end.
   */
  static async start(python: string, log: string): Promise<MockAws> {
    const called = join(dirname(log), "aws-actions.txt");
    rmSync(called, { force: true });
    // Written by the server itself: through a pipe, it would wait while a test runs a command synchronously.
    const errors = openSync(log, "w");
    const server = spawn(python, [join(__dirname, "server.py"), called], {
      stdio: ["pipe", "pipe", errors],
      // moto has AWS's managed policies, such as that of Session Manager, only on demand.
      env: { ...process.env, MOTO_IAM_LOAD_MANAGED_POLICIES: "true" },
    }) as ChildProcessByStdio<Writable, Readable, null>;
    closeSync(errors);
    const failed = once(server, "exit").then(() =>
      Promise.reject(new Error(`the mock AWS ended; see ${log}`)),
    );
    const late = AbortSignal.timeout(START_SECONDS * 1000);
    const [endpoint] = await Promise.race([
      once(createInterface(server.stdout), "line", { signal: late }),
      failed,
    ]);
    failed.catch(() => undefined);
    return new MockAws(endpoint, python, server, called);
  }

  /** Environment variables with which the AWS provider uses this server. */
  get environment(): NodeJS.ProcessEnv {
    return {
      AWS_ENDPOINT_URL: this.endpoint,
      AWS_ACCESS_KEY_ID: "mock",
      AWS_SECRET_ACCESS_KEY: "mock",
      AWS_EC2_METADATA_DISABLED: "true",
    };
  }

  /** Calls an operation of the API, with the names of boto3. */
  call<Answer>(region: string, service: string, operation: string, parameters: object = {}): Answer {
    const script = join(__dirname, "ask.py");
    const args = [script, this.endpoint, region, service, operation, JSON.stringify(parameters)];
    return JSON.parse(execFileSync(this.python, args, { encoding: "utf8", timeout: 60_000 })) as Answer;
  }

  /** Actions that Terraform has called so far, with the names of IAM such as `ec2:CreateVpc`; sorted. */
  actionsOfTerraform(): readonly string[] {
    return [...new Set(this.calls().map(({ action }) => action))].sort();
  }

  /** Those of them that were called by `terraform plan`. */
  actionsOfPlans(): readonly string[] {
    return this.calls()
      .filter(({ verb }) => verb === "plan")
      .map(({ action }) => action)
      .sort();
  }

  private calls(): { verb: string; action: string }[] {
    const lines = readFileSync(this.called, "utf8").trim().split("\n");
    return lines.map((line) => {
      const [verb = "", action = ""] = line.split(" ");
      return { verb, action };
    });
  }

  /** Ends the server and waits for its end. */
  async stop(): Promise<void> {
    if (this.server.exitCode !== null || this.server.signalCode !== null) return;
    const ended = once(this.server, "exit");
    this.server.stdin.end();
    const timer = setTimeout(() => this.server.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(timer);
  }
}
