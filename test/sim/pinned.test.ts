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
  { seed: 102_772, bug: "isolation: guilty records are singled out for longer than a drain may take" },
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

/** Of the log in memory itself: the memory of a broker, not the pipeline's. */
const brokerBugs = [
  { seed: 1_143, bug: "a worker that was cut off while partitions were assigned comes back to none of them" },
  { seed: 11_144, bug: "a commit that a rebalance has overtaken takes the group back" },
];
for (const { seed, bug } of brokerBugs) {
  test(`seed ${seed}: passes, which it did not when ${bug}`, async () => {
    assert.equal(failureOf(await simulate(seed, { codec: await preparedCodec() })), undefined);
  });
}
