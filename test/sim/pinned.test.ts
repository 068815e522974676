/**
 * Bugs that the simulator found, each with the seed that showed it: the seed passes today, and fails again with the bug
 * put back. Where a change to the simulator gives its seeds another world, look for a new seed with
 * `npm run sim -- --mutants`.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { preparedCodec } from "./codec.ts";
import { hunt, mutants } from "./mutants.ts";
import { simulate } from "./simulate.ts";
import { failureOf } from "./survey.ts";

const bugs = [
  { seed: 50, bug: "isolation: a guilty record at the head is answered for twice" },
  { seed: 53, bug: "isolation: the first of several copies is taken for the guilty one" },
  { seed: 244, bug: "ending together: a round is over while a part of it has effects" },
] as const;

for (const { seed, bug } of bugs) {
  test(`seed ${seed}: passes, and fails when put back is the ${bug}`, async () => {
    assert.equal(failureOf(await simulate(seed, { codec: await preparedCodec() })), undefined);
    const mutant = mutants.find(({ breaks }) => breaks === bug);
    assert.ok(mutant !== undefined);
    assert.equal((await hunt({ mutant, from: seed, seeds: 1 })).caughtBy, seed);
  });
}

// The log in memory itself: a member that was cut off while partitions were assigned came back to none of them.
for (const seed of [1_143, 1_449]) {
  test(`seed ${seed}: comes to rest when a worker comes back that missed its assignment`, async () => {
    assert.equal(failureOf(await simulate(seed, { codec: await preparedCodec() })), undefined);
  });
}
