/** The exporter: its bounds, what it does while the receiver is away, and its end. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Logger } from "../logger.ts";
import { settled, steppedClock } from "../testing/stepped-clock.ts";
import type { EndedSpan } from "./ended-span.ts";
import { type Exporter, startExporter } from "./exporter.ts";
import { keptSpans } from "./testing/kept-spans.ts";

const limits = { maxQueued: 10, maxBatch: 4, intervalMs: 1_000, closeMs: 500 };
const aSpan = (): EndedSpan => {
  const { tracer, ended } = keptSpans();
  tracer.startSpan("a").end();
  return ended[0] ?? assert.fail();
};
const add = (exporter: Exporter, count: number): void => {
  for (let n = 0; n < count; n++) exporter.add(aSpan());
};

/** An exporter whose receiver does what `answer` says; `sizes` are the batches that were sent. */
const stage = () => {
  const { clock, step } = steppedClock();
  const sizes: number[] = [];
  const logged: string[] = [];
  const log = ({ event }: Parameters<Logger["info"]>[0]) => void logged.push(event);
  const receiver = { answer: (_signal: AbortSignal): Promise<void> => Promise.resolve() };
  const send = (spans: readonly EndedSpan[], signal: AbortSignal): Promise<void> => {
    sizes.push(spans.length);
    return receiver.answer(signal);
  };
  const exporter = startExporter({ send, clock, logger: { info: log, warn: log }, limits });
  return { exporter, step, sizes, logged, receiver };
};
const refused = () => Promise.reject(new Error("refused"));
const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));

test("exporter: sends what there is when the interval is over, and nothing when there is nothing", async () => {
  const { exporter, step, sizes } = stage();
  await step(1_000);
  add(exporter, 3);
  await step(999);
  assert.deepEqual(sizes, []);
  await step(1);
  assert.deepEqual([sizes, exporter.counts()], [[3], { exported: 3, dropped: 0, failed: 0 }]);
  await exporter.close();
});

test("exporter: sends full batches at once when they are full", async () => {
  const { exporter, sizes } = stage();
  add(exporter, 9);
  await settled();
  assert.deepEqual(sizes, [4, 4]);
  await exporter.close();
  assert.deepEqual(sizes, [4, 4, 1]);
});

test("exporter: drops and counts what does not fit when the receiver does not answer", async () => {
  const { exporter, receiver } = stage();
  receiver.answer = untilAborted;
  add(exporter, 4);
  await settled();
  add(exporter, 25);
  assert.deepEqual(exporter.counts(), { exported: 0, dropped: 15, failed: 0 });
});

test("exporter: loses a batch, waits the interval, and says it once when the receiver refuses", async () => {
  const { exporter, step, sizes, logged, receiver } = stage();
  receiver.answer = refused;
  add(exporter, 4);
  await settled();
  add(exporter, 8);
  await settled();
  assert.deepEqual(sizes, [4]);
  await step(1_000);
  await step(1_000);
  assert.deepEqual([exporter.counts().failed, logged], [12, ["traces.lost"]]);
  receiver.answer = () => Promise.resolve();
  add(exporter, 1);
  await step(1_000);
  assert.deepEqual([exporter.counts().exported, logged], [1, ["traces.lost", "traces.exported"]]);
  await exporter.close();
});

test("exporter: gives up what is under way and what waits when closing takes too long", async () => {
  const { exporter, step, receiver } = stage();
  receiver.answer = untilAborted;
  add(exporter, 4);
  await settled();
  add(exporter, 5);
  const closed = exporter.close();
  assert.equal(exporter.close(), closed);
  await step(500);
  await closed;
  exporter.add(aSpan());
  assert.deepEqual(exporter.counts(), { exported: 0, dropped: 1, failed: 9 });
});
