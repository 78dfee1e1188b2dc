import { production } from "../../environments/production";
import { packageFile } from "../../lib/node/package-file";
import { FakeNode } from "./fake-node";
import { worker } from "./specs";

const spec = worker(production, "gpu");
let fake: FakeNode;

beforeEach(() => {
  fake = new FakeNode(spec);
  for (const step of ["setup-bake", "setup-boot-pool"])
    fake.script(`${step}.sh`, packageFile("cloud-init/setup/setup.sh"));
  fake.write("var/lib/dask-node/status.json", "");
});
afterEach(() => fake.remove());

test("a script has the settings of the node, the commands of the environment, and root's home", () => {
  fake.write("opt/dask/env/bin/python", "#!/bin/bash\necho the environment\n", 0o755);
  fake.script("setup/boot-pool", '#!/bin/bash\nenv | grep -E "^(GROUP|DASK|HOME)="\npython\n');
  const { code, said } = fake.run("setup-boot-pool.sh");
  expect(code).toBe(0);
  expect(said.split("\n").sort()).toEqual(
    ["", "DASK=2026.7.1", "GROUP=dask-production--gpu", "HOME=/root", "the environment"].sort(),
  );
});

test("a boot script runs at each boot, in any language", () => {
  fake.script("setup/boot-pool", "#!/usr/bin/env python3\nprint('boot')\n");
  expect(fake.run("setup-boot-pool.sh")).toMatchObject({ code: 0, said: "boot\n" });
  expect(fake.run("setup-boot-pool.sh")).toMatchObject({ code: 0, said: "boot\n" });
});

test("a bake script runs until it succeeds, and then once for each image digest", () => {
  fake.script("setup/bake", "#!/bin/bash\necho no; exit 7\n");
  expect(fake.run("setup-bake.sh")).toMatchObject({ code: 7, said: "no\n" });
  fake.script("setup/bake", "#!/bin/bash\necho yes\n");
  expect(fake.run("setup-bake.sh")).toMatchObject({ code: 0, said: "yes\n" });
  expect(fake.run("setup-bake.sh")).toMatchObject({ code: 0, said: "the script has run\n" });
  fake.write("etc/dask/node.env", `${fake.read("etc/dask/node.env")}BAKE_KEY='another'\n`);
  expect(fake.run("setup-bake.sh")).toMatchObject({ code: 0, said: "yes\n" });
});

test.each([
  [194, 100, "requests a reboot"],
  [100, 1, "fails, because apt-get fails with it"],
  [7, 7, "fails"],
])("a script that ends with code %d ends the step with code %d: it %s", (code, ofStep) => {
  fake.script("setup/boot-pool", `#!/bin/bash\necho 'a new kernel'\nexit ${code}\n`);
  expect(fake.run("setup-boot-pool.sh")).toMatchObject({ code: ofStep, said: "a new kernel\n" });
});
