import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageRoot } from "../../lib/node/package-file";

const ROOT = packageRoot();
const SCRATCH = join(ROOT, ".test");

/** Folder of the declarations, as a package has them. */
let declarations: string;

beforeAll(() => {
  mkdirSync(SCRATCH, { recursive: true });
  declarations = mkdtempSync(join(SCRATCH, "exports-"));
  const options = ["--emitDeclarationOnly", "--removeComments", "--outDir", declarations];
  execFileSync("npx", ["tsc", "-p", ROOT, ...options], { cwd: ROOT, timeout: 120_000 });
}, 150_000);

afterAll(() => rmSync(declarations, { recursive: true }));

test("the package exports every type of this project that a public signature names", () => {
  const exported = importsOf("index");
  expect(exported).toContainEqual({
    ...{ name: "DaskCluster", original: "DaskCluster" },
    ...{ module: "aws/dask-cluster", typeOnly: false },
  });
  const isPublic = (type: Declared) => exported.some((one) => same(origin(one), type));
  const missing = exported.flatMap((one) =>
    typesIn(origin(one), one.typeOnly)
      .filter((type) => !isPublic(type))
      .map(({ module, original }) => `${original} of ${module}, in ${one.name}`),
  );
  expect(missing).toEqual([]);
});

/** A declaration: its module and its name there. */
interface Declared {
  readonly module: string;
  readonly original: string;
}

/** A name that a module imports or exports from another one of this project. */
interface Imported extends Declared {
  readonly name: string;
  readonly typeOnly: boolean;
}

function importsOf(module: string): readonly Imported[] {
  const clauses = [...read(module).matchAll(/^(?:im|ex)port (type )?\{([^}]*)\} from "(\.[^"]+)"/gm)];
  return clauses.flatMap(([, type, names = "", from = ""]) =>
    [...names.matchAll(/(type )?(\w+)(?: as (\w+))?/g)].map(
      ([, alsoType, original = "", name = original]) => ({
        name,
        original,
        module: join(dirname(module), from),
        typeOnly: (type ?? alsoType) !== undefined,
      }),
    ),
  );
}

/** The declaration of an import, which other modules may re-export. */
function origin({ module, original }: Declared): Declared {
  const reExport = importsOf(module).find(({ name }) => name === original);
  return reExport === undefined ? { module, original } : origin(reExport);
}

/**
 * Types of this project that a declaration has in its signatures. Private members have no types in a declaration; a class
 * that is exported only as a type has no constructor for users.
 */
function typesIn({ module, original }: Declared, typeOnly: boolean): readonly Declared[] {
  const text = read(module);
  const declared = [
    ...text.matchAll(/^(?:export )?(?:declare )?(?:class|interface|type|const|function) (\w+)/gm),
  ];
  const index = declared.findIndex(([, name]) => name === original);
  const declaration = text
    .slice(declared[index]?.index, declared[index + 1]?.index)
    .replaceAll(/^ +(?:private|protected) .*$/gm, "")
    .replaceAll(typeOnly ? /^ +constructor\(.*$/gm : /$^/g, "");
  const words = new Set(declaration.match(/\b[A-Z]\w*/g));
  const local = declared.map(([, name = ""]) => ({ module, original: name, name }));
  return [...local, ...importsOf(module)]
    .filter(({ name }) => words.has(name))
    .map(origin)
    .filter((type) => !same(type, { module, original }));
}

function same(one: Declared, other: Declared): boolean {
  return one.module === other.module && one.original === other.original;
}

function read(module: string): string {
  return readFileSync(join(declarations, "lib", `${module}.d.ts`), "utf8");
}
