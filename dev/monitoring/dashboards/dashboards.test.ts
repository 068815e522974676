/** The dashboards' files are as dashboards should be: the rules of Grafana's linter that fit, and ours. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dashboardFiles, type DashboardFile, type PanelFile } from "../expressions.ts";
import { alerts } from "../rules/rule-files.ts";
import { uids } from "./uids.ts";

const files = dashboardFiles();
const panelsOf = ({ panels }: DashboardFile): readonly PanelFile[] => panels.filter(({ type }) => type !== "row");

/** Runs a check on each panel, with a name for messages. */
const eachPanel = (check: (panel: PanelFile, where: string, dashboard: DashboardFile) => void): void => {
  for (const dashboard of files)
    for (const panel of panelsOf(dashboard)) check(panel, `${dashboard.title}, ${panel.title ?? "?"}`, dashboard);
};

test("dashboards: are four, in the order in which one looks at them, and each can be linked to", () => {
  assert.deepEqual(
    files.map(({ uid }) => uid),
    [uids.overview, uids.topology, uids.payments, uids.platform],
  );
});

test("dashboards: can't be edited, and load again by themselves", () => {
  for (const { title, editable, refresh, description, tags } of files) {
    assert.equal(editable, false, title);
    assert.equal(refresh, "30s", title);
    assert.match(description, /\.$/, title);
    assert.deepEqual(tags, ["sluice"], title);
  }
});

test("panels: each have a title, a description that ends, a unit that Grafana has, and an id of their own", () => {
  const units = ["short", "s", "reqps", "percentunit", "bytes"];
  eachPanel(({ title, description, fieldConfig }, where) => {
    assert.ok(title, where);
    assert.match(description ?? "", /^[A-Z0-9].{15,}\.$/s, `${where}: description`);
    assert.ok(units.includes(fieldConfig?.defaults.unit ?? ""), `${where}: unit`);
  });
  for (const { panels, title } of files) {
    const ids = panels.map(({ id }) => id);
    assert.deepEqual(new Set(ids).size, panels.length, title);
    const titles = panels.map((panel) => panel.title);
    assert.equal(new Set(titles).size, titles.length, `${title}: two panels have one title`);
  }
});

test("heatmaps: have their unit at the axis, and count in their cells", () => {
  eachPanel(({ type, options, fieldConfig }, where) => {
    if (type !== "heatmap") return;
    const { yAxis, cellValues } = options ?? {};
    assert.deepEqual([yAxis?.unit, cellValues?.unit], [fieldConfig?.defaults.unit, "short"], where);
  });
});

test("timelines: show a state without judging it, because 1 is well in one and not in another", () => {
  eachPanel(({ type, fieldConfig }, where) => {
    if (type !== "state-timeline") return;
    const { color, thresholds } = fieldConfig?.defaults ?? {};
    assert.equal(color?.mode, "thresholds", where);
    for (const step of thresholds?.steps ?? []) assert.doesNotMatch(step.color, /red|green/, where);
  });
});

test("panels: ask the data source that the dashboard's variable says", () => {
  eachPanel(({ datasource, targets = [] }, where, { templating }) => {
    assert.equal(templating.list[0]?.type, "datasource", where);
    for (const asked of [datasource, ...targets.map((target) => target.datasource)])
      assert.equal(asked?.uid, "$datasource", where);
    assert.ok(targets.length > 0, `${where}: nothing is asked`);
  });
});

test("panels: take rates over Grafana's own interval, or over what their description says", () => {
  const words: Readonly<Record<string, RegExp>> = {
    "5m": /five minutes/,
    "10m": /ten minutes/,
    "1h": /hour/,
    "1m": /minute/,
  };
  eachPanel(({ targets = [], description = "" }, where) => {
    for (const { expr } of targets)
      for (const [, range = ""] of expr.matchAll(/\[([^\]]+)\]/g))
        if (range !== "$__rate_interval") assert.match(description, words[range] ?? /never/i, `${where}: [${range}]`);
  });
});

test("panels: call each series by a legend where there may be several, and a number is asked for as lines are", () => {
  eachPanel(({ targets = [], type }, where) => {
    for (const { legendFormat, instant } of targets) {
      if (type !== "table" && type !== "stat") assert.ok(legendFormat, `${where}: a series without a name`);
      assert.equal(instant, type === "table", where);
    }
  });
});

test("variables: are each declared, labelled and used", () => {
  for (const { title, templating, panels } of files) {
    const text = JSON.stringify([panels, templating]);
    const used = new Set(
      [...text.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name).filter((name) => !name?.startsWith("__")),
    );
    assert.deepEqual([...used].toSorted(), templating.list.map(({ name }) => name).toSorted(), title);
    for (const { label, name, type, refresh } of templating.list) {
      assert.ok(label, `${title}, $${name}`);
      if (type === "query") assert.equal(refresh, 2, `${title}, $${name}: looks again when the time changes`);
    }
  }
});

test("panels: lie on the grid without covering one another", () => {
  for (const { title, panels } of files)
    for (const [at, { gridPos: one, title: name }] of panels.entries()) {
      assert.ok(one.x + one.w <= 24, `${title}, ${name}`);
      for (const { gridPos: other, title: otherName } of panels.slice(at + 1)) {
        const apart =
          one.x + one.w <= other.x ||
          other.x + other.w <= one.x ||
          one.y + one.h <= other.y ||
          other.y + other.h <= one.y;
        assert.ok(apart, `${title}: ${name} covers ${otherName}`);
      }
    }
});

test("alerts: each name a dashboard that there is", () => {
  const known = new Set(files.map(({ uid }) => uid));
  for (const { alert, dashboard } of alerts) assert.ok(known.has(dashboard), alert);
});
