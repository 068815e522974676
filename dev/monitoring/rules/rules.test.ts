/** Every alert fires when it should, not before, and no longer; and says who looks where. Told to Prometheus' own test tool. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { join } from "node:path";
import { repositoryRoot } from "../../stack/layout.ts";
import { testDocument } from "../testing/alert-case.ts";
import { objectiveTestDocument } from "../testing/objective-cases.ts";
import { platformCases } from "../testing/platform-cases.ts";
import { run, skippedWithout, testRules } from "../testing/promtool.ts";
import { shopCases } from "../testing/shop-cases.ts";
import { objectives } from "./objectives.ts";
import { alerts, ruleFiles, rulesFolder } from "./rule-files.ts";

const pathOf = (name: string): string => join(repositoryRoot, rulesFolder, name);
const files = Object.keys(ruleFiles).map(pathOf);
const cases = [...shopCases, ...platformCases];
const skip = skippedWithout("promtool");

test("alerts: each have one story, or are told all of those about objectives", () => {
  const told = [...cases.map(({ alert }) => alert), ...new Set(objectives.map(({ alert }) => alert))];
  assert.deepEqual(told.toSorted(), [...new Set(alerts.map(({ alert }) => alert))].toSorted());
});

test("alerts: say a value, and are of one severity that somebody is told by", () => {
  for (const { alert, description, summary, severity } of alerts) {
    assert.match(description, /\{\{ \$value/, alert);
    assert.match(summary, /^[A-Z].*\.$/, alert);
    assert.doesNotMatch(summary, /\{\{/, `${alert}: a summary is the same for all`);
    assert.ok(["page", "ticket", "info", "none"].includes(severity));
  }
});

test("alerts: round a value that Prometheus extrapolates when they say it", () => {
  for (const { alert, description, expr } of alerts)
    if (/\b(rate|increase|delta)\(/.test(expr)) assert.match(description, /\$value \|/, alert);
});

test("rules: are taken by Prometheus", { skip }, () => {
  run("promtool", "check", "rules", "--lint=all", "--lint-fatal", ...files);
});

/** What a story needs: alerts about the platform stand by themselves. */
const filesFor = { shop: ["sluice-recording.yml", "sluice-alerts.yml"], platform: ["platform-alerts.yml"] } as const;

for (const [about, stories] of [
  ["shop", shopCases],
  ["platform", platformCases],
] as const)
  for (const story of stories)
    test(`${story.alert}: fires, does not fire too early, and heals`, { skip }, () => {
      testRules(testDocument(story, filesFor[about].map(pathOf)));
    });

test("objectives: page for a bad quarter of an hour, are a ticket after a bad day, and are quiet within the budget", {
  skip,
}, () => {
  testRules(objectiveTestDocument([pathOf("sluice-objectives.yml")]));
});
