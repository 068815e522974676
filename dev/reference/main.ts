/** `npm run reference`: writes what is made from the code: pages of docs/reference, rules and dashboards. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../stack/layout.ts";
import { referencePages } from "./pages.ts";

for (const [file, page] of Object.entries(referencePages)) writeFileSync(join(repositoryRoot, file), await page());
