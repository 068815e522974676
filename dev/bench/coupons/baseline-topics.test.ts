/** When a baseline ends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { untilDone } from "./baseline-topics.ts";

test("baseline: ends when it is done", async () => {
  const { done, ended } = untilDone(new AbortController().signal);
  done();
  await ended;
});

test("baseline: ends with the first error, and gives it to kafkajs as well, when a record fails for good", async () => {
  const { fail, ended } = untilDone(new AbortController().signal);
  assert.throws(() => fail(new Error("first")), /first/);
  assert.throws(() => fail(new Error("second")), /second/);
  await assert.rejects(ended, /first/);
});

test("baseline: ends with the signal's reason when it is aborted before or while it runs", async () => {
  const controller = new AbortController();
  const { ended } = untilDone(controller.signal);
  controller.abort(new Error("ended by Ctrl-C"));
  await assert.rejects(ended, /ended by Ctrl-C/);
  await assert.rejects(untilDone(controller.signal).ended, /ended by Ctrl-C/);
});
