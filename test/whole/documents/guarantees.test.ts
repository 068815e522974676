/** Each guarantee names what was broken to see it: rows of docs/reliability.md that were tried. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readPage } from "../../testing/documents.ts";

test("guarantees: name faults and fail points that there are, and that were tried", () => {
  const rows = new Map(
    [...readPage("docs/reliability.md").text.matchAll(/^\| `([a-z0-9-]+)` \|(.*)$/gm)].map(
      ([, name = "", rest = ""]) => [name, rest],
    ),
  );
  const { text } = readPage("docs/explanation/guarantees.md");
  const shown = [...text.matchAll(/^\| (?!promise|---).* \| ([^|]*) \|$/gm)].flatMap(([, by = ""]) =>
    [...by.matchAll(/`([a-z0-9-]+)`/g)].flatMap(([, name]) => name ?? []),
  );
  for (const name of shown) {
    assert.ok(rows.has(name), `there is no ${name}`);
    assert.doesNotMatch(rows.get(name) ?? "", /not tried yet/, name);
  }
  assert.ok(shown.length > 30, `${shown.length} names`);
});
