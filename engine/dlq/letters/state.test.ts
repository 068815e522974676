/** What became of letters, by each row of the table of states. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { aLetter, aRecord, aRetry, letterHeaders } from "../testing/samples.ts";
import { originKey } from "./letter.ts";
import { retryOf, type StateFacts, standingsOf } from "./state.ts";

const facts = (over: Partial<StateFacts>): StateFacts => ({
  letters: [aLetter(1)],
  retries: [],
  committed: [],
  discards: new Set(),
  finishedJobs: new Set(),
  ...over,
});
const states = (over: Partial<StateFacts>) =>
  standingsOf(facts(over)).map(({ letter, state }) => `${letter.origin.offset}#${letter.attempt} ${state}`);

const again = aLetter(1, { attempt: "2", job: "job-1" }, 7n);
const discarded = new Set([originKey(aLetter(1).origin)]);
const rows: readonly [what: string, Partial<StateFacts>, readonly string[]][] = [
  ["no retry record was written", {}, ["1#1 open"]],
  [
    "its retry record is where the group's offset is",
    { retries: [aRetry(1)], committed: [undefined, 1n] },
    ["1#1 pending"],
  ],
  ["the group has committed nothing", { retries: [aRetry(1)] }, ["1#1 pending"]],
  [
    "its retry record is before the group's offset",
    { retries: [aRetry(1)], committed: [undefined, 2n] },
    ["1#1 resolved"],
  ],
  [
    "the group is gone and the job has finished",
    { retries: [aRetry(1)], finishedJobs: new Set(["job-1"]) },
    ["1#1 resolved"],
  ],
  [
    "there is a letter of the next attempt",
    { letters: [aLetter(1), again], retries: [aRetry(1)], committed: [undefined, 2n] },
    ["1#1 failed-again", "1#2 open"],
  ],
  [
    "the next attempt's letter stands before it in another partition",
    { letters: [again, aLetter(1)], retries: [aRetry(1)], committed: [undefined, 2n] },
    ["1#1 failed-again", "1#2 open"],
  ],
  [
    "the next attempt was replayed too",
    {
      letters: [aLetter(1), again],
      retries: [aRetry(1), aRetry(1, { attempt: 2, at: 5n })],
      committed: [undefined, 6n],
    },
    ["1#1 failed-again", "1#2 resolved"],
  ],
  ["a row says so", { discards: discarded }, ["1#1 discarded"]],
  [
    "its retry record is of another attempt",
    { retries: [aRetry(1, { attempt: 3 })], committed: [undefined, 9n] },
    ["1#1 open"],
  ],
  [
    "its topic was made anew",
    { letters: [aLetter(1), aLetter(1, { timestamp: "9" }, 2n)], discards: discarded },
    ["1#1 open", "1#1 discarded"],
  ],
];
for (const [what, over, expected] of rows)
  test(`standingsOf: says ${expected.join(", ")} when ${what}`, () => assert.deepEqual(states(over), expected));

test("standingsOf: counts copies of one attempt once when a worker wrote it again", () => {
  const [standing, ...others] = standingsOf(facts({ letters: [aLetter(1), aLetter(1, {}, 8n)] }));
  assert.deepEqual([standing?.copies, standing?.letter.place.offset, others.length], [1, 1n, 0]);
});

test("standingsOf: is resolved when one of two copies of a retry record was decided", () => {
  const retries = [aRetry(1, { at: 3n }), aRetry(1, { at: 9n })];
  assert.deepEqual(states({ retries, committed: [undefined, 5n] }), ["1#1 resolved"]);
});

test("retryOf: reads a retry record, and none where headers are not ours", () => {
  const at = { topic: "shop.retry", partition: 1 };
  const retry = retryOf(at, aRecord({ offset: 4n, headers: letterHeaders(1, { job: "job-1" }) }));
  assert.deepEqual(retry, aRetry(1, { at: 4n }));
  assert.equal(retryOf(at, aRecord({ headers: { other: Buffer.from("x") } })), undefined);
});
