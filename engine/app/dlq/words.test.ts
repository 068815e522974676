/** What people and programs read of letters. */
import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { test } from "node:test";
import { groupsOf } from "../../dlq/letters/group.ts";
import { standingsOf } from "../../dlq/letters/state.ts";
import { type LetterFacts, planReplay } from "../../dlq/plan/plan.ts";
import { aLetter, aRetry } from "../../dlq/testing/samples.ts";
import { csvCell } from "./export.ts";
import { planLines } from "./replay/show-plan.ts";
import { jsonText, masked, valueText } from "./values.ts";
import { agoText, cell, groupTable, letterJson, letterTable, shellWord, tookText } from "./words.ts";

const now = 100_000_000;
const letters = [
  aLetter(1, {
    node: "a-very-long-step-name-indeed",
    code: "SOMETHING_VERY_LONG_WENT_WRONG",
    "last-at": `${now - 7_200_000}`,
  }),
  aLetter(2, { attempt: "2" }),
  aLetter(3),
];
const standings = standingsOf({
  letters,
  retries: [aRetry(3)],
  committed: [undefined, 0n],
  discards: new Set(),
  finishedJobs: new Set(),
});
const isNarrow = (table: string): boolean =>
  stripVTControlCharacters(table)
    .split("\n")
    .every((line) => line.length <= 100);

test("letterTable: keeps ids whole, and a line in 100 columns", () => {
  const table = stripVTControlCharacters(letterTable(standings, now));
  assert.match(table, /in\/1\/1 +open +1 +a-very-long-ste… +SOMETHING_VERY_LO… +2 h ago +k\n/);
  assert.ok(isNarrow(table));
});

test("letterTable and groupTable: print no control characters when a letter's texts have some", () => {
  const clear = "\u001b[2J";
  const hostile = standingsOf({
    letters: [aLetter(1, { node: `n${clear}`, fingerprint: `f${clear}` })],
    retries: [],
    committed: [],
    discards: new Set(),
    finishedJobs: new Set(),
  });
  for (const table of [letterTable(hostile, now), groupTable(groupsOf(hostile), now)])
    assert.ok(!table.includes(clear));
});

test("shellWord: is one word of a shell that runs nothing when a text has been written by anybody", () => {
  assert.deepEqual(["7c1e44a0", "`reboot`", "it's", "#reboot"].map(shellWord), [
    "7c1e44a0",
    "'`reboot`'",
    "'it'\\''s'",
    "'#reboot'",
  ]);
});

test("groupTable: says what share is readable, and never all of it when one is not", () => {
  const of = (count: number) =>
    groupsOf(
      Array.from({ length: count }, (_, n) => ({ letter: aLetter(n), state: "open" as const, copies: 0, retries: [] })),
      ({ letter }) => letter.origin.offset !== 0n,
    );
  assert.match(groupTable(of(300), now), /99 %/);
  assert.match(groupTable(of(1), now), / 0 %/);
  assert.ok(isNarrow(groupTable(groupsOf(standings), now)));
});

test("letterJson: has offsets as texts, because they may be over 2^53", () => {
  const [first] = standings.filter(({ state }) => state === "pending").map(letterJson);
  assert.deepEqual(
    [first?.id, first?.origin.offset, first?.retries],
    ["in/1/3", "3", [{ job: "job-1", partition: 1, offset: "3" }]],
  );
  assert.ok(JSON.stringify(first));
});

test("planLines: says each fitness with what changes it, and what replaying means", () => {
  const facts: LetterFacts = {
    prospectOf: () => "sound",
    sources: new Map([["in", 2]]),
    maxAttempts: 2,
  };
  const limits = { rate: 200, canary: 20, abortAtPercent: 20, maxLag: 10_000, maxAttempts: 2, wait: true };
  const about = { topology: "shop", selection: {}, limits, letterEnds: [], retryEnds: [] };
  const plan = planReplay(standings, facts, about);
  const planned = {
    plan,
    clusterId: "c",
    deployed: null,
    readers: 3,
    advice: ["1 of them asks too late"],
    refusals: [],
    warnings: [],
    selected: standings,
  };
  const lines = planLines(planned, false);
  assert.deepEqual(lines, [
    "3 letters, up to now, to shop.retry",
    "      1  ready",
    "      1  over the cap of 2 attempts                     --max-attempts raises it",
    "      1  pending: replayed, and not decided yet",
    "They are decided when they are replayed, for ever; 1 of them asks too late. 3 worker(s) read the",
    "retry topic. At 200/s: 0 s after a canary of 1.",
  ]);
});

test("cell: prints no control characters, and cuts", () => {
  assert.equal(cell("a\u001b[31mb\n", 20), "a·[31mb·");
  assert.equal(cell("a\u202eb\u200fc\u2028d", 20), "a·b·c·d");
  assert.equal(cell("abcdef", 4), "abc…");
});

test("agoText and tookText: use one or two units", () => {
  assert.deepEqual(
    [agoText(now - 59_000, now), agoText(now - 3 * 86_400_000, now), agoText(now + 5, now)],
    ["59 s ago", "3 d ago", "0 s ago"],
  );
  assert.deepEqual([tookText(400), tookText(72_000), tookText(7_260_000)], ["1 s", "1 min 12 s", "2 h 1 min"]);
});

test("masked: hides users at any depth, and keeps equal ones equal", () => {
  const one = masked({ userId: "u1", order: { user_id: 7, lines: [{ userName: "x" }] }, amount: 5 });
  assert.match(jsonText(one), /^{"userId":"masked-[0-9a-f]{12}","order":{"user_id":"masked-/);
  assert.ok(!/"u1"|"x"|7/.test(jsonText(one).replaceAll(/masked-[0-9a-f]+/g, "")));
  assert.deepEqual(masked({ userId: "u1" }), masked({ userId: "u1" }));
});

test("valueText: shows bytes that are no text as hex", () => {
  assert.deepEqual(
    [
      valueText(Buffer.from("é")),
      valueText(Buffer.from([255, 0])),
      valueText(Buffer.from([0, 0, 0, 3])),
      valueText(null),
    ],
    ["é", "0xff00", "0x00000003", null],
  );
});

test("csvCell: quotes what it must, and lets no formula through", () => {
  assert.deepEqual(
    [csvCell('a"b,c'), csvCell("=1+1"), csvCell(null), csvCell(5n), csvCell({ a: 1 })],
    ['"a""b,c"', "'=1+1", "", "5", '"{""a"":1}"'],
  );
});
