/** Seeds that any change has to pass, and proof that they can fail: every mutant is caught. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { preparedCodec } from "./codec.ts";
import { tryCrashPoints } from "./crash-points.ts";
import { hunt } from "./hunt.ts";
import { mutants } from "./mutants.ts";
import { storiesOf } from "./stories.ts";
import { kinds } from "./story.ts";
import { surveySeeds } from "./survey.ts";
import { lineOf } from "./trace.ts";

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
    const { failures, points } = await tryCrashPoints(await preparedCodec(), { kind, seed: 2 });
    assert.deepEqual(failures, []);
    assert.ok(points > 300);
  });
}

/** Seeds within which each mutant is caught; the slowest one takes about 100. Those that show rarely name worlds they show in. */
const withinSeeds = 200;
for (const mutant of mutants) {
  test(`simulation of ${mutant.kind}: catches the mutant when broken is the ${mutant.breaks}`, async () => {
    const { caughtBy } = await hunt(mutant, { from: 1, seeds: withinSeeds });
    assert.notEqual(caughtBy, undefined);
  });
}
