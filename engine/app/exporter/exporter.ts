/**
 * The exporter: serves what a cluster shows from outside under kafka_exporter's names. The one call that leaves the process is
 * the overview, a few requests to each broker. Refused, cut or slow: `kafka_brokers` is 0, nothing else is served, and the
 * exporter itself stays up, so that "no broker answers" and "the exporter is gone" (`up`) are two things. A part of it is not
 * answered, as the offsets of a partition without a leader: that part is missing. Answered twice: it only reads.
 */
import type { Registry } from "prom-client";
import { type Clock, systemClock } from "../../clock.ts";
import { kafkaAdmin } from "../../log/kafka/admin/admin.ts";
import type { ClusterOverview, OverviewLimits } from "../../log/kafka/admin/overview.ts";
import { errorFields, type Logger } from "../../logger.ts";
import { readinessOf } from "../../readiness.ts";
import type { ProcessContext, Running } from "../define-app.ts";
import { watchedGauge } from "../metrics/define.ts";
import { kafkaMetrics } from "../metrics/kafka-table.ts";
import { createLooks, type LookLimits } from "../../looks.ts";
import { type Series, seriesOf } from "./series.ts";

/** More topics and groups than these are left out, by name, and a line of the log says so. */
const overviewLimits: OverviewLimits = { maxTopics: 1_000, maxGroups: 1_000 };
/** A scrape gives up after 10 s. */
const lookLimits: LookLimits = { everyMs: 5_000, waitMs: 8_000 };

/** Starts it; the cluster may be away. @throws Fatal (KAFKA_OPTIONS, TLS_FILE) */
export const startExporter = async ({ config, logger, registry }: ProcessContext): Promise<Running> => {
  const admin = await kafkaAdmin({ brokers: config.brokers, clientId: "sluice-exporter", logger });
  const ready = serveOverview(() => admin.overview(overviewLimits), { registry, logger, clock: systemClock });
  return { ready, ended: new Promise(() => {}), stop: admin.close };
};

const byMetric = (series: readonly Series[]): ReadonlyMap<string, readonly Series[]> =>
  Map.groupBy(series, ({ metric }) => metric);
const nothingSeen = byMetric(seriesOf(undefined));

/** What the metrics are served with. */
export interface OverviewServing {
  readonly registry: Registry;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Serves an overview, read when it is scraped; answers what says whether the cluster was seen. */
export const serveOverview = (
  look: () => Promise<ClusterOverview>,
  { registry, logger, clock }: OverviewServing,
): Running["ready"] => {
  const tellLeftOut = leftOutTeller(logger);
  const { see, isSeen } = createLooks({
    look: async () => {
      const overview = await look();
      tellLeftOut(overview.leftOut);
      return byMetric(seriesOf(overview));
    },
    failed: (error) =>
      logger.warn({ event: "exporter.blind", ...errorFields(error) }, "the cluster cannot be looked at"),
    clock,
    limits: lookLimits,
  });
  for (const [key, definition] of Object.entries(kafkaMetrics)) {
    watchedGauge(registry, definition, async (set) => {
      for (const { labels, value } of ((await see()) ?? nothingSeen).get(key) ?? []) set(labels, value);
    });
  }
  return () => {
    const away = { code: "DEPENDENCY_AWAY", why: "no broker answers" } as const;
    return readinessOf(isSeen() === false ? [away] : []);
  };
};

/** Says how much is left out, when that is another number than before. */
const leftOutTeller = (logger: Logger): ((leftOut: ClusterOverview["leftOut"]) => void) => {
  let told = { topics: 0, groups: 0 };
  return ({ topics, groups }) => {
    const isNew = topics !== told.topics || groups !== told.groups;
    told = { topics, groups };
    if (isNew && topics + groups > 0)
      logger.warn({ event: "exporter.leftOut", topics, groups }, "there are more topics or groups than are looked at");
  };
};
