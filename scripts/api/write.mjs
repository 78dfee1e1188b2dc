/**
 * `node write.mjs ROOT OUT`: writes a page in Markdown for each public class and function of the checkout ROOT into the folder
 * OUT. Fails if TypeDoc has a warning, such as a public member without description or a broken `{@link}`.
 */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Application } from "typedoc";
import { groupByPage } from "./pages.mjs";
import { defineTheme } from "./theme.mjs";

const [root, out] = process.argv.slice(2);

const app = await Application.bootstrapWithPlugins({
  plugin: ["typedoc-plugin-markdown", groupByPage(root), defineTheme],
  entryPoints: [join(root, "lib/index.ts")],
  tsconfig: join(root, "tsconfig.json"),
  // `npm test` checks the types, with the project's compiler.
  skipErrorChecking: true,
  outputs: [{ name: "markdown", path: out }],
  cleanOutputDir: false,
  readme: "none",
  name: "API reference",
  excludeExternals: true,
  excludePrivate: true,
  excludeProtected: true,
  disableSources: true,
  sort: ["source-order"],
  validation: { notExported: true, invalidLink: true, notDocumented: true, rewrittenLink: true },
  logLevel: "Warn",
  router: "module",
  theme: "reference",
  expandParameters: true,

  hidePageHeader: true,
  hideBreadcrumbs: true,
});
const project = await app.convert();
if (project) {
  app.validate(project);
  for (const reflection of Object.values(project.reflections))
    if (reflection.comment?.getTag("@default") && reflection.comment.summary.length === 0)
      app.logger.warn(`${reflection.getFullName()} has a default and no description`);
}
// Bad input changes no page.
if (project && !app.logger.hasErrors() && !app.logger.hasWarnings()) {
  for (const name of readdirSync(out)) if (name !== "python.md") rmSync(join(out, name));
  await app.generateOutputs(project);
}
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1;
