import type { S3Backend } from "../../config/definition";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import type { Account } from "../account/account";
import type { RoleStatement } from "../account/policy";
import { BACKUP_SUFFIX, stateKey } from "../account/state-name";

/** Suffix of the key of the lock file (Terraform, backend S3, `use_lockfile`). */
const LOCK_FILE = ".tflock";

/** State of a stack in S3. */
interface State {
  readonly backend: S3Backend;
  readonly key: string;
  readonly region: string;
}

/** Returns the statements that let a role read the states of clusters in S3; none for other backends. */
export function readStates(clusters: readonly ResolvedCluster[], account: Account): readonly RoleStatement[] {
  const states = statesOf(clusters);
  if (states.length === 0) return [];
  return [
    listBuckets(states, account),
    { Sid: "ReadStates", Action: "s3:GetObject", Resource: objects(states, account) },
    ...decryptStates(states, account),
  ];
}

/**
 * Returns the statements that let a role read, write and lock the states of clusters in S3; none for other backends. The use of
 * their keys through S3 is in `iam/deploy-data-and-roles.json`.
 */
export function writeStates(
  clusters: readonly ResolvedCluster[],
  account: Account,
): readonly RoleStatement[] {
  const states = statesOf(clusters);
  if (states.length === 0) return [];
  return [
    listBuckets(states, account),
    { Sid: "WriteStates", Action: ["s3:GetObject", "s3:PutObject"], Resource: objects(states, account) },
    {
      Sid: "LockStates",
      Action: ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
      Resource: objects(states, account, LOCK_FILE),
    },
  ];
}

/** The states of the stacks of clusters and of their backups. Not that of the roles, which an administrator deploys. */
function statesOf(clusters: readonly ResolvedCluster[]): readonly State[] {
  return clusters.flatMap(({ name, backend, backup, region }) => {
    if (backend.type !== "s3") return [];
    const suffixes = backup === undefined || backup.bucket !== undefined ? [""] : ["", BACKUP_SUFFIX];
    return suffixes.map((suffix) => ({
      backend,
      key: stateKey(backend, name, suffix),
      region: backend.region ?? region,
    }));
  });
}

/** Without a condition on the prefix, so that S3 answers 404 and not 403 for a state that does not exist yet. */
function listBuckets(states: readonly State[], { partition }: Account): RoleStatement {
  const arns = states.map(({ backend }) => `arn:${partition}:s3:::${backend.bucket}`);
  return { Sid: "ListStates", Action: "s3:ListBucket", Resource: [...new Set(arns)] };
}

function objects(states: readonly State[], { partition }: Account, suffix = ""): readonly string[] {
  return states.map(({ backend, key }) => `arn:${partition}:s3:::${backend.bucket}/${key}${suffix}`);
}

function decryptStates(states: readonly State[], account: Account): readonly RoleStatement[] {
  const keys = new Map(
    states.flatMap(({ backend: { kmsKeyId }, region }) =>
      kmsKeyId === undefined ? [] : [[`${region} ${kmsKeyId}`, { kmsKeyId, region }] as const],
    ),
  );
  return [...keys.values()].map(({ kmsKeyId, region }) => {
    const viaS3 = { "kms:ViaService": `s3.${region}.${account.dnsSuffix}` };
    const keyArn = (id: string) => `arn:${account.partition}:kms:${region}:${account.accountId}:key/${id}`;
    const [, alias] = /(?:^|:)(alias\/.+)$/.exec(kmsKeyId) ?? [];
    // IAM does not accept an alias as a resource (KMS Developer Guide, "Controlling access to aliases").
    return alias === undefined
      ? {
          Action: "kms:Decrypt",
          Resource: kmsKeyId.startsWith("arn:") ? kmsKeyId : keyArn(kmsKeyId),
          Condition: { StringEquals: viaS3 },
        }
      : {
          Action: "kms:Decrypt",
          Resource: keyArn("*"),
          Condition: {
            StringEquals: viaS3,
            "ForAnyValue:StringEquals": { "kms:ResourceAliases": alias },
          },
        };
  });
}
