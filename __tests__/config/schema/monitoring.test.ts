import { defineCluster } from "../../../lib/config/define";
import type { MonitoringDefinition } from "../../../lib/config/definition";
import type { ValidationIssue } from "../../../lib/config/validation-error";
import { issuesOf } from "../issues-of";

const WORKSPACE = "ws-01234567-89ab-cdef-0123-456789abcdef";
const cluster = (monitoring: unknown) => ({
  name: "c",
  region: "eu-central-1",
  network: { adminSubnets: ["10.0.0.0/8"] },
  monitoring,
});
const resolved = (monitoring?: boolean | MonitoringDefinition) =>
  defineCluster({ ...cluster(monitoring), monitoring: monitoring as boolean }).monitoring;
const DEFAULTS = { retentionDays: 15, retentionGiB: 4, alerts: [] };

describe("monitoring", () => {
  test("is on by default with 15 days, 4 GiB and no receivers, but not requested", () => {
    const { name, network } = cluster(undefined);
    expect(defineCluster({ name, network }).monitoring).toEqual({ requested: false, ...DEFAULTS });
  });

  test("is requested by true or an object, and absent with false", () => {
    expect(resolved(true)).toEqual({ requested: true, ...DEFAULTS });
    expect(resolved({})).toEqual({ requested: true, ...DEFAULTS });
    expect(resolved(false)).toBeUndefined();
  });

  test("has what the definition says, with addresses as subscriptions by e-mail", () => {
    const queue = { protocol: "sqs", endpoint: "arn:aws:sqs:eu-central-1:123456789012:alerts" } as const;
    expect(
      resolved({
        retentionDays: 30,
        retentionGiB: 12,
        alerts: ["team@example.com", queue],
        remoteWrite: { workspaceId: WORKSPACE },
      }),
    ).toEqual({
      requested: true,
      retentionDays: 30,
      retentionGiB: 12,
      alerts: [{ protocol: "email", endpoint: "team@example.com" }, queue],
      remoteWrite: { workspaceId: WORKSPACE, region: "eu-central-1" },
    });
    expect(resolved({ remoteWrite: { workspaceId: WORKSPACE, region: "eu-west-1" } })?.remoteWrite).toEqual({
      workspaceId: WORKSPACE,
      region: "eu-west-1",
    });
    expect(resolved({ remoteWrite: { url: "https://metrics.example/write" } })?.remoteWrite).toEqual({
      url: "https://metrics.example/write",
    });
  });
});

describe("a field of monitoring rejects, with path, value, expected value and hint:", () => {
  const inRange = (from: number, to: number) => ({
    expected: `a whole number from ${from} to ${to}`,
    hint: "give a number in that range",
  });
  const respell = "correct the spelling, or remove the property";
  const correct = "correct the endpoint, or the protocol";
  const form = "give a value of that form";
  const receiver = (protocol: string, endpoint: string) => ({ alerts: [{ protocol, endpoint }] });
  const at = "monitoring.alerts[0].endpoint";

  test.each<[string, unknown, ValidationIssue]>([
    ["a text", "yes", { path: "monitoring", value: "yes", expected: "an object", hint: form }],
    [
      "an unknown key",
      { retention: 3 },
      {
        path: "monitoring.retention",
        value: 3,
        expected: "one of retentionDays, retentionGiB, alerts, remoteWrite",
        hint: respell,
      },
    ],
    ["no days", { retentionDays: 0 }, { path: "monitoring.retentionDays", value: 0, ...inRange(1, 3650) }],
    [
      "half a GiB",
      { retentionGiB: 0.5 },
      { path: "monitoring.retentionGiB", value: 0.5, ...inRange(1, 4096) },
    ],
    [
      "a name as a receiver",
      { alerts: ["team"] },
      {
        path: "monitoring.alerts[0]",
        value: "team",
        expected: "an e-mail address, or { protocol, endpoint }",
        hint: "write an address such as team@example.com",
      },
    ],
    [
      "an unknown protocol",
      receiver("fax", "1"),
      {
        path: "monitoring.alerts[0].protocol",
        value: "fax",
        expected: "email or email-json or https or sms or sqs or lambda",
        hint: form,
      },
    ],
    [
      "an unencrypted URL",
      receiver("https", "http://a.example"),
      {
        path: at,
        value: "http://a.example",
        expected: "a URL that begins with https://, with the protocol https",
        hint: correct,
      },
    ],
    [
      "a local telephone number",
      receiver("sms", "030123456"),
      {
        path: at,
        value: "030123456",
        expected: "a telephone number with country code, such as +4930123456, with the protocol sms",
        hint: correct,
      },
    ],
    [
      "a function as a queue",
      receiver("sqs", "arn:aws:lambda:a:1:b"),
      {
        path: at,
        value: "arn:aws:lambda:a:1:b",
        expected: "the ARN of a queue, with the protocol sqs",
        hint: correct,
      },
    ],
    [
      "a receiver twice",
      { alerts: ["a@b.example", "a@b.example"] },
      {
        path: "monitoring.alerts[1]",
        value: "email:a@b.example",
        expected: "each receiver once",
        hint: "remove the duplicate",
      },
    ],
    [
      "a name as a workspace",
      { remoteWrite: { workspaceId: "mine" } },
      {
        path: "monitoring.remoteWrite.workspaceId",
        value: "mine",
        expected: "the id of a workspace, such as ws-01234567-89ab-cdef-0123-456789abcdef",
        hint: "copy the id: aws amp list-workspaces",
      },
    ],
    [
      "a URL with a password",
      { remoteWrite: { url: "https://me:secret@a.example" } },
      {
        path: "monitoring.remoteWrite.url",
        value: "https://me:secret@a.example",
        expected: "an http or https URL without user and password",
        hint: "name the URL of the receiver; for one with a password, let a proxy of your network add it",
      },
    ],
    [
      "both receivers",
      { remoteWrite: { url: "https://a.example", workspaceId: WORKSPACE } },
      {
        path: "monitoring.remoteWrite.workspaceId",
        value: WORKSPACE,
        expected: "one of url",
        hint: respell,
      },
    ],
    [
      "a workspace of another partition",
      { remoteWrite: { workspaceId: WORKSPACE, region: "us-gov-west-1" } },
      {
        path: "monitoring.remoteWrite.region",
        value: "us-gov-west-1",
        expected:
          "a region of the partition of eu-central-1 with Amazon Managed Service for Prometheus, which China lacks",
        hint: "choose another region, or write to a URL",
      },
    ],
    [
      "more than a quarter of the disk",
      { retentionGiB: 13 },
      {
        path: "monitoring.retentionGiB",
        value: 13,
        expected: "at most 12, a quarter of the scheduler's disk of 50 GiB",
        hint: "raise scheduler.diskGiB, or keep fewer metrics",
      },
    ],
  ])("%s", (_, monitoring, issue) => {
    expect(issuesOf(cluster(monitoring))).toEqual([issue]);
  });

  test("a workspace in China", () => {
    const issues = issuesOf({
      ...cluster({ remoteWrite: { workspaceId: WORKSPACE } }),
      region: "cn-north-1",
      network: { adminSubnets: ["10.0.0.0/8"], zones: ["cn-north-1a", "cn-north-1b"] },
    });
    expect(issues.map(({ path, value }) => [path, value])).toEqual([
      ["monitoring.remoteWrite.region", "cn-north-1"],
    ]);
  });
});
