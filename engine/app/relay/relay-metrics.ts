/** The metrics of a relay, bound to a registry of prom-client's at start. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { RelayTelemetry } from "../../outbox/relay-options.ts";

/** What a relay of one outbox counts. */
export const relayTelemetry = (registry: Registry, outbox: string): RelayTelemetry => {
  const about = { labelNames: ["outbox"] as const, registers: [registry] };
  const counter = (name: string, help: string) => new Counter({ name, help, ...about });
  const gauge = (name: string, help: string) => new Gauge({ name, help, ...about });
  const published = counter("sluice_outbox_published_total", "Rows that were acknowledged by the log and marked.");
  const pruned = counter("sluice_outbox_pruned_total", "Published rows that were deleted because of their age.");
  const leading = gauge("sluice_outbox_leading", "1 while this relay is the one that publishes.");
  const rows = gauge("sluice_outbox_lag_rows", "Rows to be published; 100,000 may also mean more.");
  const oldest = gauge("sluice_outbox_lag_seconds", "Age of the first row to be published.");
  return {
    published: (count) => published.inc({ outbox }, count),
    pruned: (count) => pruned.inc({ outbox }, count),
    leading: (leads) => leading.set({ outbox }, leads ? 1 : 0),
    lag: (lag) => {
      rows.set({ outbox }, lag.rows);
      oldest.set({ outbox }, lag.oldestMs / 1_000);
    },
  };
};
