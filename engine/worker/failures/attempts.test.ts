/** Attempts: each disposition, met with the clock of a test. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fatal, Poison, Retriable, Unavailable } from "../../errors.ts";
import type { Item } from "../../flow/processor.ts";
import { recordContext } from "../../testing/record-context.ts";
import { Behind } from "../../interpreter/behind.ts";
import { type InLane, listOf, type Results } from "../../interpreter/round.ts";
import { Aborted, type AttemptEvent, createAttemptAll, createAttemptOnce } from "./attempts.ts";

const inLane = (id: string, lane: string): InLane => ({
  ...{ value: id, lane },
  context: recordContext({ topic: "t", offset: 0n, timestampMs: 0, idempotencyKey: id }),
});
const item = (id: string): InLane => inLane(id, id);

const setup = ({ abortAfterSleeps = Number.POSITIVE_INFINITY } = {}) => {
  const waits: number[] = [];
  const events: AttemptEvent[] = [];
  const leaving = new AbortController();
  const clock = {
    now: () => 0,
    sleep: async (ms: number) => {
      waits.push(ms);
      if (waits.length >= abortAfterSleeps) leaving.abort();
    },
  };
  const options = {
    clock,
    random: () => 0.5,
    backoff: { initialMs: 100, maxMs: 1_000 },
    maxAttempts: 3,
    signal: leaving.signal,
    observe: (event: AttemptEvent) => void events.push(event),
  };
  return { attempt: createAttemptAll(options), attemptOnce: createAttemptOnce(options), waits, events, leaving };
};

const ids = (results: Results<unknown>): readonly unknown[] => listOf(results).map((r) => (r.ok ? r.value : "failed"));
const echo = async (items: readonly Item<unknown>[]) => items.map(({ value }) => value);

test("attempt: answers for each record when the call succeeds", async () => {
  const { attempt } = setup();
  assert.deepEqual(ids(await attempt({ name: "step", items: [item("a"), item("b")], run: echo })), ["a", "b"]);
});

test("attempt: holds for as long as it takes when a dependency is away, and uses up no attempts", async () => {
  const { attempt, waits, events } = setup();
  let left = 50;
  const run = async (items: readonly Item<unknown>[]) => {
    if (left-- > 0) throw new Unavailable("redis", "refused");
    return echo(items);
  };
  assert.deepEqual(ids(await attempt({ name: "step", items: [item("a")], run })), ["a"]);
  assert.equal(waits.length, 50);
  assert.ok(Math.max(...waits) <= 1_000);
  assert.deepEqual([events.at(0)?.kind, events.at(-1)?.kind], ["holding", "resumed"]);
});

test("attempt: gives up at the first failure when the partition is leaving", async () => {
  const { attempt } = setup({ abortAfterSleeps: 1 });
  const run = async () => {
    throw new Unavailable("database", "gone");
  };
  await assert.rejects(attempt({ name: "step", items: [item("a")], run }), Aborted);
});

test("attempt: tells of the end of a hold when a call within it is given up", async () => {
  const { attemptOnce, events } = setup();
  let attempts = 0;
  const run = async () => {
    if (++attempts === 2) throw new Aborted();
    throw new Unavailable("database", "gone");
  };
  await assert.rejects(attemptOnce("round", run), Aborted);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ["holding", "abandoned"],
  );
});

test("attempt: takes out the named record alone when an error names it", async () => {
  const { attempt } = setup();
  const calls: number[] = [];
  const run = async (items: readonly Item<unknown>[]) => {
    calls.push(items.length);
    if (items.some(({ value }) => value === "b")) throw new Poison("BAD", "b is bad", { idempotencyKey: "b" });
    return echo(items);
  };
  const results = await attempt({ name: "step", items: ["a", "b", "c", "d"].map(item), run });
  assert.deepEqual(ids(results), ["a", "failed", "c", "d"]);
  assert.deepEqual(calls, [4, 1, 2]);
});

test("attempt: answers once for each record when the named one is the first, or the last", async () => {
  for (const guilty of ["a", "c"]) {
    const { attempt } = setup();
    const run = async (items: readonly Item<unknown>[]) => {
      if (items.some(({ value }) => value === guilty)) throw new Poison("BAD", "bad", { idempotencyKey: guilty });
      return echo(items);
    };
    const results = await attempt({ name: "step", items: ["a", "b", "c"].map(item), run });
    assert.deepEqual(
      ids(results),
      ["a", "b", "c"].map((id) => (id === guilty ? "failed" : id)),
    );
  }
});

test("attempt: tells copies apart by themselves when the name fits several records", async () => {
  const { attempt } = setup();
  const impostor = { ...item("b"), value: "impostor" };
  const run = async (items: readonly Item<unknown>[]) => {
    if (items.includes(impostor)) throw new Poison("REUSED", "b is another's", { idempotencyKey: "b" });
    return echo(items);
  };
  const results = await attempt({ name: "step", items: [item("a"), item("b"), item("c"), impostor], run });
  assert.deepEqual(ids(results), ["a", "b", "c", "failed"]);
});

/** `given up`, `behind`, or the value. */
const fates = (results: Results<unknown>): readonly unknown[] =>
  listOf(results).map((r) => (r.ok ? r.value : r.error instanceof Behind ? "behind" : "given up"));

for (const guilty of ["a", "b", "c", "d", "e"])
  test(`attempt: tries nothing behind a record of its lane when it gives up on ${guilty}`, async () => {
    const { attempt } = setup();
    const tried = new Set<unknown>();
    const run = async (items: readonly Item<unknown>[]) => {
      if (items.some(({ value }) => value === guilty)) throw new Retriable("DEADLOCK", "again");
      for (const { value } of items) tried.add(value);
      return echo(items);
    };
    const all = ["a", "b", "c", "d", "e"];
    // All but c are of one lane.
    const items = all.map((id) => inLane(id, id === "c" ? "cold" : "hot"));
    const expected = all.map((id) => {
      if (id === guilty) return "given up";
      return guilty !== "c" && id !== "c" && id > guilty ? "behind" : id;
    });
    assert.deepEqual(fates(await attempt({ name: "step", items, run })), expected);
    assert.deepEqual([...tried].sort(), all.filter((id) => expected.includes(id)).sort());
  });

test("attempt: goes on in the lane of a record when that one is poison", async () => {
  const { attempt } = setup();
  const run = async (items: readonly Item<unknown>[]) => {
    if (items.some(({ value }) => value === "a")) throw new Poison("BAD", "a is bad", { idempotencyKey: "a" });
    return echo(items);
  };
  const items = [inLane("a", "hot"), inLane("b", "hot")];
  assert.deepEqual(fates(await attempt({ name: "step", items, run })), ["given up", "b"]);
});

test("attempt: looks for no more guilty records when the partition is leaving", async () => {
  const { attempt, leaving } = setup();
  let calls = 0;
  const run = async () => {
    calls++;
    leaving.abort();
    throw new Poison("BAD", "one of these is bad");
  };
  await assert.rejects(attempt({ name: "step", items: [..."abcdefgh"].map(item), run }), Aborted);
  assert.equal(calls, 1);
});

test("attempt: halves the round until the guilty record is by itself when nobody is named", async () => {
  const { attempt } = setup();
  const run = async (items: readonly Item<unknown>[]) => {
    if (items.some(({ value }) => value === "f")) throw new Poison("BAD", "one of these is bad");
    return echo(items);
  };
  const results = await attempt({ name: "step", items: [..."abcdefgh"].map(item), run });
  assert.deepEqual(ids(results), ["a", "b", "c", "d", "e", "failed", "g", "h"]);
});

test("attempt: tries to its limit, then isolates, when an error is retriable or unclassified", async () => {
  for (const error of [new Retriable("DEADLOCK", "deadlock"), new TypeError("a bug")]) {
    const { attempt } = setup();
    let tries = 0;
    const run = async (items: readonly Item<unknown>[]) => {
      if (!items.some(({ value }) => value === "b")) return echo(items);
      tries++;
      throw error;
    };
    const results = await attempt({ name: "step", items: [item("a"), item("b")], run });
    assert.deepEqual(ids(results), ["a", "failed"]);
    assert.equal(tries, 6);
  }
});

test("attempt: makes few calls for one guilty record among five hundred, wherever it stands, when it is not named", async () => {
  for (const guilty of [0, 1, 249, 250, 499]) {
    const { attempt } = setup();
    const items = Array.from({ length: 500 }, (_, n) => item(String(n)));
    let calls = 0;
    const run = async (some: readonly Item<unknown>[]) => {
      calls++;
      if (some.some(({ value }) => value === String(guilty))) throw new Retriable("STUCK", "one of these is stuck");
      return echo(some);
    };
    const results = await attempt({ name: "step", items, run });
    assert.deepEqual(
      ids(results),
      items.map(({ value }, at) => (at === guilty ? "failed" : value)),
    );
    // On each of ten levels three attempts at the part that has it, and one at the other.
    assert.ok(calls <= 10 * (3 + 1), `${calls} calls for record ${guilty}`);
  }
});

test("attempt: stops everything when an error is fatal", async () => {
  const { attempt } = setup();
  const run = async () => {
    throw new Fatal("WRONG", "wrong deployment");
  };
  await assert.rejects(attempt({ name: "step", items: [item("a"), item("b")], run }), Fatal);
});

test("attempt: throws what the last attempt threw when a call without records has used up its attempts", async () => {
  for (const error of [new Retriable("DEADLOCK", "deadlock"), new TypeError("a bug"), new Poison("BAD", "bad")]) {
    const { attempt, attemptOnce } = setup();
    const run = async () => {
      throw error;
    };
    await assert.rejects(attemptOnce("lease", run), (thrown) => thrown === error);
    await assert.rejects(attempt({ name: "step", items: [], run }), (thrown) => thrown === error);
  }
});

test("attempt: answers once when a call without records succeeds after a hold", async () => {
  const { attemptOnce } = setup();
  let left = 5;
  const run = async () => {
    if (left-- > 0) throw new Unavailable("redis", "refused");
    return "taken";
  };
  assert.equal(await attemptOnce("lease", run), "taken");
});

test("attempt: tries as often as a call's own limit says when it has one", async () => {
  const { attempt, events } = setup();
  const run = async (): Promise<never> => {
    throw new Retriable("BUSY", "busy");
  };
  assert.deepEqual(ids(await attempt({ name: "step", items: [item("a")], attempts: 1, run })), ["failed"]);
  assert.equal(events.length, 1);
});

test("attempt: fails as retriable, and does not wait any longer, when an attempt exceeds its time limit", async () => {
  const { attempt, waits } = setup();
  let attempts = 0;
  const run = (items: readonly Item<unknown>[]): Promise<readonly unknown[]> =>
    ++attempts === 1 ? new Promise(() => {}) : echo(items);
  const limited = { name: "step", items: [item("a")], timeoutMs: 5_000, run };
  // The test's clock ends every wait at once, so an attempt that never answers has always exceeded its limit.
  assert.deepEqual(ids(await attempt({ ...limited, attempts: 2, run: () => new Promise(() => {}) })), ["failed"]);
  assert.deepEqual(waits.filter((ms) => ms === 5_000).length, 2);
  const [failed] = listOf(await attempt({ ...limited, attempts: 1 }));
  assert(failed !== undefined && !failed.ok && failed.error instanceof Retriable);
  assert.equal(failed.error.code, "STEP_TIMEOUT");
});

test("attempts: name the trace of the record when a failing call is for one record, and none when it is for several", async () => {
  const { attempt, events } = setup();
  const traced = (id: string): InLane => {
    const plain = item(id);
    const traceparent = Buffer.from("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    return { ...plain, context: { ...plain.context, headers: { traceparent } } };
  };
  let away = true;
  const run = async (items: readonly Item<unknown>[]) => {
    if (away) {
      away = false;
      throw new Unavailable("platform", "away");
    }
    throw new Poison("BAD", `not ${items.length}`);
  };
  await attempt({ name: "write", items: [traced("a")], run });
  away = true;
  await attempt({ name: "write", items: [traced("a"), traced("b")], run });
  assert.deepEqual(
    events.flatMap((event) => (event.kind === "holding" ? [event.traceId] : [])),
    ["4bf92f3577b34da6a3ce929d0e0e4736", undefined],
  );
});
