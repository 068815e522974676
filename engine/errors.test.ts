/** What the pipeline does about an error: total, also for what nobody classified. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOf, dispositionOf, Fatal, PipelineError, Poison, Retriable, Unavailable } from "./errors.ts";

test("dispositionOf: is what an error of ours says", () => {
  assert.equal(dispositionOf(new Unavailable("redis", "gone")), "unavailable");
  assert.equal(dispositionOf(new Retriable("DEADLOCK", "again")), "retriable");
  assert.equal(dispositionOf(new Poison("BAD", "bad")), "poison");
  assert.equal(dispositionOf(new Fatal("STOP", "stop")), "fatal");
});

test("dispositionOf: retries whatever nobody classified, also what is no error", () => {
  for (const error of [new Error("x"), new TypeError("x"), "text", null, undefined, { disposition: "fatal" }]) {
    assert.equal(dispositionOf(error), "retriable");
    assert.equal(codeOf(error), "UNCLASSIFIED");
  }
});

test("codeOf: is what an error of ours says", () => {
  assert.equal(codeOf(new Unavailable("redis", "gone")), "UNAVAILABLE");
  assert.equal(codeOf(new Retriable("DEADLOCK", "again")), "DEADLOCK");
});

test("PipelineError: keeps its cause, and says which dependency or record it is about", () => {
  const cause = new Error("ECONNREFUSED");
  const away = new Unavailable("redis", "refused", { cause });
  assert(away instanceof PipelineError);
  assert.deepEqual([away.cause, away.who, away.message], [cause, "redis", "redis is unavailable: refused"]);
  const poison = new Poison("BAD", "bad", { idempotencyKey: "r-1", cause });
  assert.deepEqual([poison.idempotencyKey, poison.cause], ["r-1", cause]);
  assert.equal(new Poison("BAD", "bad").idempotencyKey, undefined);
});
