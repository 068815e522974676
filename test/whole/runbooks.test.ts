/** Each alert has a runbook with everything that somebody woken at night needs, and its commands are there. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { knownSeries } from "../../dev/monitoring/known-metrics.ts";
import { namedIn } from "../../dev/monitoring/promql.ts";
import { runbookOf } from "../../dev/monitoring/rules/rule.ts";
import { alerts } from "../../dev/monitoring/rules/rule-files.ts";
import { repositoryRoot } from "../../dev/stack/layout.ts";

const folder = "docs/runbooks";
const names = [...new Set(alerts.map(({ alert }) => alert))].toSorted();
const pages = names.map((name) => ({ name, text: readFileSync(join(repositoryRoot, runbookOf(name)), "utf8") }));

test("runbooks: are one for each alert, and no others", () => {
  const written = readdirSync(join(repositoryRoot, folder)).filter((file) => file !== "README.md");
  assert.deepEqual(written.toSorted(), names.map((name) => `${name}.md`).toSorted());
});

const headings = ["Meaning", "What users see", "Look here first", "What to do", "What not to do", "Afterwards"];

test("runbooks: have the same six parts, none of them empty", () => {
  for (const { name, text } of pages) {
    const [title, ...parts] = text.split(/^## /m);
    assert.equal(title, `# ${name}\n\n`);
    assert.deepEqual(
      parts.map((part) => part.split("\n", 1)[0]),
      headings,
      name,
    );
    for (const part of parts) assert.ok(part.split("\n").slice(1).join("").trim().length > 5, `${name}: ${part}`);
  }
});

const commandsOf = (text: string): readonly string[] => {
  const [, block = ""] = /^```sh\n([\s\S]*?)^```$/m.exec(text) ?? [];
  return block.trim().split("\n");
};
const commands = pages.flatMap(({ name, text }) => commandsOf(text).map((command) => ({ name, command })));

test("runbooks: begin with three commands", () => {
  for (const { name, text } of pages) assert.equal(commandsOf(text).length, 3, name);
});

test("runbooks: ask Prometheus for metrics that there are", () => {
  let asked = 0;
  for (const { name, command } of commands) {
    const [, expr] = /^promtool query instant \S+ '(.*)'$/.exec(command) ?? [];
    assert.equal(expr === undefined, !command.startsWith("promtool"), `${name}: ${command}`);
    if (expr === undefined) continue;
    asked++;
    for (const { name: series, matchers } of namedIn(expr).selected) {
      const labels = series === "ALERTS" ? new Set(["alertname"]) : knownSeries.get(series);
      assert.ok(labels, `${name}: there is no ${series}`);
      for (const { label } of matchers) assert.ok(labels.has(label), `${name}: ${series} has no ${label}`);
    }
  }
  assert.ok(asked > 30);
});
