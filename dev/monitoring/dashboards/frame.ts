/** What all our dashboards have in common: the variables, the links between them, the marks of deployments; and their order. */
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { datasource, type Panel } from "./panels.ts";

/** Panels under a heading. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** A choice at the head of a dashboard. */
export interface Variable {
  readonly name: string;
  readonly label: string;
  /** `label_values(<metric>, <label>)`: Grafana's own words, not PromQL. */
  readonly metric: string;
  readonly of: string;
  /** Several at once, all of them at first. */
  readonly many?: boolean;
}

/** A dashboard. */
export interface DashboardPlan {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
}

/** By these our dashboards find each other. */
const tag = "sluice";

const variableOf = ({ name, label, metric, of, many = false }: Variable): QueryVariableBuilder => {
  const variable = new QueryVariableBuilder(name)
    .label(label)
    .query({ query: `label_values(${metric}, ${of})`, refId: name })
    .datasource(datasource)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(many)
    .includeAll(many);
  // Where one is chosen, Grafana takes the first.
  return many ? variable.current({ text: "All", value: "$__all" }) : variable;
};

/** A mark wherever a graph began to run that did not run five minutes before. */
const deployments = (): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder()
    .name("Deployments")
    .datasource(datasource)
    .enable(true)
    .iconColor("purple")
    .expr(deploymentsExpr)
    .step("60s")
    .titleFormat("{{ topology }} {{ hash }}")
    .textFormat("this graph runs, and did not five minutes before");

/** See {@link deployments}. */
const deploymentsExpr =
  "count by (topology, hash) (sluice_topology_info)" +
  " unless on (topology, hash) count by (topology, hash) (sluice_topology_info offset 5m)";

/** Builds one. Panels are numbered in their order, so that links to them last as long as the order does. */
export const dashboardOf = ({ uid, title, description, variables, rows }: DashboardPlan): Dashboard => {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([tag])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: "now-1h", to: "now" })
    .timezone("utc")
    .refresh("30s")
    .withVariable(
      new DatasourceVariableBuilder("datasource")
        .label("Data source")
        .type("prometheus")
        .current({ text: "Prometheus", value: "prometheus" }),
    )
    .annotation(deployments())
    .link(
      new DashboardLinkBuilder("Sluice")
        .type(DashboardLinkType.Dashboards)
        .tags([tag])
        .asDropdown(true)
        .keepTime(true)
        .includeVars(false),
    );
  for (const variable of variables) builder.withVariable(variableOf(variable));
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(panel);
  }
  const built = builder.build();
  for (const [at, panel] of (built.panels ?? []).entries()) panel.id = at + 1;
  return built;
};
