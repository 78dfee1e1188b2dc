import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { DEPLOY_POLICIES, PLAN_POLICIES, policyPath } from "../support/deploy-policy";
import { checkov, INSTALL_TIMEOUT } from "../support/python-environment";

/** Accepted findings of parliament, each with the reason for the statement. */
const ACCEPTED = {
  "RESOURCE_EFFECTIVELY_STAR KeysOfClusters": "keys with the tag dask:cluster",
  "RESOURCE_EFFECTIVELY_STAR ReadHostedZones": "AWS chooses the id of a zone; reading only",
  "RESOURCE_EFFECTIVELY_STAR ReadSettingsOfKeys": "AWS chooses the id of a key; its settings only",
  "RESOURCE_EFFECTIVELY_STAR RecordOfTheScheduler": "AWS chooses the id of a zone; names of schedulers only",
  "RESOURCE_EFFECTIVELY_STAR UseKeysThroughServices": "AWS chooses the id of a key; through services only",
  "RESOURCE_MISMATCH ArtifactBuckets":
    "one ARN matches buckets and their objects; s3:Get* keeps the policy below 6,144 characters, and also names other resources",
  "RESOURCE_MISMATCH HostedZones": "ChangeTagsForResource also takes health checks, which no stack has",
  "RESOURCE_STAR Ec2": "AWS chooses the ids of what is created",
  "RESOURCE_STAR Ec2ResourcesOfClusters": "resources with the tag dask:cluster",
  "RESOURCE_STAR List": "reading only",
  "RESOURCE_STAR Read": "reading only",
};

test(
  "parliament reports only accepted findings in the policies of the identities that deploy and plan",
  async () => {
    const program = join(await checkov(), "python");
    const files = [...DEPLOY_POLICIES, ...PLAN_POLICIES].map(policyPath);
    const { stdout } = await promisify(execFile)(program, [join(__dirname, "lint_policy.py"), ...files], {
      timeout: 120_000,
    });
    expect(JSON.parse(stdout)).toEqual(Object.keys(ACCEPTED));
  },
  INSTALL_TIMEOUT,
);
