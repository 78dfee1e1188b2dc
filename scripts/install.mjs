// Installs the packages of package-lock.json where they are not there: before `npm test`. Needs nothing but Node.

import { installPackages } from "./packages.mjs";

try {
  await installPackages("npm test");
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
