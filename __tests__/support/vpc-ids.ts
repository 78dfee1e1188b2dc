/** Id of an existing VPC. */
export const VPC = "vpc-0123456789abcdef0";

/** Ids of its subnets. */
export const SUBNETS = [
  "subnet-0aaaaaaaaaaaaaaaa",
  "subnet-0bbbbbbbbbbbbbbbb",
  "subnet-0cccccccccccccccc",
] as const;
