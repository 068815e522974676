/**
 * The rows of an outbox that are not published, while those behind them are: their value is gone, or fits no record. They stay in
 * the table as they are, so nothing is lost; each is named in the log once a process, and all are counted.
 */
import { errorFields, type Logger } from "../logger.ts";
import { parseTraceparent, traceFieldOf } from "../tracing/trace-context.ts";
import type { UnfitRow } from "./batch.ts";
import type { OrphanedRow, OutboxRow } from "./outbox.ts";

/** Rows that fit no record above which it is not the rows that are wrong but the program: the relay ends. */
export const unfitMax = 1_000;
/** Rows that are remembered as named; above them some are named again. */
const namedMax = 10_000;

/** What a relay has set aside. */
export interface SetAside {
  /** The rows that are not set aside. */
  readonly without: <Value>(rows: readonly OutboxRow<Value>[]) => readonly OutboxRow<Value>[];
  /** How many rows fit no record. */
  readonly unfit: () => number;
  /** Sets rows aside. @throws Fatal OUTBOX_ROW_UNENCODABLE above {@link unfitMax} */
  readonly addUnfit: (rows: readonly UnfitRow[]) => void;
  /** Names those whose values are gone. They come and go with the table, and are found there. */
  readonly seeOrphans: (rows: readonly OrphanedRow[]) => void;
  /** All there are. */
  readonly rows: () => number;
}

/** Nothing is set aside yet. A restart begins anew: what fits no record of one release may fit the next one's. */
export const createSetAside = (outbox: string, logger: Logger): SetAside => {
  const unfit = new Map<number, string>();
  const named = new Set<number>();
  let orphans = 0;
  const name = ({ number, id }: OrphanedRow, why: Readonly<Record<string, unknown>>): void => {
    if (named.has(number)) return;
    if (named.size >= namedMax) named.clear();
    named.add(number);
    logger.error(
      { event: "outbox.row.setAside", outbox, row: number, id, ...why },
      "a row of the outbox is not published",
    );
  };
  return {
    without: (rows) => (unfit.size === 0 ? rows : rows.filter(({ number, id }) => unfit.get(number) !== id)),
    unfit: () => unfit.size,
    addUnfit: (rows) => {
      for (const { number, id, traceparent, error } of rows) {
        if (unfit.size >= unfitMax) throw error;
        unfit.set(number, id);
        name({ number, id }, { ...traceFieldOf(parseTraceparent(traceparent)), ...errorFields(error) });
      }
    },
    seeOrphans: (rows) => {
      orphans = rows.length;
      for (const row of rows) name(row, { code: "OUTBOX_VALUE_LOST" });
    },
    rows: () => orphans + unfit.size,
  };
};
