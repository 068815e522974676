/** What every {@link IdempotencyKeys} does, the real one and the fake. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { IdempotencyKeys, KeyAnswer, KeyClaim } from "../../processors/coupons/coupon-ports.ts";
import type { UserId } from "../../schemas/coupon.ts";
import { aReservationId, aUserId, hostileIds, many } from "../../processors/testing/samples.ts";

const fingerprintOf = (what: string): Buffer => createHash("sha256").update(what).digest();

/** A claim by a new user. */
export const aClaim = (changes: Partial<KeyClaim> = {}): KeyClaim => ({
  userId: aUserId(),
  key: "key-1",
  fingerprint: fingerprintOf("a coupon"),
  reservationId: aReservationId(),
  ...changes,
});

const bound = ({ reservationId }: KeyClaim): KeyAnswer => ({ kind: "bound", reservationId });
const mismatch: KeyAnswer = { kind: "mismatch" };

/** Registers the suite. `subject` is called inside each test. */
export const idempotencyKeysContract = (name: string, subject: () => IdempotencyKeys): void => {
  const says = (what: string, body: (keys: IdempotencyKeys) => Promise<void>) =>
    test(`${name}: ${what}`, () => body(subject()));

  says("binds a new key, and answers that reservation ever after", async (keys) => {
    const claim = aClaim();
    assert.deepEqual(await keys.claim([claim]), [bound(claim)]);
    const retry = { ...claim, reservationId: aReservationId() };
    assert.deepEqual(await keys.claim([retry]), [bound(claim)]);
    assert.deepEqual(await keys.claim([claim]), [bound(claim)]);
  });

  says("answers mismatch when the key was used for something else", async (keys) => {
    const claim = aClaim();
    await keys.claim([claim]);
    const other = { ...claim, fingerprint: fingerprintOf("another coupon"), reservationId: aReservationId() };
    assert.deepEqual(await keys.claim([other]), [mismatch]);
    assert.deepEqual(await keys.claim([claim]), [bound(claim)]);
  });

  says("keeps users and keys apart", async (keys) => {
    const claim = aClaim();
    const claims = [
      claim,
      aClaim(),
      aClaim({ userId: claim.userId, key: "key-2" }),
      aClaim({ userId: claim.userId, key: "KEY-1" }),
    ];
    assert.deepEqual(await keys.claim(claims), claims.map(bound));
  });

  says("binds the first when one key is twice in a call", async (keys) => {
    const claim = aClaim();
    const copy = { ...claim, reservationId: aReservationId() };
    const other = { ...copy, fingerprint: fingerprintOf("another coupon") };
    const apart = aClaim();
    assert.deepEqual(await keys.claim([claim, copy, apart, other]), [
      bound(claim),
      bound(claim),
      bound(apart),
      mismatch,
    ]);
  });

  says("binds one reservation when several claim a key at once", async (keys) => {
    const userId = aUserId();
    const claims = many(8, () => aClaim({ userId }));
    const answers = (await Promise.all(claims.map((claim) => keys.claim([claim])))).flat();
    assert.equal(new Set(answers.map((answer) => answer.kind === "bound" && answer.reservationId)).size, 1);
    assert.ok(claims.some((claim) => answers[0]?.kind === "bound" && answers[0].reservationId === claim.reservationId));
  });

  says("answers in order when 1,000 claims are half known", async (keys) => {
    const claims = many(1_000, () => aClaim());
    await keys.claim(claims.filter((_, at) => at % 2 === 0));
    const retried = claims.map((claim, at) => (at % 2 === 0 ? { ...claim, reservationId: aReservationId() } : claim));
    assert.deepEqual(await keys.claim(retried), claims.map(bound));
  });

  says("does nothing when asked for nothing", async (keys) => {
    assert.deepEqual(await keys.claim([]), []);
  });

  says("keeps hostile ids and keys apart and unharmed", async (keys) => {
    const ids = hostileIds();
    // Erasure: any text of that length is an id to a store.
    const claims = ids.flatMap((userId) => ids.map((key) => aClaim({ userId: userId as UserId, key })));
    assert.deepEqual(await keys.claim(claims), claims.map(bound));
    assert.deepEqual(
      await keys.claim(claims.map((claim) => ({ ...claim, reservationId: aReservationId() }))),
      claims.map(bound),
    );
  });
};
