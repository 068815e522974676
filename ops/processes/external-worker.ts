/** Opens the port of external-data: the HTTP client of the external data platform. */
import type { Logger } from "../../engine/logger.ts";
import { type BreakerState, httpDataPlatform } from "../../stores/http/data-platform.ts";
import { dataPlatform } from "../../sinks/data-platform.ts";
import { type ProcessHooks, noHooks } from "./process-hooks.ts";
import { InvalidConfig } from "../../engine/app/config/settings.ts";
import { type Config, settingsHelp, type ShopContext } from "../config.ts";
import { deliveryMetrics, watchDelivery } from "../metrics/delivery-metrics.ts";
import type { Opened } from "../../engine/app/define-app.ts";
import type { NeedsOf } from "../../engine/flow/dsl.ts";
import type { externalData } from "../../topology/external-data.ts";

/**
 * Half of the longest wait is the shortest once waits have grown, and the breaker lets a probe through after that: so
 * every call that is held is a probe when its time comes, and the first one after the platform's return goes through.
 */
export const deliveryBackoff = { initialMs: 50, maxMs: 1_000 };

/** Opens it. @throws InvalidConfig without SLUICE_PLATFORM_URL. */
export const openExternalData = async (
  { config, logger, registry }: ShopContext,
  hooks: Pick<ProcessHooks, "log"> = noHooks,
): Promise<Opened<NeedsOf<typeof externalData>>> => {
  const { url, concurrency, timeoutMs } = config.platform;
  if (url === undefined) throw new InvalidConfig(["SLUICE_PLATFORM_URL: is required by external-data"], settingsHelp);
  const platform = httpDataPlatform({
    url,
    concurrency,
    timeoutMs,
    onEnded: deliveryMetrics(registry),
    onBreaker: circuitLog(logger),
  });
  watchDelivery(registry, platform);
  return {
    deps: () => ({ platform }),
    close: platform.close,
    wrapLog: hooks.log,
    backoff: deliveryBackoff,
    limits: deliveryLimits(config),
    // Restarting a worker brings no platform back; its lag and its circuit are what to watch.
    optionalDependencies: [dataPlatform.name],
  };
};

/** Says that the circuit opened, and that it closed: not every probe between the two. */
const circuitLog = (logger: Logger): ((state: BreakerState) => void) => {
  let logged: BreakerState = "closed";
  return (state) => {
    if (state === "halfOpen" || state === logged) return;
    logged = state;
    if (state === "open")
      logger.warn({ event: "circuit.opened" }, "the data platform is away: the circuit is open, and probes are sent");
    else logger.info({ event: "circuit.closed" }, "the data platform is back: the circuit is closed");
  };
};

/** Rounds of a partition that overlap. */
const rounds = 4;

/**
 * A round is as many records as may be in flight, and a few rounds overlap: so a single partition keeps all requests
 * busy while the last of a round are still out, or wait for another attempt; the client bounds the requests. And few
 * records are sent again after a crash, because an offset is finished with its round.
 */
export const deliveryLimits = ({ limits, platform: { concurrency } }: Pick<Config, "limits" | "platform">) => ({
  ...limits,
  maxRound: concurrency,
  concurrency: rounds,
  // Some wait for another attempt while others are sent. Not all of the rounds: what waits for its turn with the client
  // for two minutes would be taken for a call that never answers (SLUICE_STALL_END_MS).
  laneConcurrency: 2 * concurrency,
  maxRecords: 2 * rounds * concurrency,
});
