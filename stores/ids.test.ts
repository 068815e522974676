/** Which ids a store takes, and their two forms. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Poison } from "../engine/errors.ts";
import type { CouponId, ReservationId, UserId } from "../schemas/coupon.ts";
import { aCouponId, aReservationId, aTake, hostileIds, many } from "../processors/testing/samples.ts";
import { checkTake, hexOf, uuidOf } from "./ids.ts";
import { isUuid, isStorableId, isStorableUserId } from "../schemas/ids.ts";

test("ids: a reservation id survives its 16 bytes", () => {
  for (const id of many(100, aReservationId)) assert.equal(uuidOf(Buffer.from(hexOf(id), "hex")), id);
});

test("ids: takes a UUID in lower case for a reservation id, and nothing else", () => {
  const id = aReservationId();
  assert.ok(isUuid(id));
  const wrong = [
    "",
    "x",
    id.toUpperCase(),
    `${id} `,
    ` ${id}`,
    `${id}\n`,
    id.replaceAll("-", ""),
    id.replace(/.$/, "g"),
    `{${id}}`,
  ];
  for (const other of wrong) assert.equal(isUuid(other), false, JSON.stringify(other));
});

test("ids: takes 1 to 64 well-formed characters for another id", () => {
  for (const id of ["a", "x".repeat(64), "한".repeat(64), ...hostileIds()]) assert.ok(isStorableId(id), id);
  for (const id of ["", "x".repeat(65), "\ud800", "a\udc00b"])
    assert.equal(isStorableId(id), false, JSON.stringify(id));
});

test("ids: no id has more than the 256 bytes its column holds", () => {
  // Three bytes a character is the most UTF-8 needs in this length: one of four takes two of the 64.
  for (const id of ["\uffff".repeat(64), "😀".repeat(32)]) {
    assert.ok(isStorableId(id));
    assert.ok(Buffer.byteLength(id) <= 256);
  }
  for (const id of ["x".repeat(255), "\uffff".repeat(85), "😀".repeat(64)]) {
    assert.ok(isStorableUserId(id));
    assert.ok(Buffer.byteLength(id) <= 256);
  }
  for (const id of ["", "x".repeat(256), "\uffff".repeat(86), "😀".repeat(65), "\ud800"]) {
    assert.equal(isStorableUserId(id), false, JSON.stringify(id));
  }
});

test("ids: names the record when one of its ids can't be kept", () => {
  const couponId = aCouponId();
  checkTake(aTake(couponId));
  const wrong = [
    aTake("" as CouponId),
    aTake(couponId, { userId: "x".repeat(1_000_000) as UserId }),
    aTake(couponId, { reservationId: "'; --".repeat(1_000) as ReservationId }),
  ];
  for (const take of wrong) {
    assert.throws(
      () => checkTake(take),
      (error) =>
        error instanceof Poison &&
        error.code === "BAD_ID" &&
        error.idempotencyKey === take.reservationId &&
        error.message.length < 300,
    );
  }
});
