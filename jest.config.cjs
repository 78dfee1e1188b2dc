// A project of jest for each suite: `npm run test:<suite>`, and `npm test` for `unit`.

/** Suite with the tests of these folders of `__tests__`. */
const suite = (displayName, ...folders) => ({
  displayName,
  testMatch: folders.map((folder) => `<rootDir>/__tests__/${folder}/**/*.test.ts`),
  // Graphviz is an ES module only.
  transform: { "\\.ts$|/@hpcc-js/.+\\.js$": "@swc/jest" },
  transformIgnorePatterns: ["/node_modules/(?!@hpcc-js/)"],
  // `examples/` imports the package by its name.
  moduleNameMapper: { "^cdktf-dask$": "<rootDir>/lib/index.ts" },
  cacheDirectory: "<rootDir>/.test/jest",
  roots: ["<rootDir>/lib", "<rootDir>/environments", "<rootDir>/__tests__"],
});

module.exports = {
  projects: [
    suite(
      "unit",
      "config",
      "node",
      "aws",
      "local",
      "compose-files",
      "cli",
      "environments",
      "scripts",
      "pipelines",
    ),
    suite("local", "end-to-end/local"),
    suite("chaos", "end-to-end/chaos"),
    ...[
      "releases",
      "smoke",
      "dashboard",
      "terraform",
      "policy",
      "consumer",
      "backup",
      "compose",
      "monitoring",
    ].map((name) => suite(name, name)),
  ],
};
