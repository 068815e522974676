/** Who waits for whom when dead letters are asked for: readers for readers, and a pause for nobody. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { App } from "../define-app.ts";
import type { OpenDlq } from "../dlq/open.ts";
import { createLetters } from "./letters.ts";

/** Of an application only the names of its topologies are asked. */
const app = { topologies: [{ topology: { graph: { name: "shop" } } }] } as unknown as App;
const meant = { fingerprint: "ab" };

/** Letters whose readings never end, how many are read, and the jobs that a runner was asked about. */
const endlessLetters = () => {
  const seen = { opened: 0, asked: [] as unknown[] };
  const replays = {
    jobs: () => new Promise(() => {}),
    job: async (id: string) => ({ id, topology: "shop", state: "running" }),
    ask: async (id: string, wanted: string) => {
      seen.asked.push([id, wanted]);
      return true;
    },
  };
  const open = { app, config: { groupPrefix: "g" }, replays } as unknown as OpenDlq<never>;
  const letters = createLetters<never>(app as never, {} as never, (work) => {
    seen.opened += 1;
    return work(open);
  });
  return { letters, seen };
};

test("letters: a pause reaches the runner at once when readers wait for each other", async () => {
  const { letters, seen } = endlessLetters();
  for (let n = 0; n < 10; n += 1) void letters.list("shop", meant);
  await setImmediate();
  assert.equal(seen.opened, 2);
  await letters.ask("shop", "job-1", "paused", { actor: "mina", reason: "because" });
  assert.deepEqual(seen.asked, [["job-1", "paused"]]);
});

test("letters: a reading is refused, and says so, when twenty wait already", async () => {
  const { letters } = endlessLetters();
  for (let n = 0; n < 22; n += 1) void letters.list("shop", meant);
  await assert.rejects(letters.list("shop", meant), { status: 503, code: "TOO_MANY_READ" });
});
