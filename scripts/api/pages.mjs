// Groups the exported declarations by page. TypeDoc renders a page for each module, so each page is a module.

import { relative } from "node:path";
import { Comment, Converter, DeclarationReflection, ReflectionKind } from "typedoc";

/** Pages of declarations whose file has no class or function that the package exports, by the beginning of the file's path. */
const PAGES = {
  "lib/config/definition": "defineCluster",
  "lib/config": "ResolvedCluster",
  "lib/node": "ClusterPlan",
  "lib/local": "LocalStack",
  "lib/aws/account/policy": "Statement",
};

/** Returns a plugin that moves the declarations of a project into modules, one for each page. */
export const groupByPage = (root) => (app) => {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
    const { project } = context;
    const fileOf = (child) =>
      relative(root, context.getSymbolFromReflection(child).declarations[0].getSourceFile().fileName);
    const declared = (project.children ?? []).map((child) => ({ child, file: fileOf(child) }));
    const pages = new Map();
    for (const one of declared) {
      const page = pageOf(one.file, declared);
      pages.set(page, [...(pages.get(page) ?? []), one]);
    }
    nameProps(project);
    for (const child of declared.flatMap(({ child }) => child.children ?? []))
      if (isAbsent(child)) project.removeReflection(child);
    project.children = [];
    for (const [name, members] of [...pages].sort(([one], [other]) => one.localeCompare(other, "en"))) {
      const page = new DeclarationReflection(name, ReflectionKind.Module, project);
      page.comment = new Comment();
      page.file = members.find(({ child }) => child.name === name).file;
      project.registerReflection(page, undefined, undefined);
      project.addChild(page);
      for (const { child } of members) {
        child.parent = page;
        page.addChild(child);
      }
    }
  });
};

/** Names the parameters that a constructor takes apart. */
function nameProps(project) {
  for (const parameter of project.getReflectionsByKind(ReflectionKind.Parameter))
    if (parameter.name.startsWith("__")) parameter.name = "props";
}

/** Whether a property only excludes those of another kind of a union. */
function isAbsent({ type }) {
  return type?.type === "intrinsic" && ["never", "undefined"].includes(type.name);
}

/** Name of the page of a file's declarations: that of the main declaration of the page. */
function pageOf(file, declared) {
  const inFile = declared.filter((one) => one.file === file).map(({ child }) => child);
  const main = inFile.find(isMain);
  if (main) return main.name;
  const [, page] = Object.entries(PAGES).find(([path]) => file.startsWith(path)) ?? [];
  return page ?? inFile[0].name;
}

/** Whether a declaration has its own page: classes, functions, and what has an example, such as a class exported as type. */
function isMain(child) {
  return (
    child.kindOf(ReflectionKind.Class | ReflectionKind.Function) ||
    child.comment?.getTag("@example") !== undefined
  );
}
