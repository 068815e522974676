/** How long a demo stays up for a look. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { untilStopped, type Watched } from "./look.ts";

/** A process that ends when it is told to. */
const process = (name: string) => {
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  return { name, ended, end: resolve } satisfies Watched & { readonly end: (how: string) => void };
};

/** A look at two processes, what it told, and how it ended. */
const look = () => {
  const [one, other] = [process("relay-1"), process("relay-2")];
  const stopping = new AbortController();
  const told: string[] = [];
  const { promise: toldOnce, resolve } = Promise.withResolvers<void>();
  const tell = (text: string) => {
    told.push(text);
    resolve();
  };
  const ended = untilStopped([one, other], { signal: stopping.signal, tell });
  return { one, other, told, toldOnce, ended, stop: () => stopping.abort() };
};

test("a look: goes on when one process is killed, and counts it when it is stopped", async () => {
  const { one, told, toldOnce, ended, stop } = look();
  one.end("SIGKILL");
  await toldOnce;
  assert.deepEqual(told, ["relay-1 ended: SIGKILL; the others go on"]);
  stop();
  assert.equal(await ended, 1);
});

test("a look: is over when no process is left", async () => {
  const { one, other, told, ended } = look();
  one.end("SIGKILL");
  other.end("exit code 1");
  assert.equal(await ended, 2);
  assert.deepEqual(told, ["relay-1 ended: SIGKILL; the others go on", "relay-2 ended: exit code 1; none is left"]);
});

test("a look: counts nothing when it is stopped while all run", async () => {
  const { ended, told, stop } = look();
  stop();
  assert.equal(await ended, 0);
  assert.deepEqual(told, []);
});
