/** Opens the traces of a process where they are on: a tracer, what sends its spans, and their count. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { trace, type Tracer } from "@opentelemetry/api";
import { systemClock } from "../../clock.ts";
import { exporterDefaults, startExporter } from "../../tracing/exporter.ts";
import { otlpSender } from "../../tracing/otlp-sender.ts";
import { createTracer } from "../../tracing/tracer.ts";
import { otlpHeaders } from "../config/tracing-settings.ts";
import type { ProcessContext } from "../define-app.ts";
import { watchedCounter } from "../metrics/define.ts";
import { engineMetrics } from "../metrics/table.ts";
import { engineVersion } from "../version.ts";

/** Traces that are on. */
export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what has ended, within two seconds. Never rejects. */
  readonly close: () => Promise<void>;
}

/**
 * Opens them; undefined where they are off. The tracer is registered with OpenTelemetry's interfaces as well, so that code of
 * an application which asks those for one records into the same traces. Nothing is connected before the first span.
 */
export const openTracing = (
  {
    config,
    logger,
    registry,
  }: Pick<ProcessContext, "logger" | "registry"> & {
    readonly config: Pick<ProcessContext["config"], "tracing">;
  },
  processName: string,
): Tracing | undefined => {
  const { tracing } = config;
  if (tracing === undefined) return undefined;
  const { endpoint, headers, timeoutMs, ratio, serviceName = `sluice-${processName}` } = tracing;
  const resource = { serviceName, serviceVersion: engineVersion(), instanceId: `${hostname()}:${process.pid}` };
  const exporter = startExporter({
    send: otlpSender({ endpoint, headers: otlpHeaders(headers.toString()), timeoutMs }, resource),
    clock: systemClock,
    logger,
    limits: exporterDefaults,
  });
  watchedCounter(registry, engineMetrics.spans, (set) => {
    for (const [result, count] of Object.entries(exporter.counts())) set({ result }, count);
  });
  const tracer = createTracer({ ratio, randomBytes, ended: exporter.add });
  trace.setGlobalTracerProvider({ getTracer: () => tracer });
  return { tracer, close: exporter.close };
};
