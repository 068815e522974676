/**
 * Forgets idempotency keys and refusals that are older than clients were promised, a few at a time and beside the publishing, while this
 * process leads the outbox: of the processes there are, that is one. Should there be two for a moment, nothing is lost.
 *
 * - The database is away, or a lock is not given up: it says so, and tries again later. Publishing does not depend on it.
 * - The answer is lost: keys are forgotten that are not counted.
 */
import type { OldKeys } from "../../processors/payments/payment-ports.ts";
import type { Clock } from "../../engine/clock.ts";
import { errorFields, type Logger } from "../../engine/logger.ts";

/** What is forgotten, when, and what is called with the count. */
export interface ForgetOptions<Kind extends string> {
  readonly keys: Readonly<Record<Kind, OldKeys>>;
  /** Of kinds that are kept for another time than `settings.keptMs`. */
  readonly keptMs?: Partial<Readonly<Record<Kind, number>>>;
  /** Whether it is this process's turn. */
  readonly leads: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly forgotten: (kind: Kind, rows: number) => void;
  readonly settings: ForgetSettings;
}

/** The bounds of forgetting. */
export interface ForgetSettings {
  /** How long keys are kept; 86,400,000 at least, which is what clients are promised. */
  readonly keptMs: number;
  /** How often old keys are looked for, and the pause between two batches while there are more. */
  readonly everyMs: number;
  readonly pauseMs: number;
  /** Keys forgotten at a time; few enough that a client who uses one of them again waits for milliseconds. */
  readonly maxRows: number;
}

/** A week: a client that keeps its requests while it is offline is away over holidays, and hardly for longer. */
export const forgetDefaults: ForgetSettings = { keptMs: 7 * 86_400_000, everyMs: 1_000, pauseMs: 50, maxRows: 1_000 };

/** Forgets until `signal` aborts. Never rejects. */
export const forgetKeys = async <Kind extends string>(
  options: ForgetOptions<Kind>,
  signal: AbortSignal,
): Promise<void> => {
  const { clock, leads, settings } = options;
  while (!signal.aborted) {
    const more = leads() && (await forgetSome(options));
    await clock.sleep(more ? settings.pauseMs : settings.everyMs, signal);
  }
};

/** One batch of each kind; answers whether there are more. */
const forgetSome = async <Kind extends string>(options: ForgetOptions<Kind>): Promise<boolean> => {
  const { keys, keptMs, logger, forgotten, settings } = options;
  let more = false;
  // Their names are the kinds: an object literal of this type has no others.
  for (const kind of Object.keys(keys) as Kind[]) {
    try {
      const rows = await keys[kind].prune(keptMs?.[kind] ?? settings.keptMs, settings.maxRows);
      if (rows > 0) forgotten(kind, rows);
      more ||= rows === settings.maxRows;
    } catch (error) {
      logger.warn({ event: "keys.pruneFailed", kind, ...errorFields(error) }, "what is old cannot be forgotten now");
    }
  }
  return more;
};
