/**
 * Lanes that wait for a writer's schema. A record whose schema id is not known yet keeps back its own lane, and no other: the
 * registry may be away, or the id be one that never comes, and other keys' records have nothing to do with it.
 */
import type { Decoder } from "../../avro/codec.ts";
import { schemaIdAt, schemaIdIn } from "../../avro/frame.ts";
import type { AttemptOnce } from "../failures/attempts.ts";
import { learnAll } from "../round/read-round.ts";
import type { Round } from "./in-flight.ts";
import type { Lanes, Queued } from "./lanes.ts";

/** The waits of one partition. */
export interface SchemaWait {
  /** Keeps back the lanes of records whose schema is not known yet, and has it asked for. To be called before they are queued. */
  readonly check: (records: Round) => void;
  /** Whether an answer was not to be had at once. A worker that starts knows no schema, and waits for its registry a moment. */
  readonly isWaiting: () => boolean;
}

/** What it works with. */
export interface SchemaWaitOptions {
  readonly decoder: Pick<Decoder<unknown>, "isUnknown" | "learn" | "registeredFor">;
  readonly lanes: Pick<Lanes<Queued>, "hold" | "letGo">;
  readonly attempt: AttemptOnce;
  /** Is given the asking, which a drain waits for. */
  readonly track: (asking: Promise<void>) => void;
  /** Called when lanes may be taken again, and when {@link SchemaWait.isWaiting} becomes true. */
  readonly changed: () => void;
}

/** Ids asked for in one attempt: with 8 questions at a time and 3 s for each it ends before it is taken for stalled. */
const askedAtOnce = 64;

/** Of those, so many at least were answered before: whoever writes new ids without an end must not keep the old ones waiting. */
const askedAgain = 16;

/** An id that is waited for. */
interface Awaited {
  readonly lanes: Set<string>;
  records: number;
  /** Whether the registry has answered. */
  answered: boolean;
}

/** No waits yet. Ids are asked for some at a time, in turn; most of them are such that were never answered. */
export const createSchemaWait = (options: SchemaWaitOptions): SchemaWait => {
  const { decoder, attempt, track, changed } = options;
  const keeper = createKeeper(options.lanes);
  const ids = new Map<number, Awaited>();
  let [asking, waiting] = [false, false];
  const wait = (id: number, lane: string): void => {
    const own = ids.get(id) ?? { lanes: new Set(), records: 0, answered: false };
    ids.set(id, own);
    own.records++;
    keeper.keep(own.lanes, lane);
  };
  // One that stays unknown is settled too: its records are dead-lettered when their round is read.
  const settle = (id: number): void => {
    keeper.free(ids.get(id)?.lanes ?? new Set());
    ids.delete(id);
    changed();
  };
  const askSome = async (): Promise<void> => {
    let answers = true;
    const learn = async (id: number) => {
      const learned = await decoder.learn(id);
      const own = ids.get(id);
      if (learned === "known" || learned === "unknown") settle(id);
      else if (learned !== "awaited") answers = false;
      else if (own !== undefined) own.answered = true;
      return learned;
    };
    try {
      await learnAll({ learn, registeredFor: decoder.registeredFor }, nextOf(ids));
    } catch (error) {
      if (!waiting) {
        waiting = true;
        changed();
      }
      // It answers, and has none of these yet. Those that it was not asked for need not wait until it is asked again.
      const isLeft = [...ids.values()].some(({ answered }) => !answered);
      if (!answers || !isLeft) throw error;
    }
  };
  const ask = async (): Promise<void> => {
    // More may come while some are asked for.
    while (ids.size > 0) await attempt("decode", askSome);
  };
  return {
    check: (records) => {
      for (const { record, lane } of records) {
        const id = record.lookIntoValue ? record.lookIntoValue(schemaIdAt) : schemaIdIn(record.value);
        if (id !== undefined && decoder.isUnknown(id)) wait(id, lane);
      }
      if (asking || ids.size === 0) return;
      asking = true;
      track(
        ask().finally(() => {
          [asking, waiting] = [false, false];
        }),
      );
    },
    isWaiting: () => waiting,
  };
};

/** The ids to ask for now: a few that were answered before, in turn; then those that never were, of which most records name first. */
const nextOf = (ids: Map<number, Awaited>): readonly number[] => {
  const fresh = [...ids].filter(([, { answered }]) => !answered).toSorted(([, a], [, b]) => b.records - a.records);
  const others = [...ids].filter(([, { answered }]) => answered);
  const some = [...others.slice(0, askedAgain), ...fresh, ...others.slice(askedAgain)].slice(0, askedAtOnce);
  for (const [id, own] of some) {
    ids.delete(id);
    ids.set(id, own);
  }
  return some.map(([id]) => id);
};

/** Holds lanes for as long as anything keeps them. */
const createKeeper = (lanes: Pick<Lanes<Queued>, "hold" | "letGo">) => {
  const keptBy = new Map<string, number>();
  return {
    /** One more thing keeps a lane; `own` is what that thing keeps. */
    keep: (own: Set<string>, lane: string): void => {
      if (own.has(lane)) return;
      own.add(lane);
      keptBy.set(lane, (keptBy.get(lane) ?? 0) + 1);
      lanes.hold(lane);
    },
    /** The thing that keeps these keeps none of them any more. */
    free: (own: Set<string>): void => {
      for (const lane of own) {
        const left = (keptBy.get(lane) ?? 1) - 1;
        if (left > 0) keptBy.set(lane, left);
        else {
          keptBy.delete(lane);
          lanes.letGo(lane);
        }
      }
      own.clear();
    },
  };
};
