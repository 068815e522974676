/** Turns what happens to attempts into log lines, counts, and the list of what is held up. */
import { codeOf } from "../../errors.ts";
import type { AttemptEvent } from "./attempts.ts";
import { deadLetterFlood } from "./dead-letter-flood.ts";
import type { Holds } from "./holds.ts";
import { errorFields, type Logger } from "../../logger.ts";
import type { Telemetry } from "../telemetry.ts";

/** Where attempts are reported. */
export interface AttemptWitnesses {
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly holds: Holds;
}

/** Logs the first failure of a hold and its end, not every attempt in between: an outage is one story. `where` is the partition. */
export const attemptObserver =
  ({ logger, telemetry, holds }: AttemptWitnesses, where: string): ((event: AttemptEvent) => void) =>
  (event) => {
    const { call } = event;
    const trace = "traceId" in event ? { traceId: event.traceId } : {};
    switch (event.kind) {
      case "failed":
        telemetry.failedAttempt(call, codeOf(event.error), false);
        logger.warn(
          {
            event: "attempt.failed",
            call,
            partition: where,
            records: event.records,
            ...trace,
            ...errorFields(event.error),
          },
          "an attempt failed",
        );
        return;
      case "holding": {
        telemetry.failedAttempt(call, codeOf(event.error), true);
        if (!holds.keep(where, call, event)) return;
        const level = codeOf(event.error) === deadLetterFlood ? "error" : "warn";
        logger[level](
          { event: "hold.started", call, partition: where, ...trace, ...errorFields(event.error) },
          "holding until it is back",
        );
        return;
      }
      case "resumed":
        if (!holds.end(where, call)) return;
        logger.info({ event: "hold.ended", call, partition: where, failures: event.failures }, "going on");
        return;
      case "abandoned":
        holds.end(where, call);
    }
  };
