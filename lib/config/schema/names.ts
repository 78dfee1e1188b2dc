import { pattern, refine } from "./fields";

/**
 * Names whose zone `<name>.internal` AWS uses for the host names of instances: ec2.internal in us-east-1 and
 * `<region>.compute.internal` elsewhere (Amazon VPC User Guide, "DNS attributes for your VPC").
 */
const DOMAINS_OF_AWS: readonly string[] = ["ec2", "compute"];

/** Name of a cluster. */
export const clusterName = refine(
  refine(
    pattern(
      /^(?=.{1,32}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
      "a lower-case letter, then lower-case letters, digits and single hyphens, at most 32 characters",
      "shorten or respell it: AWS names and the cluster's DNS zone are made from it",
    ),
    // EC2 API Reference, CreateSecurityGroup: GroupName cannot start with sg-.
    (name) => !name.startsWith("sg-"),
    "a name that does not begin with sg-, which AWS reserves for the ids of security groups",
    "choose another beginning, such as dask- instead of sg-",
  ),
  (name) => !DOMAINS_OF_AWS.includes(name),
  `any name but ${DOMAINS_OF_AWS.join(" and ")}: the cluster's DNS zone <name>.internal would hide AWS's own host names`,
  "choose another name, such as dask-compute",
);

/** Name of a pool. */
export const poolName = pattern(
  /^(?=.{1,20}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
  "a lower-case letter, then lower-case letters, digits and single hyphens, at most 20 characters",
  "shorten or respell it: AWS names and the names of the workers are made from it",
);

/** Name of an EC2 key pair (EC2 API Reference, CreateKeyPair: at most 255 ASCII characters). */
export const keyName = pattern(
  /^[!-~]([ -~]{0,253}[!-~])?$/,
  "at most 255 ASCII characters, without spaces at the ends",
  "copy the name of the key pair",
);

/** Spelling of a region's name. The rule `regionSupported` checks its partition. */
export const region = pattern(
  /^[a-z]{2,4}(-[a-z]+){1,2}-[1-9]\d?$/,
  "the name of an AWS region, such as us-west-2",
  "name a region",
);

/** Name of an availability zone. */
export const zoneName = pattern(
  /^[a-z]{2,4}(-[a-z]+){1,2}-[1-9]\d?[a-z]$/,
  "the name of an availability zone, such as us-west-2a; not a zone id, a Local Zone or a Wavelength Zone",
  "name an availability zone of the region: most Local and Wavelength Zones lack NAT gateways and many instance types",
);
