/** Every expression of the rules and of the dashboards' files, with where it is: what tests hold against the tables of metrics. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../stack/layout.ts";
import { dashboardTexts } from "./dashboards/dashboards.ts";
import { alerts, recordings } from "./rules/rule-files.ts";

/** A panel, as far as it is looked at here. */
export interface PanelFile {
  readonly id?: number;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly datasource?: { readonly uid?: string };
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly color?: { readonly mode: string };
      readonly thresholds?: { readonly steps: readonly { readonly color: string; readonly value: number | null }[] };
    };
  };
  readonly options?: {
    readonly yAxis?: { readonly unit?: string };
    readonly cellValues?: { readonly unit?: string };
  };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly {
    readonly expr: string;
    readonly legendFormat?: string;
    readonly instant?: boolean;
    readonly datasource?: { readonly uid?: string };
  }[];
}

/** A dashboard, as Grafana reads it from its file, as far as it is looked at here. */
export interface DashboardFile {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly editable: boolean;
  readonly tags: readonly string[];
  readonly refresh: string;
  readonly panels: readonly PanelFile[];
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly label?: string;
      readonly query: string | { readonly query: string };
      readonly refresh?: number;
    }[];
  };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr?: string }[] };
}

/** The dashboards' files. */
export const dashboardFiles = (): readonly DashboardFile[] =>
  Object.keys(dashboardTexts).map(
    // Erasure: written by the SDK, whose types are wider; each field that is read is compared by a test.
    (file) => JSON.parse(readFileSync(join(repositoryRoot, file), "utf8")) as DashboardFile,
  );

/** An expression. */
export interface Expression {
  /** `SluiceHeld`, or `Sluice: overview, Lag`. */
  readonly where: string;
  readonly expr: string;
}

/** Of panels: what a screen asks for. */
export const panelExpressions = (): readonly Expression[] =>
  dashboardFiles().flatMap(({ title, panels }) =>
    panels.flatMap((panel) =>
      (panel.targets ?? []).map(({ expr }) => ({ where: `${title}, ${panel.title ?? ""}`, expr })),
    ),
  );

/** The metrics that a dashboard's variables take their values from, and its annotations. */
const aroundPanels = (): readonly Expression[] =>
  dashboardFiles().flatMap(({ title, templating, annotations }) => [
    ...templating.list.flatMap(({ name, query }) => {
      if (typeof query === "string") return [];
      const metric = /^label_values\((.*), \w+\)$/.exec(query.query)?.[1];
      if (metric === undefined) throw new SyntaxError(`${title}, $${name}: no label_values: ${query.query}`);
      return [{ where: `${title}, $${name}`, expr: metric }];
    }),
    ...annotations.list.flatMap(({ name, expr }) => (expr === undefined ? [] : [{ where: `${title}, ${name}`, expr }])),
  ]);

/** Of rules. */
export const ruleExpressions = (): readonly Expression[] => [
  ...recordings.map(({ record, expr }) => ({ where: record, expr })),
  ...alerts.map(({ alert, severity, expr }) => ({ where: `${alert} (${severity})`, expr })),
];

/** All of them. */
export const expressions = (): readonly Expression[] => [
  ...ruleExpressions(),
  ...panelExpressions(),
  ...aroundPanels(),
];
