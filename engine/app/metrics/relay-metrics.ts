/** The metrics of a relay, bound to a registry at its start. */
import type { Registry } from "prom-client";
import type { RelayTelemetry } from "../../outbox/relay-options.ts";
import { counterOf, gaugeOf } from "./define.ts";
import { engineMetrics } from "./table.ts";

/** What a relay of one outbox counts. */
export const relayTelemetry = (registry: Registry, outbox: string): RelayTelemetry => {
  const published = counterOf(registry, engineMetrics.outboxPublished);
  const pruned = counterOf(registry, engineMetrics.outboxPruned);
  const leading = gaugeOf(registry, engineMetrics.outboxLeading);
  const rows = gaugeOf(registry, engineMetrics.outboxLagRows);
  const oldest = gaugeOf(registry, engineMetrics.outboxLagSeconds);
  const aside = gaugeOf(registry, engineMetrics.outboxSetAside);
  // A relay that has never led does not lead, and is known: relays of which none ever led would alert nobody else.
  leading.set({ outbox }, 0);
  // Known to Prometheus before the first row: what it first sees of a counter is in no rate.
  published.inc({ outbox }, 0);
  pruned.inc({ outbox }, 0);
  return {
    setAside: (count) => aside.set({ outbox }, count),
    published: (count) => published.inc({ outbox }, count),
    pruned: (count) => pruned.inc({ outbox }, count),
    leading: (leads) => leading.set({ outbox }, leads ? 1 : 0),
    lag: (lag) => {
      rows.set({ outbox }, lag.rows);
      oldest.set({ outbox }, lag.oldestMs / 1_000);
    },
  };
};
