/** In which order a partition asks for the schemas that it does not know, and what it keeps back meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Learned } from "../../avro/learn.ts";
import { inFlight } from "./in-flight.ts";
import { createSchemaWait } from "./schema-wait.ts";

const named = (id: number): Buffer => {
  const bytes = Buffer.alloc(6);
  bytes.writeInt32BE(id, 1);
  return bytes;
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A partition's waits on a registry that answers as told; an attempt that fails is repeated when it is let. */
const stage = (answer: (id: number) => Learned) => {
  const state = { asked: [] as number[], failures: 0, askedBy: new Map<string, number>() };
  const held = new Set<string>();
  const known = new Set<number>();
  let again = Promise.withResolvers<void>();
  const running: Promise<void>[] = [];
  const feed = { at: { topic: "t", partition: 0 }, ledger: undefined as never };
  const letGo = (lane: string): void => {
    held.delete(lane);
    state.askedBy.set(lane, state.asked.length);
  };
  const wait = createSchemaWait({
    decoder: {
      isUnknown: (id) => !known.has(id),
      registeredFor: () => undefined,
      learn: async (id) => {
        state.asked.push(id);
        if (answer(id) === "known") known.add(id);
        return answer(id);
      },
    },
    lanes: { hold: (lane) => held.add(lane), letGo },
    attempt: async (_, run) => {
      for (;;)
        try {
          return await run();
        } catch {
          state.failures++;
          await again.promise;
        }
    },
    track: (asking) => void running.push(asking),
    changed: () => {},
  });
  const intake = (...records: readonly (readonly [lane: string, value: Buffer])[]): void =>
    wait.check(
      records.map(([lane, value], at) => {
        const record = { offset: BigInt(at), timestampMs: 0, key: Buffer.from(lane), value, headers: {} };
        return inFlight(record, undefined as never, feed);
      }),
    );
  const retry = (): void => {
    again.resolve();
    again = Promise.withResolvers();
  };
  return { state, held, intake, retry };
};

test("schema wait: asks for every id once before it waits, the ones first that most records name", async () => {
  const { state, intake, held } = stage((id) => (id === 7 ? "known" : "awaited"));
  const strangers = Array.from({ length: 1_500 }, (_, n) => [`k${n}`, named(1_000 + n)] as const);
  intake(...strangers, ["hot", named(7)], ["hot", named(7)]);
  while (state.failures === 0) await turn();
  assert.equal(state.asked[0], 7);
  assert.equal(new Set(state.asked).size, 1_501);
  assert.ok(state.asked.length <= 1.5 * 1_501 + 64, `${state.asked.length} questions`);
  assert.equal(held.has("hot"), false);
  assert.equal(held.size, 1_500);
});

test("schema wait: comes back to an id that was answered when new ones come without an end", async () => {
  const answered = new Set<number>();
  const { state, intake, held, retry } = stage((id) => (answered.has(id) ? "unknown" : "awaited"));
  intake(["hot", named(7)]);
  await turn();
  answered.add(7);
  intake(...Array.from({ length: 1_000 }, (_, n) => [`k${n}`, named(1_000 + n)] as const));
  retry();
  while (held.has("hot")) await turn();
  const asked = state.askedBy.get("hot") ?? 0;
  assert.ok(asked <= 1 + 64, `${asked} questions before it`);
});

for (const learned of ["postponed", "refused", "unavailable"] as const)
  test(`schema wait: waits before it asks for more when an answer is ${learned}`, async () => {
    const { state, intake } = stage(() => learned);
    intake(...Array.from({ length: 200 }, (_, n) => [`k${n}`, named(1_000 + n)] as const));
    for (let n = 0; n < 20; n++) await turn();
    assert.deepEqual([state.failures, state.asked.length], [1, 64]);
  });

test("schema wait: keeps a lane back until each of its ids is settled, and no lane that names none", async () => {
  const { intake, held, retry } = stage((id) => (id === 7 ? "known" : "awaited"));
  intake(["a", named(1_000)], ["b", Buffer.from("{}")]);
  await turn();
  intake(["c", named(7)], ["a", named(7)]);
  retry();
  while (held.has("c")) await turn();
  assert.deepEqual([...held], ["a"]);
});
