/** What cannot be kept as an idempotency key. The rest is in the contract. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fatal, Poison } from "../../../engine/errors.ts";
import type { ReservationId, UserId } from "../../../schemas/coupon.ts";
import { databaseUnderTest } from "../testing/database-under-test.ts";
import { aClaim } from "../../testing/idempotency-keys.ts";
import { many } from "../../../processors/testing/samples.ts";
import { idempotencyKeys } from "./idempotency-keys.ts";

const { database } = databaseUnderTest();
const keys = idempotencyKeys(database);

test("mysql keys: refuses claims that can't be kept", async () => {
  const wrong = [
    aClaim({ userId: "" as UserId }),
    aClaim({ fingerprint: Buffer.alloc(31) }),
    aClaim({ reservationId: "x" as ReservationId }),
  ];
  for (const claim of wrong) await assert.rejects(keys.claim([aClaim(), claim]), Poison);
  await assert.rejects(keys.claim(many(10_001, () => aClaim())), Fatal);
});
