/** Holds, and when they make a process unready. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../processors/errors.ts";
import { createHolds, impatience } from "./holds.ts";

const patience = { graceMs: 10_000, calm: ["platform"] };

test("holds: make the process unready after their grace, counted from their beginning, until they end", () => {
  let now = 0;
  const holds = createHolds({ now: () => now });
  const why = () => impatience(holds.list(), patience, now);
  holds.keep("t/0", "write", new Unavailable("database", "refused"));
  now = 9_999;
  holds.keep("t/0", "write", new Unavailable("database", "refused"));
  holds.keep("t/1", "read", new Unavailable("database", "refused"));
  assert.deepEqual(why(), []);
  now = 20_000;
  assert.deepEqual(why(), ["database has been away for 20 s, and holds write, read"]);
  holds.end("t/1", "read");
  assert.deepEqual(why(), ["database has been away for 20 s, and holds write"]);
  holds.end("t/0", "write");
  assert.deepEqual(why(), []);
});

test("holds: leave the process ready when what is away is none of its concern", () => {
  const holds = createHolds({ now: () => 0 });
  holds.keep("t/0", "deliver", new Unavailable("platform", "503"));
  assert.deepEqual(impatience(holds.list(), patience, 3_600_000), []);
});
