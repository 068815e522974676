/** The kinds of panels that our dashboards have, each with what every panel must have: title, description, unit, queries. */
import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import {
  BigValueColorMode,
  BigValueGraphMode,
  type DataSourceRef,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  type DataTransformerConfig,
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type Panel as PanelDocument,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from "@grafana/grafana-foundation-sdk/dashboard";
import {
  CellValuesBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  PanelBuilder as Heatmap,
  YAxisConfigBuilder,
} from "@grafana/grafana-foundation-sdk/heatmap";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as Stat } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as Timeline } from "@grafana/grafana-foundation-sdk/statetimeline";
import { PanelBuilder as Table } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeSeries } from "@grafana/grafana-foundation-sdk/timeseries";

/** A query, and how its series are called: `{{ topology }}`. */
export interface Query {
  readonly expr: string;
  readonly legend?: string;
}

/** What every panel has. */
export interface PanelPlan {
  readonly title: string;
  /** What it shows and when to worry, for somebody who sees it the first time. */
  readonly description: string;
  /** One of Grafana's units: `short`, `s`, `reqps`, `percentunit`, `bytes`. */
  readonly unit: string;
  readonly queries: readonly Query[];
}

/** A panel that has not been placed yet. */
export type Panel = Builder<PanelDocument>;

/** The dashboard's own choice of a data source. */
export const datasource: DataSourceRef = { type: "prometheus", uid: "$datasource" };

/** What the builders of all kinds of panels have alike. */
interface AnyPanelBuilder extends Panel {
  readonly title: (title: string) => this;
  readonly description: (description: string) => this;
  readonly unit: (unit: string) => this;
  readonly datasource: (datasource: DataSourceRef) => this;
  readonly targets: (targets: Builder<Dataquery>[]) => this;
  readonly height: (rows: number) => this;
  readonly span: (columns: number) => this;
}

/** A size on the grid of 24 columns. */
interface Size {
  readonly columns: number;
  readonly rows: number;
}

const refIds = "ABCDEFGHIJ";

const queryOf =
  (format: PromQueryFormat) =>
  ({ expr, legend }: Query, at: number): Builder<Dataquery> => {
    const query = new DataqueryBuilder().refId(refIds.charAt(at)).expr(expr).datasource(datasource).format(format);
    if (legend !== undefined) query.legendFormat(legend);
    return format === PromQueryFormat.Table ? query.instant() : query.range();
  };

const planned = <Built extends AnyPanelBuilder>(
  panel: Built,
  { title, description, unit, queries }: PanelPlan,
  { columns, rows }: Size,
  format = PromQueryFormat.TimeSeries,
): Built =>
  panel
    .title(title)
    .description(description)
    .unit(unit)
    .datasource(datasource)
    .targets(queries.map(queryOf(format)))
    .span(columns)
    .height(rows);

/** The median and the 99th percentile of a histogram, as queries. `labels`: a selector with its braces. */
export const quantiles = (histogram: string, labels = ""): PanelPlan["queries"] =>
  [0.5, 0.99].map((quantile) => ({
    expr: `histogram_quantile(${quantile}, sum by (le) (rate(${histogram}_bucket${labels}[$__rate_interval])))`,
    legend: `p${quantile * 100}`,
  }));

/** When a number turns red: from a value on, or below one. */
export type RedWhen = { readonly from: number } | { readonly below: number };

const thresholdsOf = (when: RedWhen | undefined): ThresholdsConfigBuilder => {
  const steps =
    when === undefined
      ? [{ color: "blue", value: null }]
      : "from" in when
        ? [
            { color: "green", value: null },
            { color: "red", value: when.from },
          ] // Green below it.
        : [
            { color: "red", value: null },
            { color: "green", value: when.below },
          ];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
};

/** One number, and whether it is well. `texts` says numbers in words. */
export const stat = (
  plan: PanelPlan,
  { red, texts }: { readonly red?: RedWhen; readonly texts?: Readonly<Record<string, string>> } = {},
): Panel => {
  const panel = planned(new Stat(), plan, { columns: 4, rows: 4 })
    .thresholds(thresholdsOf(red))
    .colorMode(red === undefined ? BigValueColorMode.Value : BigValueColorMode.Background)
    .graphMode(texts === undefined ? BigValueGraphMode.Area : BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false))
    .noValue("-");
  if (texts === undefined) return panel;
  const options = Object.fromEntries(Object.entries(texts).map(([value, text]) => [value, { text }]));
  return panel.mappings([{ type: MappingType.ValueToText, options }]);
};

/** Lines over time; stacked where they add up to something. */
export const lines = (plan: PanelPlan, { stacked = false }: { readonly stacked?: boolean } = {}): Panel => {
  const panel = planned(new TimeSeries(), plan, { columns: 12, rows: 8 })
    .min(0)
    .lineWidth(1)
    .fillOpacity(stacked ? 40 : 5)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(["lastNotNull", "max"]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
  return stacked ? panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal)) : panel;
};

/**
 * How a histogram's observations spread over time. Its one query is of buckets, by `le`. The unit is that of the axis: what a
 * cell shows is a number of observations, which Grafana writes in the panel's unit unless it is told another.
 */
export const heatmap = (plan: PanelPlan): Panel =>
  planned(new Heatmap(), plan, { columns: 12, rows: 8 }, PromQueryFormat.Heatmap)
    .calculate(false)
    .yAxis(new YAxisConfigBuilder().unit(plan.unit))
    .cellValues(new CellValuesBuilder().unit("short"))
    .color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme("Oranges").steps(64));

/**
 * Which state something was in, over time. Blue where it is 1, and neither green nor red: 1 is well for a relay that leads and for a
 * circuit that is closed, and not for one that is open. Without a scheme of colours Grafana takes one that ends in red.
 */
export const timeline = (plan: PanelPlan): Panel =>
  planned(new Timeline(), plan, { columns: 12, rows: 8 })
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(
      new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
        { color: "transparent", value: null },
        { color: "blue", value: 1 },
      ]),
    );

/** Rows of what is now, joined by their labels. */
export const table = (
  plan: PanelPlan,
  { transformations }: { readonly transformations: readonly DataTransformerConfig[] },
): Panel =>
  planned(new Table(), plan, { columns: 24, rows: 8 }, PromQueryFormat.Table)
    .transformations([...transformations])
    .filterable(true);
