import Mustache from "mustache";
import { baked } from "../../environments/baked";
import { development } from "../../environments/development";
import { production } from "../../environments/production";
import { AwsStack } from "../../lib/aws/aws-stack";
import { packageFile } from "../../lib/node/package-file";
import { Synthesized, testApp } from "../support/synthesized";

afterEach(() => jest.restoreAllMocks());

// Each node has one file of the first template, and its user data is the second one.
test.each([
  ["development", development, 2],
  ["production", production, 3],
  ["baked", baked, 3],
])("the stack %s renders each node and its user data once", (_, cluster, nodes) => {
  const render = jest.spyOn(Mustache, "render");
  new Synthesized(new AwsStack(testApp(), cluster.name, { cluster }));
  const rendered = (path: string) => {
    const template = packageFile(path);
    return render.mock.calls.filter(([given]) => given === template).length;
  };
  expect({
    nodes: rendered("cloud-init/dask/dask.yaml"),
    userData: rendered("cloud-init/cloud-config.yaml"),
  }).toEqual({ nodes, userData: nodes });
});
