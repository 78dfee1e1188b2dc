import { priceOf } from "../../lib/config/prices";
import { packageFile } from "../../lib/node/package-file";

// Stands for a table that `npm run prices` has written; the numbers are invented.
jest.mock("../../lib/config/prices.json", () => ({
  "us-east-1": {
    date: "2026-11-20",
    source: "a price list",
    usdPerHour: { m7i: { large: 0.11, "2xlarge": 0.44 }, g6: { xlarge: 0.9 } },
  },
}));

test("prices of a region are those of its list, unless the definition has another", () => {
  const virginia = { region: "us-east-1", prices: { "m7i.2xlarge": 0.3 } };
  expect(priceOf(virginia, "m7i.large")).toBe(0.11);
  expect(priceOf(virginia, "m7i.2xlarge")).toBe(0.3);
  expect(priceOf(virginia, "g6.xlarge")).toBe(0.9);
  expect(priceOf(virginia, "m7i.toString")).toBeUndefined();
  expect(priceOf({ region: "eu-central-1", prices: {} }, "m7i.large")).toBeUndefined();
});

test("this version comes without prices", () => {
  expect(JSON.parse(packageFile("lib/config/prices.json"))).toEqual({});
});
