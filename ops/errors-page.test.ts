// The page of errors is what the tables say now.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { errorsPage, errorsPageText } from "./errors-page.ts";

test("errors page: says what the tables say", async () => {
  const written = await readFile(join(import.meta.dirname, "..", errorsPage), "utf8");
  assert.equal(written, errorsPageText(), "run: node ops/write-errors-page.ts");
});
