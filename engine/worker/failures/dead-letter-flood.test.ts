/** A flood of dead letters: none of it is written, whatever becomes of deciding the round again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type AttemptEvent, createAttemptOnce } from "./attempts.ts";
import { DeadLetterFlood, guardFlood } from "./dead-letter-flood.ts";
import { createFlood } from "./flood.ts";
import { createHolds, unreadyReasons } from "./holds.ts";

const setup = () => {
  const events: AttemptEvent[] = [];
  const attempt = createAttemptOnce({
    clock: { now: () => 0, sleep: async () => {} },
    random: () => 0.5,
    backoff: { initialMs: 1, maxMs: 1 },
    maxAttempts: 3,
    signal: new AbortController().signal,
    observe: (event) => void events.push(event),
  });
  const flood = createFlood({ windowRecords: 1_000, minRecords: 100, maxShare: 0.5 });
  return { flood, attempt, kinds: () => events.map(({ kind }) => kind) };
};
const round = (deadLetters: number) => ({ records: 200, deadLetters, why: "the registry answers for another cluster" });

test("flood guard: rejects, and returns no flooded decision, when deciding again throws an unclassified error", async () => {
  const { flood, attempt } = setup();
  let decisions = 0;
  const decide = async () => {
    if (decisions++ > 0) throw new TypeError("a bug");
    return round(200);
  };
  await assert.rejects(guardFlood(flood, attempt, decide), TypeError);
  assert.equal(decisions, 4);
});

test("flood guard: returns the decision that is no flood when the cause is gone", async () => {
  const { flood, attempt, kinds } = setup();
  let decisions = 0;
  assert.deepEqual(await guardFlood(flood, attempt, async () => round(decisions++ < 3 ? 200 : 1)), round(1));
  assert.deepEqual(kinds(), ["holding", "holding", "holding", "resumed"]);
});

test("flood guard: decides once when a round is no flood", async () => {
  const { flood, attempt, kinds } = setup();
  let decisions = 0;
  assert.deepEqual(await guardFlood(flood, attempt, async () => round(decisions++)), round(0));
  assert.equal(decisions, 1);
  assert.deepEqual(kinds(), []);
});

test("flood guard: keeps the remedy in what `/ready` says when the reason is long", () => {
  const holds = createHolds({ now: () => 0 });
  const error = new DeadLetterFlood(200, 200, "a reason ".repeat(1_000));
  holds.keep("t/0", "dead letters", { error, failures: 1 });
  const [{ why } = { why: "" }] = unreadyReasons(holds.list(), { graceMs: 0, optionalDependencies: [] }, 0);
  assert.match(why, /raise SLUICE_DEAD_LETTER_PERCENT\. Most lately: a reason/);
  assert.ok(why.length < 1_200, String(why.length));
});
