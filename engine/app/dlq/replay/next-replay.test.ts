/** What is printed after a plan does what was planned. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nextReplay } from "./next-replay.ts";
import type { PlanOptions } from "./plan-verb.ts";

const options: PlanOptions = {
  topology: "shop",
  rate: 200,
  canary: 20,
  abortAt: 20,
  maxLag: 10_000,
  maxAttempts: 3,
  wait: true,
};

test("nextReplay: confirms that all are meant when nothing narrows the plan", () => {
  assert.equal(nextReplay([], options), 'sluice dlq replay --topology shop --all --confirm shop --reason "..."');
  // A transform narrows nothing.
  assert.match(
    nextReplay([], { ...options, transform: "./fix.ts#fix" }),
    / --all --confirm shop --transform .\/fix.ts#fix /,
  );
});

test("nextReplay: names the letters and the limits when the plan was made with some", () => {
  const over = { code: "A B", rate: 0.5, canary: 0, abortAt: 100, maxLag: 0, maxAttempts: 9, wait: false };
  assert.equal(
    nextReplay(["in/1/2"], { ...options, ...over }),
    "sluice dlq replay --topology shop --code 'A B' in/1/2 --rate 0.5 --canary 0 --abort-at 100 --max-lag 0 " +
      '--max-attempts 9 --no-wait --reason "..."',
  );
});
