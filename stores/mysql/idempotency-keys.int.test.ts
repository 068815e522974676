/** How idempotency keys are forgotten. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Fatal, Poison } from "../../processors/errors.ts";
import type { ReservationId, UserId } from "../../schemas/coupon.ts";
import { databaseUrl } from "../contract/endpoints.ts";
import { aClaim } from "../contract/idempotency-keys.ts";
import { aReservationId, aUserId, many } from "../contract/samples.ts";
import { openDatabase } from "./database.ts";
import { idempotencyKeys } from "./idempotency-keys.ts";
import { migrate } from "./migrate.ts";
import { withSession } from "./session.ts";

const url = databaseUrl();
const database = openDatabase({ databaseUrl: url });
const keys = idempotencyKeys(database);
before(async () => {
  await migrate({ databaseUrl: url });
});
after(() => database.close());

const yearMs = 365 * 86_400_000;

test("mysql keys: prunes what is old, in batches, and leaves the rest", async () => {
  const [oldUser, newUser] = [aUserId(), aUserId()];
  const old = many(2_500, (at) => aClaim({ userId: oldUser, key: `key-${at}` }));
  const fresh = aClaim({ userId: newUser });
  await keys.claim([...old, fresh]);
  // As old as no other test's keys are, because they share the table.
  const age = "UPDATE idempotency_key SET created_at = 1 WHERE user_id = ?";
  await withSession(database, ({ change }) => change(age, [Buffer.from(oldUser)]));
  assert.equal(await keys.prune(30 * yearMs), 2_500);
  assert.equal(await keys.prune(30 * yearMs), 0);
  const retries = [...old.slice(0, 1), fresh].map((claim) => ({ ...claim, reservationId: aReservationId() }));
  const [forgotten, kept] = await keys.claim(retries);
  assert.deepEqual(forgotten, { kind: "bound", reservationId: retries[0]?.reservationId });
  assert.deepEqual(kept, { kind: "bound", reservationId: fresh.reservationId });
});

test("mysql keys: refuses claims that can't be kept", async () => {
  const wrong = [
    aClaim({ userId: "" as UserId }),
    aClaim({ fingerprint: Buffer.alloc(31) }),
    aClaim({ reservationId: "x" as ReservationId }),
  ];
  for (const claim of wrong) await assert.rejects(keys.claim([aClaim(), claim]), Poison);
  await assert.rejects(keys.claim(many(10_001, () => aClaim())), Fatal);
});
