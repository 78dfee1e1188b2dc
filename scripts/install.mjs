// Installs missing packages of package-lock.json, before `npm test`. Needs only Node.

import { installPackages } from "./packages.mjs";

try {
  await installPackages("npm test");
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
