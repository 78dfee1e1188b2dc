import { production } from "../../environments/production";
import { defineCluster } from "../../lib/config/define";
import { fileOf, largest2026, schedulerNode, unitOf, worker } from "./specs";

const scheduler = schedulerNode(production);
const settings = (text: string, key: string) =>
  text.split("\n").flatMap((line) => (line.startsWith(`${key}=`) ? line.slice(key.length + 1) : []));

test("only the scheduler's node has the page, and only with the proxy", () => {
  for (const node of [schedulerNode(largest2026), worker(production, "cpu")]) {
    expect(node.settings).not.toHaveProperty("PRICE_LIST");
    expect(
      node.files.map(({ path }) => path).filter((path) => /status|client|operations/.test(path)),
    ).toEqual([]);
  }
  expect(scheduler.settings).toMatchObject({ CLUSTER: "production", HTTP_PORT: "8788", PRICE_LIST: "yes" });
});

test("a network without internet access has no route to the Price List API", () => {
  const image = { amiId: "ami-0123456789abcdef0" };
  const isolated = defineCluster({
    name: "c",
    network: { adminSubnets: ["10.0.0.0/8"], nat: "none", endpoints: true },
    scheduler: { image },
    pools: [{ name: "cpu", kind: "cpu", image }],
  });
  expect(schedulerNode(isolated).settings.PRICE_LIST).toBe("no");
});

describe("dask-status.service", () => {
  const unit = unitOf(scheduler, "dask-status");

  test("runs the module of the bundle, as no other user", () => {
    expect(settings(unit, "ExecStart")).toEqual(["/opt/dask/env/bin/python -BPm cdktf_dask.status_page"]);
    expect(settings(unit, "Environment")).toEqual([
      "PYTHONPATH=/usr/local/lib/dask-node/python AWS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt",
      "AWS_EC2_METADATA_V1_DISABLED=true",
    ]);
    expect(settings(unit, "DynamicUser")).toEqual(["yes"]);
    expect(settings(unit, "CapabilityBoundingSet")).toEqual([""]);
    expect(settings(unit, "SupplementaryGroups")).toEqual([]);
  });

  test("writes to a folder in memory that the proxy can read", () => {
    expect(settings(unit, "RuntimeDirectory")).toEqual(["dask-status"]);
    expect(settings(unit, "RuntimeDirectoryPreserve")).toEqual([]);
    expect(fileOf(scheduler, "/etc/dask/nginx.d/status.conf")).toContain("  alias /run/dask-status/;\n");
  });

  test("starts and stops with the proxy, which does not need it", () => {
    expect(settings(unit, "PartOf")).toEqual(["dask-dashboard.service"]);
    const proxy = unitOf(scheduler, "dask-dashboard");
    expect(settings(proxy, "Wants")).toEqual(["network-online.target dask-status.service"]);
    expect(proxy).not.toMatch(/^Requires=|^After=.*dask-status/m);
  });

  test("has little memory, and ends before the scheduler when memory is short", () => {
    expect(settings(unit, "MemoryMax")).toEqual(["256M"]);
    expect(settings(unit, "OOMScoreAdjust")).toEqual(["500"]);
  });
});

test("the proxy serves only GET requests of the page, with the password of all locations", () => {
  const text = fileOf(scheduler, "/etc/dask/nginx.d/status.conf");
  expect(text).toContain("location /cluster/ {\n  limit_except GET {\n    deny all;\n  }\n");
  expect(text).not.toMatch(/auth_basic|satisfy|add_header/);
});
