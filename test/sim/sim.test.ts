/** Seeds that any change has to pass. That they can fail is for mutants.test.ts to prove. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { preparedCodec } from "./environment/codec.ts";
import { tryCrashPoints } from "./crash-points.ts";
import { storiesOf } from "./stories.ts";
import { kinds } from "./story.ts";
import { surveySeeds } from "./survey.ts";
import { lineOf } from "./trace.ts";

/** Payments have more processes: dying at every point of a story of theirs is for `--crash-points`. */
const stories = { coupons: { seed: 2, every: 1 }, payments: { seed: 3, every: 3 } } as const;

for (const kind of kinds) {
  test(`simulation of ${kind}: keeps every promise for the first 60 seeds`, async () => {
    const codec = await preparedCodec();
    const { seeds, failures, asked } = await surveySeeds(storiesOf({ kind }), {
      ...{ codec, from: 1, seeds: 60, maxFailures: 1 },
    });
    assert.deepEqual(failures, []);
    assert.equal(seeds, 60);
    assert.ok(asked > 1_000);
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
    assert.ok(points > 200);
  });
}
