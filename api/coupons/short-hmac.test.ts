// An HMAC of our own making is the one that node:crypto makes, for every key, prefix and text.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { shortHmac } from "./short-hmac.ts";

test("short HMAC: is HMAC-SHA256 of prefix and text when they are of any bytes", () => {
  const inputs = [fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ minLength: 11, maxLength: 16 })] as const;
  fc.assert(
    fc.property(
      ...inputs,
      fc.array(fc.string({ unit: "binary", maxLength: 170 }), { minLength: 1 }),
      (key, prefix, texts) => {
        const hmac = shortHmac(key, 11);
        // One after the other, so that a long text leaves nothing behind for a short one.
        for (const text of texts) {
          const expected = createHmac("sha256", key).update(prefix.subarray(0, 11)).update(text).digest("binary");
          assert.equal(hmac(prefix, text), expected);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("short HMAC: refuses a text and a key when they are too long", () => {
  assert.throws(() => shortHmac(new Uint8Array(65), 11), RangeError);
  const hmac = shortHmac(new Uint8Array(32), 11);
  assert.throws(() => hmac(new Uint8Array(11), "x".repeat(342)), RangeError);
  assert.equal(hmac(new Uint8Array(11), "€".repeat(341)).length, 32);
});
