/** Writes the page of errors anew. Run it after a change of one of the tables. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorsPage, errorsPageText } from "./errors-page.ts";

await writeFile(join(import.meta.dirname, "..", errorsPage), errorsPageText());
