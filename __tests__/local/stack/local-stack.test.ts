import { defineCluster } from "../../../lib/config/define";
import { DEFINITION_VARIABLE } from "../../../lib/local/definition";
import { LocalStack } from "../../../lib/local/stack/local-stack";
import { Synthesized, testApp } from "../../support/synthesized";
import { clusterOf } from "../definitions";

const cluster = clusterOf([{ name: "cpu", kind: "cpu" }]);

interface Provisioner {
  readonly "local-exec": {
    readonly command: string;
    readonly working_dir: string;
    readonly when?: string;
    readonly environment?: Readonly<Record<string, string>>;
  };
}

/** Command, time and directory of each provisioner. */
function commands(resource: Readonly<Record<string, unknown>>): unknown[] {
  return (resource.provisioner as Provisioner[]).map(({ "local-exec": local }) => [
    /cli\.js" (.*)/.exec(local.command)?.[1],
    local.when ?? "create",
    local.working_dir,
  ]);
}

test("creates two resources of Terraform's built-in provider and uses no other provider", () => {
  const stack = new Synthesized(new LocalStack(testApp(), "local", { cluster }));

  expect(stack.counts).toEqual({ terraform_data: 2 });
  expect(stack.text).not.toContain("provider");
  const environment = stack.resource("terraform_data", "environment");
  const processes = stack.resource("terraform_data", "processes");
  expect(commands(environment)).toEqual([
    ["install test", "create", "../../.."],
    ["remove test", "destroy", "../../.."],
  ]);
  expect(commands(processes)).toEqual([
    ["start test", "create", "../../.."],
    ["stop test", "destroy", "../../.."],
  ]);
  expect(processes.depends_on).toEqual(["terraform_data.environment"]);
  expect(processes.triggers_replace).toMatchObject({ generation: 1 });
});

test("synthesizes no absolute path", () => {
  const stack = new Synthesized(new LocalStack(testApp(), "local", { cluster }));

  expect(stack.text).not.toContain(process.cwd());
  expect(stack.terraform).toEqual({ backend: { local: { path: "../../../terraform.test.tfstate" } } });
});

test("passes the definition to the provisioners, without templates of Terraform", () => {
  const tagged = defineCluster({
    name: "test",
    network: { adminSubnets: ["127.0.0.0/8"] },
    backend: { type: "local", path: "state/${a} %{b}" },
  });
  const stack = new Synthesized(new LocalStack(testApp(), "local", { cluster: tagged }));
  const [provisioner] = (stack.resource("terraform_data", "processes").provisioner ?? []) as Provisioner[];
  const text = provisioner?.["local-exec"].environment?.[DEFINITION_VARIABLE] ?? "";

  expect(text).toContain("state/$${a} %%{b}");
  expect(JSON.parse(text.replaceAll("$${", "${").replaceAll("%%{", "%{"))).toEqual({
    cluster: JSON.parse(JSON.stringify(tagged)),
    ports: { scheduler: 8786, dashboard: 8787 },
    generation: 1,
  });
});

test("outputs have the configured ports", () => {
  const ports = { scheduler: 18786, dashboard: 18787 };

  expect(new Synthesized(new LocalStack(testApp(), "local", { cluster, ports })).outputs).toEqual({
    scheduler_address: "tcp://127.0.0.1:18786",
    dashboard_link: "http://127.0.0.1:18787/status",
    connect: `.dask/test/environment/bin/python -c 'from distributed import Client; print(Client("tcp://127.0.0.1:18786"))'`,
  });
});

test("environment variables override the ports", () => {
  process.env.CDKTF_DASK_SCHEDULER_PORT = "8796";
  try {
    expect(new Synthesized(new LocalStack(testApp(), "local", { cluster })).outputs).toMatchObject({
      scheduler_address: "tcp://127.0.0.1:8796",
      dashboard_link: "http://127.0.0.1:8787/status",
    });
  } finally {
    delete process.env.CDKTF_DASK_SCHEDULER_PORT;
  }
});

test("with monitoring, the outputs have the URL of Prometheus, at the port after the dashboard's", () => {
  const laptop = { name: "laptop", network: { adminSubnets: ["127.0.0.0/8"] } };
  const monitored = defineCluster({ ...laptop, monitoring: true });
  const outputs = (definition = monitored) =>
    new Synthesized(new LocalStack(testApp(), "local", { cluster: definition })).outputs;
  expect(outputs().monitoring_link).toBe("http://127.0.0.1:8788/prometheus/");
  expect(outputs(defineCluster({ ...laptop, monitoring: false }))).not.toHaveProperty("monitoring_link");
});

test("with TLS, the outputs have the folder of the client, and connect with it", () => {
  const stack = new LocalStack(testApp(), "local", { cluster: { ...cluster, tls: true } });

  expect(new Synthesized(stack).outputs).toEqual({
    scheduler_address: "tls://127.0.0.1:8786",
    dashboard_link: "http://127.0.0.1:8787/status",
    client_bundle: ".dask/test/client",
    connect:
      "DASK_CONFIG=.dask/test/client .dask/test/environment/bin/python " +
      "-c 'from distributed import Client; print(Client())'",
  });
});

test("replaces the processes if the definition changes", () => {
  const trigger = (size: number) => {
    const changed = clusterOf([{ name: "cpu", kind: "cpu", desiredSize: size }]);
    const stack = new Synthesized(new LocalStack(testApp(), "local", { cluster: changed }));
    return stack.resource("terraform_data", "processes").triggers_replace;
  };

  expect(trigger(2)).toEqual(trigger(2));
  expect(trigger(2)).not.toEqual(trigger(3));
});

test("rejects a remote backend", () => {
  const remote = defineCluster({
    name: "test",
    network: { adminSubnets: ["127.0.0.0/8"] },
    backend: { type: "s3", bucket: "states" },
  });

  expect(() => new LocalStack(testApp(), "local", { cluster: remote })).toThrow(
    'backend.type: got "s3", expected local. Hint: remove the backend: ' +
      "the state of a local cluster must be on the same computer as its processes",
  );
});
