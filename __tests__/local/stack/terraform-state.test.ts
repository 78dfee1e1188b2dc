import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { localPaths } from "../../../lib/local/paths";
import { nextGeneration } from "../../../lib/local/stack/generation";
import { recordedGeneration, stateKind } from "../../../lib/local/stack/terraform-state";
import { testDirectory } from "../../support/directory";

const directory = testDirectory("terraform-state");
const paths = localPaths("test", directory);

function state(content: string): string {
  const file = join(directory, "state");
  writeFileSync(file, content);
  return file;
}

const resource = (type: string, name: string, attributes: unknown = {}) => ({
  mode: "managed",
  type,
  name,
  instances: [{ attributes }],
});
const ours = [
  resource("terraform_data", "environment"),
  resource("terraform_data", "processes", {
    triggers_replace: { value: { generation: 3 }, type: ["object"] },
  }),
];
const written = (resources: unknown) => JSON.stringify({ version: 4, resources });

const INCOMPLETE = [
  ["empty", ""],
  ["cut off", written(ours).slice(0, -20)],
  ["zeros after a power loss", "\0".repeat(512)],
] as const;

const FOREIGN = [
  ["null", "null"],
  ["a list", "[]"],
  ["a text", '"state"'],
  ["an object without resources", "{}"],
  ["resources that are null", written(null)],
  ["resources that are no resources", written([null, 1])],
  ["encrypted by OpenTofu", '{"encrypted_data": "x", "meta": {}}'],
  [
    "another project's",
    written([resource("aws_instance", "environment"), resource("terraform_data", "other")]),
  ],
] as const;

test.each(INCOMPLETE)("classifies a state that is %s as incomplete", (_, content) => {
  expect(stateKind(state(content))).toBe("incomplete");
});

test.each(FOREIGN)("classifies a state that is %s as foreign", (_, content) => {
  expect(stateKind(state(content))).toBe("foreign");
});

test("recognizes a state of this stack by its resources, also with additional ones", () => {
  expect(stateKind(state(written(ours)))).toBe("own");
  expect(stateKind(state(written(ours.slice(0, 1))))).toBe("own");
  expect(stateKind(state(written([...ours, resource("null_resource", "added")])))).toBe("extended");
});

test("classifies a missing file and a state without resources as none", () => {
  expect(stateKind(join(directory, "missing"))).toBe("none");
  expect(stateKind(state(written([])))).toBe("none");
});

test("reads the generation", () => {
  expect(recordedGeneration(state(written(ours)))).toBe(3);
});

const WITHOUT_GENERATION = [
  ["no instances", written([{ ...ours[1], instances: undefined }])],
  ["an instance that is null", written([{ ...ours[1], instances: [null] }])],
  ["attributes that are null", written([{ ...ours[1], instances: [{ attributes: null }] }])],
  ["no trigger", written([resource("terraform_data", "processes")])],
  [
    "a generation that is a text",
    written([resource("terraform_data", "processes", { triggers_replace: { value: { generation: "3" } } })]),
  ],
] as const;

test.each([...INCOMPLETE, ...FOREIGN, ...WITHOUT_GENERATION])(
  "the generation is 1 with a state that is or has %s",
  (_, content) => {
    expect(nextGeneration(state(content), paths)).toBe(1);
  },
);

test("accepts directories in place of the state and of files of the cluster", () => {
  for (const file of [paths.run, paths.supervisorPid, join(directory, "folder")])
    mkdirSync(file, { recursive: true });

  expect(nextGeneration(join(directory, "folder"), paths)).toBe(1);
  expect(nextGeneration(state(written(ours)), paths)).toBe(4);
});
