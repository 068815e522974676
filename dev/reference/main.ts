/** `npm run reference`: writes what is made from the code: pages of docs/reference, rules and dashboards. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { repositoryRoot } from "../stack/layout.ts";
import { referencePages } from "./pages.ts";

for (const [file, page] of Object.entries(referencePages)) {
  const path = join(repositoryRoot, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, await page());
}
