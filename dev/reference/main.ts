/** `npm run reference`: writes the pages of docs/reference that are made from the code. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../stack/layout.ts";
import { referencePages } from "./pages.ts";

for (const [file, page] of Object.entries(referencePages)) writeFileSync(join(repositoryRoot, file), page());
