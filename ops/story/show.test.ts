/** A story on a terminal. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { showStory } from "./show.ts";
import { inOrder, type Story } from "./story.ts";

const story: Story = {
  subject: { kind: "user", id: "a\u001b[31m\nb" },
  moments: [
    {
      at: 1_780_000_000_000,
      what: "accepted",
      text: `u asks for ${"c".repeat(64)}, number 4,231`,
      from: "coupon-issue/3/4230",
    },
    { what: "dead letter", text: "x".repeat(300), from: `${"t".repeat(249)}/1/2` },
  ],
  contradictions: [`it ${"is ".repeat(60)}`],
  pending: ["it is not decided yet"],
  unknown: ["y".repeat(200)],
};

test("showStory: stays within 100 columns, and shows nothing that a terminal obeys, when texts are long and foreign", () => {
  const shown = showStory(story);
  assert.ok(!shown.includes("\u001b[31m"));
  for (const line of shown.split("\n")) assert.ok(line.length <= 100, line);
  assert.match(shown, /^2026-05-28T20:26:40\.000Z {2}accepted {5}u asks for/m);
  assert.match(shown, /from coupon-issue\/3\/4230/);
});

test("showStory: says that everything agrees when nothing is open", () => {
  const calm = { ...story, contradictions: [], pending: [], unknown: [] };
  assert.match(showStory(calm), /everything agrees$/);
});

test("inOrder: keeps what has no time behind what it follows when moments are put in order", () => {
  const moment = (what: string, at?: number) => ({ what, text: "", from: "", ...(at === undefined ? {} : { at }) });
  const ordered = inOrder([moment("b", 2), moment("then"), moment("c", 3), moment("a", 1), moment("after a")]);
  assert.deepEqual(
    ordered.map(({ what }) => what),
    ["a", "after a", "b", "then", "c"],
  );
});
