// One at a time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CliError, exitCodes } from "../../engine/app/cli.ts";
import { tryLock, withLock } from "./lock.ts";

test("tryLock: is had by one at a time, and by the next when it is released", async () => {
  const release = await tryLock("lock test a");
  assert.ok(release);
  assert.equal(await tryLock("lock test a"), undefined);
  release();
  const again = await tryLock("lock test a");
  assert.ok(again);
  again();
});

test("tryLock: does not mind another name", async () => {
  const releases = [await tryLock("lock test b"), await tryLock("lock test c")];
  for (const release of releases) {
    assert.ok(release);
    release();
  }
});

test("withLock: says who holds it, and that it is a conflict, when it is not released in time", async () => {
  const release = await tryLock("lock test d");
  const error = await withLock("lock test d", { waitMs: -1 }, async () => undefined).catch((thrown: unknown) => thrown);
  release?.();
  assert.ok(error instanceof CliError);
  assert.equal(error.exitCode, exitCodes.conflict);
  assert.match(error.message, new RegExp(`process ${process.pid} is at work on lock test d`));
});

test("withLock: releases when the work fails", async () => {
  const failing = withLock("lock test e", { waitMs: -1 }, async () => Promise.reject(new Error("work failed")));
  await assert.rejects(failing, /work failed/);
  assert.equal(await withLock("lock test e", { waitMs: -1 }, async () => "had"), "had");
});
