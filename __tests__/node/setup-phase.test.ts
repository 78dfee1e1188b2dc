import { production } from "../../environments/production";
import { packageFile } from "../../lib/node/package-file";
import { FakeMachine } from "./fake-machine";
import { worker } from "./specs";

const spec = worker(production, "gpu");
let machine: FakeMachine;

beforeEach(() => {
  machine = new FakeMachine(spec);
  for (const step of ["setup-bake", "setup-boot-pool"])
    machine.script(`${step}.sh`, packageFile("cloud-init/setup/setup.sh"));
  machine.write("var/lib/dask-node/status.json", "");
});
afterEach(() => machine.remove());

test("a script has the settings of the node, the commands of the environment, and root's home", () => {
  machine.write("opt/dask/env/bin/python", "#!/bin/bash\necho the environment\n", 0o755);
  machine.script("setup/boot-pool", '#!/bin/bash\nenv | grep -E "^(GROUP|DASK|HOME)="\npython\n');
  const { code, said } = machine.run("setup-boot-pool.sh");
  expect(code).toBe(0);
  expect(said.split("\n").sort()).toEqual(
    ["", "DASK=2026.7.1", "GROUP=dask-production--gpu", "HOME=/root", "the environment"].sort(),
  );
});

test("a boot script runs at each boot, in any language", () => {
  machine.script("setup/boot-pool", "#!/usr/bin/env python3\nprint('boot')\n");
  expect(machine.run("setup-boot-pool.sh")).toMatchObject({ code: 0, said: "boot\n" });
  expect(machine.run("setup-boot-pool.sh")).toMatchObject({ code: 0, said: "boot\n" });
});

test("a bake script runs until it succeeds, and then once for each image digest", () => {
  machine.script("setup/bake", "#!/bin/bash\necho no; exit 7\n");
  expect(machine.run("setup-bake.sh")).toMatchObject({ code: 7, said: "no\n" });
  machine.script("setup/bake", "#!/bin/bash\necho yes\n");
  expect(machine.run("setup-bake.sh")).toMatchObject({ code: 0, said: "yes\n" });
  expect(machine.run("setup-bake.sh")).toMatchObject({ code: 0, said: "the script has run\n" });
  machine.write("etc/dask/node.env", `${machine.read("etc/dask/node.env")}BAKE_KEY='another'\n`);
  expect(machine.run("setup-bake.sh")).toMatchObject({ code: 0, said: "yes\n" });
});

test("the exit code is passed on, as 100 asks for a reboot", () => {
  machine.script("setup/boot-pool", "#!/bin/bash\necho 'a new kernel'\nexit 100\n");
  expect(machine.run("setup-boot-pool.sh")).toMatchObject({ code: 100, said: "a new kernel\n" });
});
