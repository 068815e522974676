/**
 * Replays of a simulated world: some time after a letter is written, the record that it becomes is put on the retry topic;
 * some letters twice, as a runner does that was killed. Nothing is drawn for it: worlds without replays stay as they are.
 */
import type { NewRecord, TopicPartition } from "../../../engine/log/log.ts";
import { earlierOf } from "../../../engine/worker/round/letter-headers.ts";
import { retryPartitions, retryTopic, toRetryRecord } from "../../../engine/worker/round/retry-record.ts";
import { couponIssuing } from "../../../topology/coupon-issuing.ts";

/** The retry topic of the world. */
export const retries = { name: retryTopic(couponIssuing.graph.name), partitions: retryPartitions(couponIssuing.graph) };

/** What replays need of a world. */
export interface ReplayWorld {
  readonly scenario: { readonly replays: number };
  readonly time: { readonly after: (ms: number, what: () => void) => void };
  readonly append: (to: TopicPartition, records: readonly NewRecord[]) => Promise<unknown>;
}

/** The runner of a world. */
export interface Replays {
  /** A letter was written. */
  readonly died: (letter: NewRecord) => void;
  /** Letters that will be replayed yet. */
  readonly due: () => number;
}

/** Replays the first letter of each attempt, up to `replays` attempts of a record. */
export const createReplays = ({ scenario, time, append }: ReplayWorld): Replays => {
  const seen = new Set<string>();
  let due = 0;
  return {
    died: (letter) => {
      const earlier = earlierOf(letter.headers ?? {});
      if (earlier === undefined || earlier.attempt > scenario.replays) return;
      const { origin, attempt } = earlier;
      const id = `${origin.partition}/${origin.offset}#${attempt}`;
      if (seen.has(id)) return;
      seen.add(id);
      const number = Number(origin.offset) * 7 + origin.partition * 13 + attempt * 3;
      const copies = number % 5 === 0 ? 2 : 1;
      const to = { topic: retries.name, partition: origin.partition };
      for (let copy = 0; copy < copies; copy += 1) {
        due += 1;
        time.after(1 + ((number * 97 + copy * 61) % 900), () => {
          due -= 1;
          void append(to, [toRetryRecord(letter, `job-${attempt}`)]);
        });
      }
    },
    due: () => due,
  };
};
