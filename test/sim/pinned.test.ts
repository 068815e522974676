/**
 * Bugs that the simulator found, each with a seed that shows it: the seed passes today, and fails again with the bug
 * put back. Where a change gives its seeds another story, look for a new seed with `npm run sim -- --mutants`. Two more
 * were the log's in memory; memory-log.test.ts has them.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { preparedCodec } from "./environment/codec.ts";
import { hunt } from "./hunt.ts";
import { mutants } from "./coupons/mutants.ts";
import { storiesOf } from "./stories.ts";
import { failureOf } from "./survey.ts";

const bugs = [
  { seed: 15, bug: "isolation: a guilty record at the head is answered for twice" },
  { seed: 7, bug: "isolation: guilty records are singled out for longer than a drain may take" },
  { seed: 129, bug: "ending together: a round is over while a part of it has effects" },
  { seed: 51, bug: "in doubt: a lock after a lost COMMIT is answered as nothing paid" },
  { seed: 6, bug: "one by one: a payment is answered when the last of its transaction is settled" },
] as const;

for (const { seed, bug } of bugs) {
  test(`seed ${seed}: passes, and fails when put back is the ${bug}`, async () => {
    const mutant = mutants.find(({ breaks }) => breaks === bug);
    assert.ok(mutant !== undefined);
    const stories = storiesOf(mutant);
    assert.equal(failureOf(stories, await stories.simulate(seed, { codec: await preparedCodec() })), undefined);
    assert.equal((await hunt(mutant, { from: seed, seeds: 1 })).caughtBy, seed);
  });
}
