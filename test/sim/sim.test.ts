/** Seeds that any change has to pass. That they can fail is for mutants.test.ts to prove. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { preparedCodec } from "./environment/codec.ts";
import { tryCrashPoints } from "./crash-points.ts";
import { storiesOf } from "./stories.ts";
import { kinds } from "./story.ts";
import { surveySeeds } from "./survey.ts";
import { lineOf } from "./trace.ts";

/** A part of the points, and of the seeds, for a quick answer: `.ci/run` tries every point and thousands of seeds. */
const stories = { coupons: { seed: 2, every: 4 }, payments: { seed: 3, every: 5 } } as const;
const seedsOfKind = 30;

for (const kind of kinds) {
  test(`simulation of ${kind}: keeps every promise for the first ${seedsOfKind} seeds`, async () => {
    const codec = await preparedCodec();
    const { seeds, failures, asked } = await surveySeeds(storiesOf({ kind }), {
      ...{ codec, from: 1, seeds: seedsOfKind, maxFailures: 1 },
    });
    assert.deepEqual(failures, []);
    assert.equal(seeds, seedsOfKind);
    assert.ok(asked > 500);
  });

  test(`simulation of ${kind}: is the same run when a seed is run again, traced or not, after others or first`, async () => {
    const { simulate } = storiesOf({ kind });
    const codec = await preparedCodec();
    const first = await simulate(5, { codec, traced: true });
    await simulate(6, { codec });
    const again = await simulate(5, { codec: await preparedCodec(), traced: true });
    assert.deepEqual(again.happenings.map(lineOf), first.happenings.map(lineOf));
    assert.ok(first.happenings.length > 100);
    const untraced = await simulate(5, { codec });
    assert.deepEqual([untraced.turns, untraced.tookMs], [first.turns, first.tookMs]);
  });

  test(`simulation of ${kind}: keeps every promise when a process dies at any point of a small story`, async () => {
    const { failures, points } = await tryCrashPoints(await preparedCodec(), { kind, ...stories[kind] });
    assert.deepEqual(failures, []);
    assert.ok(points > 100);
  });
}
