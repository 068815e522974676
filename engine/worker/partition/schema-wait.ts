/**
 * Lanes that wait for a writer's schema. A record whose schema id is not known yet keeps back its own lane, and no other: the
 * registry may be away, or the id be one that never comes, and other keys' records have nothing to do with it.
 */
import type { Decoder } from "../../avro/codec.ts";
import { schemaIdIn } from "../../avro/frame.ts";
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
  readonly decoder: Pick<Decoder<unknown>, "unknownId" | "learn" | "registeredFor">;
  readonly lanes: Pick<Lanes<Queued>, "hold" | "letGo">;
  readonly attempt: AttemptOnce;
  /** Is given the asking, which a drain waits for. */
  readonly track: (asking: Promise<void>) => void;
  /** Called when lanes may be taken again, and when {@link SchemaWait.isWaiting} becomes true. */
  readonly changed: () => void;
}

/** Ids asked for in one attempt: with 8 questions at a time and 3 s for each it ends before it is taken for stalled. */
const askedAtOnce = 64;

/** No waits yet. Ids are asked for some at a time, in turn. */
export const createSchemaWait = ({ decoder, lanes, attempt, track, changed }: SchemaWaitOptions): SchemaWait => {
  const lanesOf = new Map<number, Set<string>>();
  const idsOf = new Map<string, number>();
  let [asking, waiting] = [false, false];
  const keepBack = (id: number, lane: string): void => {
    const own = lanesOf.get(id) ?? new Set();
    lanesOf.set(id, own);
    if (own.has(lane)) return;
    own.add(lane);
    idsOf.set(lane, (idsOf.get(lane) ?? 0) + 1);
    lanes.hold(lane);
  };
  /**
   * Bytes that name no schema can be decided at once. But while those around them wait they would be a round by themselves, and
   * so a flood of dead letters that nothing dilutes: a worker that starts knows no schema yet. They wait for one of the ids.
   */
  const keepBackNameless = (records: Round): void => {
    const [id] = [...lanesOf.keys()].slice(-1);
    if (id === undefined) return;
    for (const { record, lane } of records) if (schemaIdIn(record.value) === undefined) keepBack(id, lane);
  };
  const settle = (id: number): void => {
    for (const lane of lanesOf.get(id) ?? []) {
      const left = (idsOf.get(lane) ?? 1) - 1;
      if (left > 0) idsOf.set(lane, left);
      else {
        idsOf.delete(lane);
        lanes.letGo(lane);
      }
    }
    lanesOf.delete(id);
    changed();
  };
  // One that stays unknown is settled too: its records are dead-lettered when their round is read.
  const learn = async (id: number) => {
    const learned = await decoder.learn(id);
    if (learned === "known" || learned === "unknown") settle(id);
    return learned;
  };
  const next = (): readonly number[] => {
    const some = [...lanesOf].slice(0, askedAtOnce);
    for (const [id, own] of some) {
      lanesOf.delete(id);
      lanesOf.set(id, own);
    }
    return some.map(([id]) => id);
  };
  const askSome = async (): Promise<void> => {
    try {
      await learnAll({ learn, registeredFor: decoder.registeredFor }, next());
    } catch (error) {
      if (!waiting) {
        waiting = true;
        changed();
      }
      throw error;
    }
  };
  const ask = async (): Promise<void> => {
    // More may come while some are asked for.
    while (lanesOf.size > 0) await attempt("decode", askSome);
  };
  return {
    check: (records) => {
      for (const { record, lane } of records) {
        const id = decoder.unknownId(record.value);
        if (id !== undefined) keepBack(id, lane);
      }
      keepBackNameless(records);
      if (asking || lanesOf.size === 0) return;
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
