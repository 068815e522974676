/** Logs each dead letter with its place and code, so that it is found without a metric; a flood of them is not logged line by line. */
import type { Clock } from "../../clock.ts";
import type { Logger } from "../../logger.ts";
import type { Telemetry } from "../telemetry.ts";

/** Where dead letters are logged. */
export interface DeadLetterLog {
  readonly topology: string;
  readonly logger: Logger;
  readonly clock: Pick<Clock, "now">;
}

/** Lines in one interval: enough to see what is wrong; `sluice dlq` has them all. */
const maxLines = 10;
const intervalMs = 1_000;

/** The same telemetry, whose dead letters are logged as well; beyond ten lines a second they are counted in the next one. */
export const loggingDeadLetters = (telemetry: Telemetry, { topology, logger, clock }: DeadLetterLog): Telemetry => {
  let beganMs = Number.NEGATIVE_INFINITY;
  let lines = 0;
  let unlogged = 0;
  return {
    ...telemetry,
    deadLettered: (letter) => {
      telemetry.deadLettered(letter);
      const now = clock.now();
      if (now - beganMs >= intervalMs) [beganMs, lines] = [now, 0];
      if (lines >= maxLines) {
        unlogged++;
        return;
      }
      lines++;
      const { offset, ...about } = letter;
      const more = unlogged > 0 ? { unlogged } : {};
      unlogged = 0;
      logger.warn(
        { event: "record.deadLettered", topology, ...about, offset: String(offset), ...more },
        "a record was dead-lettered",
      );
    },
  };
};
