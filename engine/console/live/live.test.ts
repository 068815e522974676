/** Looks that go on while somebody watches, and what they make of a store that is away. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ListedProcess } from "../../deploy/processes.ts";
import { aProcess } from "../../deploy/testing/processes-contract.ts";
import { readinessOf } from "../../readiness.ts";
import type { LiveDocument } from "../documents.ts";
import { createLive } from "./live.ts";

/** A clock that is moved by what sleeps on it. */
const steppingClock = () => {
  let now = 1_000_000;
  return {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
};
const process: ListedProcess = { ...aProcess({ kind: "api", subject: null }), startedAt: 0, silentMs: 0 };
const sourcesOf = (list: (() => Promise<readonly ListedProcess[]>) | undefined) => ({
  described: { topologies: [], partitions: new Map(), outboxes: [], figures: [] },
  processes: list,
  deployed: async () => new Map<string, string>(),
  ask: async (one: ListedProcess, now: () => number) => ({
    ...{ process: one, atMs: now() },
    answer: { ready: readinessOf([]), holds: [], repairs: [], samples: [] },
  }),
});

test("live: shows a picture a second to everybody who watches, and stops some time after the last has gone", async () => {
  let looks = 0;
  const live = createLive(
    sourcesOf(async () => {
      looks += 1;
      return [process];
    }),
    steppingClock(),
  );
  const seen: LiveDocument[] = [];
  const three = Promise.withResolvers<void>();
  const leave = live.watch((document) => {
    seen.push(document);
    if (seen.length === 3) three.resolve();
  });
  await three.promise;
  leave();
  const [first, second] = seen;
  assert.equal((second?.at ?? 0) - (first?.at ?? 0), 1_000);
  // It looks on for a while, and then no more.
  for (let before = -1; before !== looks; ) {
    before = looks;
    for (let turn = 0; turn < 300; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(looks < 100, `${looks} looks`);
  assert.ok(live.history().at.length >= 2);
  await live.close();
});

test("live: shows the processes of the look before, and says why, when the store of processes is away", async () => {
  let turn = 0;
  const live = createLive(
    sourcesOf(async () => {
      turn += 1;
      if (turn > 1) throw new Error("connection refused");
      return [process];
    }),
    steppingClock(),
  );
  const found = Promise.withResolvers<LiveDocument>();
  const leave = live.watch((document) => {
    if (document.away.length > 0) found.resolve(document);
  });
  const { processes, away } = await found.promise;
  leave();
  assert.equal(processes.length, 1);
  assert.match(away.join(), /list of processes cannot be read: connection refused/);
  await live.close();
});

test("live: looks on, and says why, when the log gives no answer or a refusal", async () => {
  let turn = 0;
  const standing = async () => {
    turn += 1;
    if (turn === 1) return new Map([["shop", { letters: 1, lag: {} }]]);
    throw new Error("no broker answers");
  };
  const live = createLive({ ...sourcesOf(async () => [process]), standing }, steppingClock());
  const found = Promise.withResolvers<LiveDocument>();
  const leave = live.watch((document) => {
    if (document.away.length > 0) found.resolve(document);
  });
  assert.deepEqual((await found.promise).away, ["the log cannot be looked at: no broker answers"]);
  leave();
  await live.close();
});

test("live: looks on, and says why, when what was seen cannot be described", async () => {
  let turn = 0;
  const read = (): string => {
    turn += 1;
    if (turn === 1) throw new Error("no such figure");
    return "7";
  };
  const sources = sourcesOf(async () => [process]);
  const described = { ...sources.described, figures: [{ title: "marks", read }] };
  const live = createLive({ ...sources, described }, steppingClock());
  const seen: LiveDocument[] = [];
  const two = Promise.withResolvers<void>();
  const leave = live.watch((document) => {
    seen.push(document);
    if (seen.length === 2) two.resolve();
  });
  await two.promise;
  leave();
  assert.deepEqual(seen[0]?.away, ["what runs cannot be described: no such figure"]);
  assert.deepEqual(seen[1]?.figures, [{ title: "marks", text: "7" }]);
  await live.close();
});

test("live: says that processes are not known, and how they can be, when the application keeps no list of them", async () => {
  const live = createLive(sourcesOf(undefined), steppingClock());
  const { processes, away } = await live.latest();
  assert.deepEqual(processes, []);
  assert.match(away.join(), /keeps no list of its processes.*sluice topology status/);
  await live.close();
});

test("live: asks a bounded number of processes at once when many are listed", async () => {
  const sources = sourcesOf(async () => Array.from({ length: 200 }, () => process));
  let [asking, most] = [0, 0];
  const ask: typeof sources.ask = async (one, now) => {
    asking += 1;
    most = Math.max(most, asking);
    await new Promise((resolve) => setImmediate(resolve));
    asking -= 1;
    return sources.ask(one, now);
  };
  const live = createLive({ ...sources, ask }, steppingClock());
  assert.equal((await live.latest()).processes.length, 200);
  assert.equal(most, 50);
  await live.close();
});
