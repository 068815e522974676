// Reservation ids: their layout, whom they vouch for, and what a change of any bit does.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { validate, version } from "uuid";
import { Fatal } from "../../engine/errors.ts";
import { reservationIdFrom, userIdFrom } from "../http/request/ids.ts";
import { createReservationIds, randomBytesPerId } from "./reservation-id.ts";
import { userNamed } from "../testing/testing.ts";

const secret = Buffer.alloc(32, 7);
const ids = createReservationIds(secret);
const alice = userNamed("alice");
const bob = userNamed("bob");
const random = fc.uint8Array({ minLength: randomBytesPerId, maxLength: randomBytesPerId });
const moment = fc.integer({ min: 0, max: 2 ** 48 - 1 });

test("reservation id: is a UUIDv7 that carries its time when minted", () => {
  fc.assert(
    fc.property(moment, random, (nowMs, bytes) => {
      const id = ids.mint(alice, nowMs, bytes);
      assert.ok(validate(id));
      assert.equal(version(id), 7);
      assert.equal(reservationIdFrom(id), id);
      assert.equal(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16), nowMs);
    }),
    { numRuns: 300 },
  );
});

test("reservation id: is minted for its user and for no other", () => {
  fc.assert(
    fc.property(moment, random, fc.stringMatching(/^[A-Za-z0-9._@:|+-]{1,64}$/), (nowMs, bytes, name) => {
      const user = userNamed(name);
      const id = ids.mint(user, nowMs, bytes);
      assert.equal(ids.mintedFor(id, user), true);
      const other = userIdFrom(`${name.slice(1)}x`) ?? bob;
      assert.equal(ids.mintedFor(id, other), other === user);
    }),
    { numRuns: 300 },
  );
});

test("reservation id: is the same for ever when its secret, user, time and random bytes are", () => {
  // Minted by the first release: what was accepted then is its user's until it is decided.
  const minted = ids.mint(alice, 1_800_000_000_000, Buffer.of(1, 2, 3, 4));
  assert.equal(minted, "01a3185c-5000-7102-8304-0072a8a0c4a1");
});

test("reservation id: belongs to no user when any one bit is changed", () => {
  const id = ids.mint(alice, 1_800_000_000_000, randomBytes(randomBytesPerId));
  const bytes = Buffer.from(id.replaceAll("-", ""), "hex");
  let tried = 0;
  for (let bit = 0; bit < 128; bit += 1) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const hex = changed.toString("hex");
    const text = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
    const candidate = reservationIdFrom(text);
    // Version and variant bits: no longer a UUIDv7, so no reservation id at all.
    if (candidate === undefined) continue;
    tried += 1;
    assert.equal(ids.mintedFor(candidate, alice), false, `bit ${bit}`);
  }
  assert.equal(tried, 122);
});

test("reservation id: is not recognised under another secret", () => {
  const id = ids.mint(alice, 1_800_000_000_000, randomBytes(randomBytesPerId));
  assert.equal(createReservationIds(Buffer.alloc(32, 8)).mintedFor(id, alice), false);
  assert.equal(createReservationIds(secret).mintedFor(id, alice), true);
});

test("reservation id: every random bit reaches it", () => {
  const seen = new Set<string>();
  for (let bit = 0; bit < 32; bit += 1) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE((1 << bit) >>> 0);
    // Without its tag, which differs anyway.
    seen.add(ids.mint(alice, 5, bytes).slice(0, -10));
  }
  assert.equal(seen.size, 32);
});

test("reservation id: sorts by time when minted in different milliseconds", () => {
  const minted = Array.from({ length: 100 }, (_, at) => ids.mint(alice, 1_800_000_000_000 + at, randomBytes(4)));
  assert.deepEqual([...minted].sort(), minted);
});

test("reservation id: refuses a secret that is too short", () => {
  assert.throws(
    () => createReservationIds(Buffer.alloc(31)),
    (error) => error instanceof Fatal && error.code === "WEAK_SECRET" && /31 bytes/.test(error.message),
  );
});

test("reservation id: is its user's after the secret was renewed, when the former one is given", () => {
  const former = Buffer.alloc(32, 9);
  const id = createReservationIds(former).mint(alice, 1_800_000_000_000, Buffer.alloc(4));
  const renewed = createReservationIds(Buffer.alloc(32, 1), [Buffer.alloc(32, 8), former]);
  assert.equal(renewed.mintedFor(id, alice), true);
  assert.equal(renewed.mintedFor(id, bob), false);
  assert.equal(createReservationIds(Buffer.alloc(32, 1)).mintedFor(id, alice), false);
  assert.equal(createReservationIds(former).mintedFor(renewed.mint(alice, 1, Buffer.alloc(4)), alice), false);
});
