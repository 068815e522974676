/** What every {@link OldKeys} does, the real ones and the fake. Keys of other tests may be there; none is as old as these. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { OldKeys } from "../../processors/payments/payment-ports.ts";
import type { UserId } from "../../schemas/coupon.ts";
import { aUserId } from "../../processors/testing/samples.ts";

/** Keys that can be forgotten, and what a test needs to bind and to look at them. */
export interface OldKeysSubject {
  readonly keys: OldKeys;
  /** Uses so many keys for this user. */
  readonly use: (userId: UserId, count: number) => Promise<void>;
  /** Makes the user's keys {@link agedMs} old. */
  readonly age: (userId: UserId) => Promise<void>;
  /** How many keys of the user are remembered. */
  readonly remembered: (userId: UserId) => Promise<number>;
}

const dayMs = 86_400_000;
/** Longer ago than any key of another test, and not as long as a relay of another test keeps them. */
export const agedMs = 6 * dayMs;
/** Between the two. */
export const longAgoMs = 5 * dayMs;

/** Registers the suite. `subject` is called inside each test; its tests must run one after the other. */
export const oldKeysContract = (name: string, subject: () => OldKeysSubject): void => {
  const says = (what: string, body: (subject: OldKeysSubject) => Promise<void>) =>
    test(`${name}: ${what}`, () => body(subject()));

  says("forgets what is old, no more than its limit, and leaves the rest", async (all) => {
    const [old, fresh] = [aUserId(), aUserId()];
    await all.use(old, 25);
    await all.use(fresh, 5);
    await all.age(old);
    assert.equal(await all.keys.prune(longAgoMs, 10), 10);
    assert.equal(await all.remembered(old), 15);
    assert.equal(await all.keys.prune(longAgoMs, 10), 10);
    assert.equal(await all.keys.prune(longAgoMs, 10), 5);
    assert.equal(await all.keys.prune(longAgoMs, 10), 0);
    assert.deepEqual([await all.remembered(old), await all.remembered(fresh)], [0, 5]);
  });

  says("forgets each once when several forget at once", async (all) => {
    const old = aUserId();
    await all.use(old, 40);
    await all.age(old);
    const counts = await Promise.all([1, 2, 3, 4].map(() => all.keys.prune(longAgoMs, 10)));
    let rest = 0;
    for (let more = -1; more !== 0; rest += more) more = await all.keys.prune(longAgoMs, 10);
    assert.equal(
      counts.reduce((sum, count) => sum + count, rest),
      40,
    );
    assert.equal(await all.remembered(old), 0);
  });
};
