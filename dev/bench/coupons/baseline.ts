/**
 * The per-record baseline: what a careful team writes with the same libraries and no rounds. kafkajs `eachMessage`, one
 * decrement, one transaction and one result event a record, awaited in turn, because one key must stay in order.
 */
import type { Consumer } from "kafkajs";
import { type BaselineRun, type ShopOptions, withShop } from "./baseline-shop.ts";
import { type BaselineOptions, untilDone, withTopics } from "./baseline-topics.ts";

/** Runs the baseline of coupons over a preloaded topic. @throws the drivers' errors */
export const runBaseline = (options: BaselineOptions): Promise<BaselineRun> =>
  withShop(options, 2, ({ issue }) =>
    withTopics(options, ({ consumer, handle }) => drain(options, consumer, (value) => handle(value, issue))),
  );

/** Takes `records` records one after the other; `handle` answers whether one counts as issued. @throws what `handle` throws first, and the signal's reason */
export const drain = async (
  { records, signal }: Pick<ShopOptions, "records" | "signal">,
  consumer: Consumer,
  handle: (value: Buffer) => Promise<boolean>,
): Promise<BaselineRun> => {
  const { done, fail, ended } = untilDone(signal);
  let seen = 0;
  let issued = 0;
  let startedAt = 0;
  await consumer.run({
    eachMessage: async ({ message }) => {
      if (seen >= records || message.value === null) return;
      if (seen === 0) startedAt = performance.now();
      if (await handle(message.value).catch(fail)) issued++;
      if (++seen === records) done();
    },
  });
  await ended;
  return { records: seen, issued, seconds: (performance.now() - startedAt) / 1_000 };
};
