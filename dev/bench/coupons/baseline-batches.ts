/**
 * Batches with p-limit: kafkajs `eachBatch`, and the records of a batch side by side, each with a decrement, a transaction
 * and a result event of its own. Offsets are committed after the batch. The order of a key is given up.
 */
import type { EachBatchPayload } from "kafkajs";
import pLimit from "p-limit";
import { type BaselineRun, withShop } from "./baseline-shop.ts";
import { type BaselineOptions, type BaselineTopics, untilDone, withTopics } from "./baseline-topics.ts";

/** Records of a batch in flight at once, each with a connection to the database. */
const sideBySide = 32;

/** Runs the baseline over a preloaded topic. @throws the drivers' errors: of the first record that fails */
export const runBatches = (options: BaselineOptions): Promise<BaselineRun> =>
  withShop(options, sideBySide, ({ issue }) =>
    withTopics(options, ({ consumer, handle }) => drainBatches(options, consumer, (value) => handle(value, issue))),
  );

const drainBatches = async (
  { records, signal }: Pick<BaselineOptions, "records" | "signal">,
  consumer: BaselineTopics["consumer"],
  handle: (value: Buffer) => Promise<boolean>,
): Promise<BaselineRun> => {
  const limit = pLimit(sideBySide);
  const { done, fail, ended } = untilDone(signal);
  let [seen, issued, startedAt] = [0, 0, 0];
  const decide = async ({ batch, heartbeat }: EachBatchPayload): Promise<void> => {
    if (seen === 0) startedAt = performance.now();
    const verdicts = await limit.map(batch.messages, async ({ value }) => {
      const verdict = value !== null && (await handle(value));
      await heartbeat();
      return verdict;
    });
    seen += verdicts.length;
    issued += verdicts.filter((verdict) => verdict).length;
    if (seen >= records) done();
  };
  await consumer.run({ eachBatch: (payload) => decide(payload).catch(fail) });
  await ended;
  return { records: seen, issued, seconds: (performance.now() - startedAt) / 1_000 };
};
