/** Asks until what a start depends on answers: a supervisor's restarts would only make its return slower to notice. */
import { backoffMs, type Clock, systemClock } from "../../clock.ts";
import { AccessRefused, isHeld } from "../../errors.ts";
import { errorFields, type Logger } from "../../logger.ts";

/** Between two questions to a store that is away. */
const backoff = { initialMs: 200, maxMs: 5_000 };

/**
 * Answers what `ask` does, however long its dependency is away or, as a Redis that is full, holds; `what` is what is waited for.
 * Passes on every other error, refused credentials among them: at a start those are a mistake.
 */
export const whileAway = async <T>(
  logger: Logger,
  what: string,
  ask: () => Promise<T>,
  clock: Pick<Clock, "sleep"> = systemClock,
): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (!isHeld(error) || error instanceof AccessRefused) throw error;
      logger.warn({ event: "start.waiting", what, ...errorFields(error) }, "waiting for what the start depends on");
      await clock.sleep(backoffMs(backoff, attempt, Math.random));
    }
  }
};
