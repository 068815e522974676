/** Verifying all the time: when a full look is taken, what counts as a violation, and what an outage does. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Unavailable } from "../../errors.ts";
import { silentLogger } from "../../logger.ts";
import { settled, steppedClock } from "../../testing/stepped-clock.ts";
import { watchSubjects } from "./watch.ts";

const times = { everyMs: 15_000, fullEveryMs: 600_000, graceMs: 10_000 };

const stage = () => {
  const { clock, step } = steppedClock();
  const world = { broken: 0, first: 0, doubtful: 0, isAway: false, isFullAway: false, fullLooks: 0, newerLooks: 0 };
  const answer = () => {
    if (world.isAway) throw new Unavailable("database", "refused");
  };
  const violations = new Map<string, number>();
  const seen = { succeededAtMs: 0 };
  const watching = watchSubjects({
    subjects: [
      {
        subject: "orders",
        full: async () => {
          answer();
          if (world.isFullAway) throw new Unavailable("kafka", "refused");
          world.fullLooks += 1;
          const found = Array.from({ length: world.broken }, (_, n) => `order ${world.first + n}`);
          return [{ claim: "all add up", looked: 9, broken: world.broken, pending: 4, examples: found }];
        },
        newer: async () => {
          answer();
          world.newerLooks += 1;
          return world.doubtful;
        },
      },
    ],
    times,
    clock,
    logger: silentLogger,
    telemetry: {
      violations: (check, count) => violations.set(check, count),
      succeeded: (atMs) => {
        seen.succeededAtMs = atMs;
      },
    },
  });
  const violated = () => violations.get("orders: all add up");
  return { world, watching, violated, seen, step, clock };
};

test("verify watch: looks at everything at the start, and then only at what is new until its time has come", async () => {
  const { world, watching, violated, step } = stage();
  await settled();
  assert.deepEqual([world.fullLooks, world.newerLooks, violated(), watching.ready().ok], [1, 0, 0, true]);
  for (let turn = 0; turn < 39; turn += 1) await step(15_000);
  assert.deepEqual([world.fullLooks, world.newerLooks], [1, 39]);
  await step(15_000);
  assert.equal(world.fullLooks, 2);
  await watching.stop();
});

test("verify watch: counts a violation when two full looks in a row have found it, and none when the next has not", async () => {
  const { world, watching, violated, step } = stage();
  await settled();
  world.broken = 3;
  world.doubtful = 1;
  await step(15_000);
  assert.deepEqual([world.fullLooks, violated()], [2, 0]);
  world.doubtful = 0;
  await step(15_000);
  assert.deepEqual([world.fullLooks, violated()], [3, 3]);
  world.broken = 0;
  await step(15_000);
  assert.deepEqual([world.fullLooks, violated()], [4, 0]);
  await step(15_000);
  assert.equal(world.fullLooks, 4);
  await watching.stop();
});

test("verify watch: counts no violation when two full looks in a row have found as many, and not the same", async () => {
  const { world, watching, violated, step } = stage();
  await settled();
  world.broken = 3;
  world.doubtful = 1;
  await step(15_000);
  world.first = 3;
  await step(15_000);
  assert.deepEqual([world.fullLooks, violated()], [3, 0]);
  // One of them stays.
  world.first = 5;
  await step(15_000);
  assert.deepEqual([world.fullLooks, violated()], [4, 1]);
  await watching.stop();
});

test("verify watch: keeps its doubt when the full look that was to settle it fails", async () => {
  const { world, watching, step } = stage();
  await settled();
  world.doubtful = 1;
  world.isFullAway = true;
  await step(15_000);
  // Whoever found it has forgotten it.
  world.doubtful = 0;
  await step(15_000);
  assert.deepEqual([world.fullLooks, world.newerLooks], [1, 1]);
  world.isFullAway = false;
  await step(15_000);
  assert.equal(world.fullLooks, 2);
  await watching.stop();
});

test("verify watch: keeps what it knows, and goes on by itself, when something is away", async () => {
  const { world, watching, seen, step, clock } = stage();
  await settled();
  const succeededAtMs = seen.succeededAtMs;
  assert.equal(succeededAtMs, clock.now());
  world.isAway = true;
  await step(15_000);
  assert.equal(watching.ready().ok, true);
  await step(15_000);
  assert.deepEqual(watching.ready(), {
    ok: false,
    why: ["orders could not be looked at for 15 s"],
    codes: ["DEPENDENCY_AWAY"],
  });
  assert.equal(seen.succeededAtMs, succeededAtMs);
  world.isAway = false;
  await step(15_000);
  assert.equal(watching.ready().ok, true);
  await watching.stop();
});

test("verify watch: is not ready before everything was read once", async () => {
  const { world, watching, step } = stage();
  world.isAway = true;
  assert.deepEqual(watching.ready().codes, ["STARTING"]);
  await step(0);
  world.isAway = false;
  await step(15_000);
  assert.equal(watching.ready().ok, true);
  await watching.stop();
});

test("verify watch: ends between two looks when it is stopped", async () => {
  const { world, watching, step } = stage();
  await settled();
  await watching.stop();
  await step(600_000);
  assert.deepEqual([world.fullLooks, world.newerLooks], [1, 0]);
});

test("verify watch: is stopped in its time when a look never ends", async () => {
  const { clock, step } = steppedClock();
  const watching = watchSubjects({
    subjects: [{ subject: "orders", full: () => new Promise(() => {}) }],
    times,
    clock,
    logger: silentLogger,
    telemetry: { violations: () => {}, succeeded: () => {} },
  });
  let stopped = false;
  void watching.stop().then(() => {
    stopped = true;
  });
  await step(9_999);
  assert.equal(stopped, false);
  await step(1);
  assert.equal(stopped, true);
});
