/** Addresses: their parts, and mistakes as sentences that show no secret. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AddressMistake, readAddress } from "./address.ts";

const rule = { protocols: ["mysql:", "mariadb:"], parameters: ["ssl-mode", "ssl-ca"] };
const mistakeOf = (text: string): string => {
  try {
    readAddress(text, rule);
  } catch (error) {
    if (error instanceof AddressMistake) return error.message;
    throw error;
  }
  return "";
};

test("address: is read in its parts, decoded, when all is well", () => {
  assert.deepEqual(
    readAddress("mysql://me:p%40ss%2F%25@[::1]:3307/my%20shop?ssl-mode=REQUIRED&ssl-ca=/a%20b.pem", rule),
    {
      protocol: "mysql:",
      host: "::1",
      port: 3307,
      user: "me",
      password: "p@ss/%",
      path: "my shop",
      base: "mysql://[::1]:3307/my%20shop",
      parameters: { "ssl-mode": "REQUIRED", "ssl-ca": "/a b.pem" },
    },
  );
});

test("address: is refused in a sentence when it is mistaken", () => {
  for (const [text, sentence] of [
    ["mysql://me:100%@h/s", /expected two hexadecimal digits .* of the password.*%25/],
    ["mysql://me%zz:x@h/s", /of the user/],
    ["mysql://h/s%ff", /of the path/],
    ["mysql://me:a/b@h/s", /begins with mysql:\/\/ or mariadb:\/\/.*%2F/],
    ["postgres://h/s", /begins with mysql/],
    ["", /begins with mysql/],
    ["mysql:///s", /expected a host/],
    ["mysql://me:1#2@h/s", /after a #/],
    ["mysql://h/s?sslmode=require", /the parameter sslmode, which is not honoured; known are: ssl-mode, ssl-ca/],
    ["mysql://h/s?ssl-ca=a&ssl-ca=b", /ssl-ca once/],
  ] as const)
    assert.match(mistakeOf(text), sentence, text);
});

test("address: shows nothing of itself but a parameter's name when it is mistaken", () => {
  const secret = fc.stringMatching(/^secret[a-z0-9]{6}[%/?#@:&=+ ]{0,3}[a-z0-9]{0,4}$/);
  const place = fc.constantFrom(
    (s: string) => `mysql://me:${s}@h/s`,
    (s: string) => `mysql://${s}:x@h/s`,
    (s: string) => `mysql://h/s?password=${s}`,
    (s: string) => `mysql://h/s?${s}`,
    (s: string) => `mysql://h/s?${s.replaceAll(/\d/g, "x")}=x`,
    (s: string) => `mysql://me:12?${s}@h/s`,
    (s: string) => `mysql://me:12?${s}=x@h/s`,
    (s: string) => `mysql://h/s#${s}`,
    (s: string) => `${s}`,
    (s: string) => `kafka://${s}@h`,
  );
  fc.assert(
    fc.property(secret, place, (text, put) => {
      assert.doesNotMatch(mistakeOf(put(text)), /secret/);
    }),
    { numRuns: 2_000 },
  );
});
