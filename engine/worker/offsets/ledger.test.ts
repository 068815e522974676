/** The ledger, against a naive model that keeps every offset for ever. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createLedger, type Entry, OffsetNotAscending } from "./ledger.ts";

test("ledger: has nothing to commit when nothing was read", () => {
  assert.equal(createLedger().committable(), undefined);
});

test("ledger: commits past the last record when all are finished", () => {
  const ledger = createLedger();
  for (const entry of [ledger.register(5n), ledger.register(9n)]) ledger.finish(entry);
  assert.equal(ledger.committable(), 10n);
});

test("ledger: never commits past an unfinished record when later ones are finished", () => {
  const ledger = createLedger();
  const [first, second, third] = [ledger.register(1n), ledger.register(2n), ledger.register(3n)];
  ledger.finish(third);
  ledger.finish(second);
  assert.equal(ledger.committable(), 1n);
  ledger.finish(first);
  assert.equal(ledger.committable(), 4n);
});

test("ledger: keeps no more in memory when one record is held while a hundred thousand come and go", () => {
  const ledger = createLedger();
  const held = ledger.register(0n);
  for (let offset = 1n; offset <= 100_000n; offset++) ledger.finish(ledger.register(offset));
  assert.equal(ledger.committable(), 0n);
  assert.ok(ledger.kept() < 2_000, `${ledger.kept()} entries`);
  ledger.finish(held);
  assert.equal(ledger.committable(), 100_001n);
});

test("ledger: refuses an offset when it does not ascend", () => {
  const ledger = createLedger();
  ledger.register(7n);
  assert.throws(() => ledger.register(7n), OffsetNotAscending);
});

/** Every offset ever registered, and whether it is finished. */
const modelCommittable = (all: readonly { readonly offset: bigint; readonly done: boolean }[]): bigint | undefined => {
  const last = all.at(-1);
  if (last === undefined) return undefined;
  return all.find(({ done }) => !done)?.offset ?? last.offset + 1n;
};

test("ledger: agrees with the model when records finish in any order, with gaps and repeats", () => {
  const steps = fc.array(
    fc.record({ gap: fc.integer({ min: 1, max: 3 }), finish: fc.array(fc.nat(), { maxLength: 3 }) }),
    {
      maxLength: 4_000,
      size: "max",
    },
  );
  fc.assert(
    fc.property(steps, (script) => {
      const ledger = createLedger();
      const model: { offset: bigint; done: boolean; entry: Entry }[] = [];
      let offset = 0n;
      for (const { gap, finish } of script) {
        offset += BigInt(gap);
        model.push({ offset, done: false, entry: ledger.register(offset) });
        for (const pick of finish) {
          // Mostly old records, so that the head moves and is dropped in bulk.
          const chosen = model[pick % model.length];
          if (chosen === undefined) continue;
          chosen.done = true;
          ledger.finish(chosen.entry);
        }
      }
      assert.equal(ledger.committable(), modelCommittable(model));
      assert.equal(ledger.unfinished(), model.filter(({ done }) => !done).length);
    }),
    { numRuns: 30 },
  );
});

test("ledger: keeps no finished record when a million have passed", () => {
  const ledger = createLedger();
  const window: Entry[] = [];
  for (let offset = 0n; offset < 1_000_000n; offset++) {
    window.push(ledger.register(offset));
    const oldest = window.length > 100 ? window.shift() : undefined;
    if (oldest !== undefined) ledger.finish(oldest);
  }
  assert.equal(ledger.unfinished(), 100);
  assert.equal(ledger.committable(), 999_900n);
});
