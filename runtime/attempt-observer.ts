/** Turns what happens to attempts into log lines, counts, and the list of what is held up. */
import { codeOf } from "../processors/errors.ts";
import type { AttemptEvent } from "./attempts.ts";
import { errorFields, type Logger } from "./logger.ts";
import type { Telemetry } from "./telemetry.ts";

/** Logs the first failure of a hold and its end, not every attempt in between: an outage is one story. */
export const attemptObserver =
  (logger: Logger, telemetry: Telemetry, holding: Set<string>): ((event: AttemptEvent) => void) =>
  (event) => {
    const { call } = event;
    switch (event.kind) {
      case "failed":
        telemetry.failedAttempt(call, codeOf(event.error), false);
        logger.warn({ call, records: event.records, ...errorFields(event.error) }, "an attempt failed");
        return;
      case "holding":
        telemetry.failedAttempt(call, codeOf(event.error), true);
        holding.add(call);
        if (event.failures === 1) logger.warn({ call, ...errorFields(event.error) }, "holding until it is back");
        return;
      case "resumed":
        holding.delete(call);
        logger.info({ call, failures: event.failures }, "going on");
    }
  };
