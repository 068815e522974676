/** Waiting for a process that may end first. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { whileItLives } from "./while-it-lives.ts";

const { signal } = new AbortController();

test("while it lives: says how the process ended, and has the work end too, when it ends before the work is done", async () => {
  const child = { ended: Promise.resolve("SIGKILL"), logFile: "/logs/worker.log" };
  let own: AbortSignal | undefined;
  const looking = whileItLives(child, signal, async (until) => {
    own = until;
    for (;;) await sleep(1, undefined, { signal: until });
  });
  await assert.rejects(looking, {
    message: "the worker ended (SIGKILL) before the work was done; see /logs/worker.log",
  });
  assert.equal(own?.aborted, true);
});

test("while it lives: answers what the work does when the process ends later", async () => {
  const ended = Promise.withResolvers<string>();
  assert.equal(await whileItLives({ ended: ended.promise, logFile: "" }, signal, async () => 7), 7);
  ended.resolve("exit code 0");
});

test("while it lives: aborts the work when it is to stop", async () => {
  const stopping = AbortSignal.abort(new Error("Ctrl-C"));
  const child = { ended: new Promise<string>(() => {}), logFile: "" };
  await assert.rejects(
    whileItLives(child, stopping, async (until) => until.throwIfAborted()),
    /Ctrl-C/,
  );
});
