import fc from "fast-check";
import { contains, overlap } from "../../lib/config/cidr";
import { defineCluster } from "../../lib/config/define";
import type { ClusterDefinition } from "../../lib/config/definition";
import { ValidationError } from "../../lib/config/validation-error";

const RUNS = 300;

test("any value results in a cluster or in a list of complete issues", () => {
  const anything = fc.oneof(
    fc.anything(),
    fc.record(
      {
        name: fc.oneof(fc.string(), fc.constant("ok"), fc.anything()),
        release: fc.anything(),
        network: fc.record(
          {
            adminSubnets: fc.array(fc.oneof(fc.string(), fc.ipV4())),
            vpcCidr: fc.anything(),
            zones: fc.array(fc.anything()),
          },
          { requiredKeys: [] },
        ),
        pools: fc.array(
          fc.oneof(
            fc.anything(),
            fc.record({
              name: fc.string(),
              kind: fc.constantFrom("cpu", "gpu", "tpu"),
              resources: fc.object(),
            }),
          ),
        ),
        tags: fc.anything(),
      },
      { requiredKeys: [] },
    ),
  );
  fc.assert(
    fc.property(anything, (definition) => {
      try {
        defineCluster(definition as ClusterDefinition);
      } catch (error) {
        if (!(error instanceof ValidationError)) throw error;
        expect(error.issues.length).toBeGreaterThan(0);
        for (const { expected, hint } of error.issues)
          for (const text of [expected, hint]) expect(text).toMatch(/^(?!undefined$|null$)\S/);
      }
    }),
    { numRuns: RUNS },
  );
});

test("sizes are accepted exactly when min ≤ desired ≤ max", () => {
  const size = fc.integer({ min: 0, max: 20 });
  fc.assert(
    fc.property(size, size, size, (minSize, desiredSize, maxSize) => {
      const valid = minSize <= desiredSize && desiredSize <= maxSize;
      expect(accepts({ pools: [{ name: "p", kind: "cpu", minSize, desiredSize, maxSize }] })).toBe(valid);
    }),
    { numRuns: RUNS },
  );
});

test("a spot share is accepted exactly if it is a whole number from 0 to 100", () => {
  fc.assert(
    fc.property(fc.oneof(fc.integer({ min: -50, max: 150 }), fc.double()), (spotPercentage) => {
      const valid = Number.isInteger(spotPercentage) && spotPercentage >= 0 && spotPercentage <= 100;
      expect(accepts({ pools: [{ name: "p", kind: "cpu", spotPercentage }] })).toBe(valid);
    }),
    { numRuns: RUNS },
  );
});

test("subnets derived from any VPC lie inside it and apart from each other", () => {
  const vpc = fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 16, max: 22 }))
    .map(([second, prefix]) => `10.${second}.0.0/${prefix}`);
  const zones = fc.subarray(["a", "b", "c", "d", "e", "f", "g"], { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(vpc, zones, (vpcCidr, letters) => {
      const { network } = defineCluster({
        name: "c",
        network: {
          adminSubnets: ["172.16.0.0/12"],
          vpcCidr,
          zones: letters.map((letter) => `us-west-2${letter}`),
        },
      });
      const subnets = network.zones.flatMap(({ privateSubnet, publicSubnet = "" }) => [
        privateSubnet,
        publicSubnet,
      ]);
      expect(subnets).toHaveLength(2 * letters.length);
      expect(subnets).not.toContain("");
      for (const [index, subnet] of subnets.entries()) {
        expect(contains(vpcCidr, subnet)).toBe(true);
        expect(subnets.slice(index + 1).filter((other) => overlap(subnet, other))).toEqual([]);
      }
    }),
    { numRuns: RUNS },
  );
});

test("a zone's subnets do not depend on the other zones and their order", () => {
  const subnetsOf = (letters: readonly string[]) =>
    defineCluster({
      name: "c",
      network: { adminSubnets: ["10.0.0.0/8"], zones: letters.map((letter) => `us-west-2${letter}`) },
    }).network.zones;
  const zones = fc.shuffledSubarray(["a", "b", "c", "d", "e", "f", "g"], { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(zones, (letters) => {
      for (const zone of subnetsOf(letters)) expect(subnetsOf([zone.name.slice(-1)])).toEqual([zone]);
    }),
    { numRuns: RUNS },
  );
});

test("blocks are rejected exactly if they cover more than a /4 of the Internet", () => {
  const covering = fc
    .integer({ min: 1, max: 6 })
    .chain((prefix) =>
      fc.tuple(
        fc.constant(prefix),
        fc.subarray([...Array(Math.min(2 ** prefix, 29)).keys()], { minLength: 1 }),
      ),
    );
  fc.assert(
    fc.property(covering, ([prefix, indexes]) => {
      const size = 2 ** (8 - prefix);
      const adminSubnets = indexes.map((index) => `${index * size}.0.0.0/${prefix}`);
      // First parts that are public as a whole: 100, 169, 172 and 192 are not, so they count as less.
      const whole = indexes
        .flatMap((index) => [...Array(size).keys()].map((offset) => index * size + offset))
        .filter((first) => first !== 0 && first !== 10 && first !== 127 && first < 224);
      const partly = whole.filter((first) => [100, 169, 172, 192].includes(first)).length;
      if (whole.length - partly > 16) expect(accepts({ network: { adminSubnets } })).toBe(false);
      if (whole.length <= 16) expect(accepts({ network: { adminSubnets } })).toBe(true);
    }),
    { numRuns: RUNS },
  );
});

function accepts(rest: Partial<ClusterDefinition>): boolean {
  try {
    defineCluster({ name: "c", network: { adminSubnets: ["10.0.0.0/8"] }, ...rest });
    return true;
  } catch (error) {
    if (error instanceof ValidationError) return false;
    throw error;
  }
}
