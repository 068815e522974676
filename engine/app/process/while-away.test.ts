/** What a start waits for, and what ends it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AccessRefused, Blocked, Fatal, Unavailable } from "../../errors.ts";
import { silentLogger } from "../../logger.ts";
import { whileAway } from "./while-away.ts";

const clock = { sleep: async () => {} };
/** Asks what fails so once. */
const askedOnce = (error: Error): Promise<string> => {
  let asked = 0;
  const ask = async (): Promise<string> => {
    if (asked++ === 0) throw error;
    return "there";
  };
  return whileAway(silentLogger, "a store", ask, clock);
};

for (const error of [new Unavailable("redis", "refused"), new Blocked("REDIS_FULL", "redis is full")]) {
  test(`start: waits until it is over when a dependency says ${error.code}`, async () => {
    assert.equal(await askedOnce(error), "there");
  });
}

for (const error of [new AccessRefused("redis", "REDIS_WRONGPASS", "no"), new Fatal("DATABASE_1146", "no table")]) {
  test(`start: ends when a dependency says ${error.code}`, async () => {
    await assert.rejects(askedOnce(error), error);
  });
}
