import { issuesOf } from "../issues-of";

const network = { adminSubnets: ["10.0.0.0/8"] };

describe("the name of a cluster", () => {
  test.each(["sg-research", "sg-1"])("must not be %s: EC2 reserves sg-", (name) => {
    expect(issuesOf({ name, network })).toEqual([
      {
        path: "name",
        value: name,
        expected: "a name that does not begin with sg-, which AWS reserves for the ids of security groups",
        hint: "choose another beginning, such as dask- instead of sg-",
      },
    ]);
  });

  test.each(["ec2", "compute"])("must not be %s, whose zone would hide AWS's host names", (name) => {
    expect(issuesOf({ name, network })).toMatchObject([
      { path: "name", value: name, expected: expect.stringContaining("<name>.internal") },
    ]);
  });

  test.each(["sg", "sgx", "research-sg-1", "ec2-research", "compute-1", "aws"])("may be %s", (name) => {
    expect(issuesOf({ name, network })).toEqual([]);
  });
});

test.each(["ops ", " ops", "", "ö", "k".repeat(256)])("rejects the key pair %p", (keyName) => {
  expect(issuesOf({ name: "c", network, ssh: { keyName } })).toMatchObject([{ path: "ssh.keyName" }]);
});

test.each(["ops", "o", "my key (2024)", "k".repeat(255)])("accepts the key pair %p", (keyName) => {
  expect(issuesOf({ name: "c", network, ssh: { keyName } })).toEqual([]);
});
