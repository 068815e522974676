/** What may be asked and done about dead letters: nothing without a reason and the typed name, and nothing about all of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Asked } from "../../console/serve/server.ts";
import { defaultLimits } from "../../dlq/jobs/job.ts";
import type { App } from "../define-app.ts";
import { createLetters, type LettersData } from "./letters.ts";
import { letterRoutes } from "./letter-routes.ts";

/** Of an application only the names of its topologies are asked. */
const app = { topologies: [{ topology: { graph: { name: "shop" } } }] } as unknown as App;
const calls: unknown[][] = [];
const note =
  <T>(name: string, answer: T) =>
  async (...args: readonly unknown[]): Promise<T> => {
    calls.push([name, ...args]);
    return answer;
  };
const letters = {
  plan: note("plan", {}),
  replay: note("replay", "job-1"),
  discard: note("discard", 2),
  ask: note("ask", undefined),
  resume: note("resume", "job-1"),
} as unknown as LettersData;
const routes = letterRoutes(app, letters);
const ask = (path: string, over: Partial<Asked>): Promise<unknown> => {
  const route = routes.find((one) => one.path === `letters/${path}`) ?? assert.fail(path);
  return route.answer({ query: {}, body: {}, viewer: { name: "mina", role: "operator" }, ...over });
};
const said = { topology: "shop", confirm: "shop", reason: " because ", fingerprint: "ab", planned: 3 };

test("letters: are replayed as planned, with who and why, when it is confirmed", async () => {
  calls.length = 0;
  assert.deepEqual(await ask("replay", { body: { ...said, rate: "5", canary: "0" } }), { job: "job-1" });
  const limits = { ...defaultLimits, rate: 5, canary: 0 };
  const how = { actor: "mina", reason: "because", limits, planned: 3 };
  assert.deepEqual(calls, [["replay", "shop", { fingerprint: "ab" }, how]]);
});

test("letters: a job is resumed, with who and why, when it is confirmed", async () => {
  calls.length = 0;
  assert.deepEqual(await ask("resume", { body: { ...said, job: "job-1", rate: "5" } }), { job: "job-1" });
  assert.deepEqual(calls, [["resume", "shop", "job-1", { actor: "mina", reason: "because" }]]);
});

for (const [what, body, code] of [
  ["the name is not typed", { ...said, confirm: "shop2" }, "NOT_CONFIRMED"],
  ["the name is no text", { ...said, confirm: ["shop"] }, "NOT_CONFIRMED"],
  ["no reason is given", { ...said, reason: "  " }, "NO_REASON"],
  ["the reason is longer than the audit log takes", { ...said, reason: "y".repeat(1_001) }, "LONG_REASON"],
  ["there is no such topology", { ...said, topology: "other" }, "NO_SUCH_TOPOLOGY"],
] as const)
  for (const path of ["replay", "resume", "discard", "ask"])
    test(`letters: ${path} is refused, and nothing is done, when ${what}`, async () => {
      calls.length = 0;
      await assert.rejects(ask(path, { body }), { code });
      assert.deepEqual(calls, []);
    });

test("letters: say what was expected when a rate or a canary is none", async () => {
  await assert.rejects(ask("plan", { query: { topology: "shop", rate: "fast" } }), /rate: expected 0.001 to 100000/);
  await assert.rejects(ask("plan", { query: { topology: "shop", canary: "-1" } }), /canary: expected 0 to 100000/);
});

test("letters: are never all of them when a page says neither cause nor record", async () => {
  // Nothing is opened before it is known what is meant, so no broker has to be there.
  const real = createLetters(app, {} as never);
  await assert.rejects(real.discard("shop", {}, { actor: "a", reason: "b", undo: false }), /which letters are meant/);
});

test("letters: take a reason as long as the audit log does when it has spaces around it", async () => {
  calls.length = 0;
  await ask("discard", { body: { ...said, reason: ` ${"y".repeat(1_000)} ` } });
  assert.deepEqual(calls[0]?.at(-1), { actor: "mina", reason: "y".repeat(1_000), undo: false });
});
