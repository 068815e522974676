// Tokens: what is minted is read, and everything else is refused.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { Fatal } from "../../engine/errors.ts";
import { anyPolicy, createTokenReader, mintToken, type TokenPolicy } from "./token.ts";
import { fixedKeys, secretKeys } from "./verification-keys.ts";

const secret = Buffer.alloc(32, 1);
const now = 1_800_000_000_000;
const wish = { secret, userId: "auth0|7", ttlMs: 60_000, now };
/** Reads what the secrets have signed. */
const readerOf = (remembered: number, policy: TokenPolicy = anyPolicy, secrets = [secret]) =>
  createTokenReader(fixedKeys(secretKeys(secrets)), policy, remembered);
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
/** A token with any header and claims, signed well. */
const sign = (header: unknown, claims: unknown, key: Buffer = secret, hash = "sha256"): string => {
  const input = `${part(header)}.${part(claims)}`;
  return `${input}.${createHmac(hash, key).update(input).digest("base64url")}`;
};
const hs256 = { alg: "HS256", typ: "JWT" };
const claims = { sub: "alice", exp: now / 1_000 + 60 };

test("token: says who it was minted for, and for how long", () => {
  const read = readerOf(10);
  const token = mintToken(wish);
  assert.deepEqual(read(token, now), { kind: "caller", caller: { userId: "auth0|7", admin: false } });
  assert.equal(read(token, now + 59_999).kind, "caller");
  assert.equal(read(token, now + 60_000).kind, "expired");
});

test("token: is an admin's only when its role says so", () => {
  const read = readerOf(10);
  for (const [role, admin] of [
    ["admin", true],
    ["Admin", false],
    ["user", false],
  ] as const) {
    const caller = { userId: "auth0|7", admin, role };
    assert.deepEqual(read(mintToken({ ...wish, role }), now), { kind: "caller", caller });
  }
});

test("token: expires when it is remembered, too", () => {
  for (const remembered of [0, 10]) {
    const read = readerOf(remembered);
    const token = mintToken(wish);
    for (let turn = 0; turn < 3; turn += 1) assert.equal(read(token, now).kind, "caller");
    assert.equal(read(token, now + 60_000).kind, "expired");
    assert.equal(read(token, now + 60_000).kind, "expired");
  }
});

test("token: is read alike whether it is remembered or forgotten", () => {
  const read = readerOf(4);
  const tokens = Array.from({ length: 20 }, (_, at) => mintToken({ ...wish, userId: `user-${at}` }));
  for (let turn = 0; turn < 3; turn += 1) {
    for (const [at, token] of tokens.entries()) {
      assert.deepEqual(read(token, now), { kind: "caller", caller: { userId: `user-${at}`, admin: false } });
    }
  }
});

test("token: is refused when forged, of another algorithm, or lacking a claim", () => {
  const read = readerOf(10);
  const good = sign(hs256, claims);
  assert.equal(read(good, now).kind, "caller");
  const [head = "", body = "", signature = ""] = good.split(".");
  const refused: Readonly<Record<string, string>> = {
    "another secret": sign(hs256, claims, Buffer.alloc(32, 2)),
    "alg none": `${part({ alg: "none" })}.${body}.`,
    "alg none, signed": sign({ alg: "none" }, claims),
    "alg HS384": sign({ alg: "HS384" }, claims, secret, "sha384"),
    "alg HS512": sign({ alg: "HS512" }, claims, secret, "sha512"),
    "alg RS256": sign({ alg: "RS256" }, claims),
    "no alg": sign({ typ: "JWT" }, claims),
    "an unknown crit": sign({ ...hs256, crit: ["x"], x: 1 }, claims),
    "other claims under the signature": `${head}.${part({ ...claims, sub: "bob" })}.${signature}`,
    "no signature": `${head}.${body}.`,
    "two parts": `${head}.${body}`,
    "not JSON": `${head}.${Buffer.from("{").toString("base64url")}.${signature}`,
    "claims that are text": sign(hs256, "alice"),
    "claims that are null": sign(hs256, null),
    "claims that are a list": sign(hs256, [claims]),
    "no sub": sign(hs256, { exp: claims.exp }),
    "an empty sub": sign(hs256, { ...claims, sub: "" }),
    "a long sub": sign(hs256, { ...claims, sub: "a".repeat(256) }),
    "a sub with a blank": sign(hs256, { ...claims, sub: "a b" }),
    "a sub beyond ASCII": sign(hs256, { ...claims, sub: "ällice" }),
    "a sub with a delete": sign(hs256, { ...claims, sub: "a\u007f" }),
    "a sub with a newline": sign(hs256, { ...claims, sub: "alice\n" }),
    "a sub that is a number": sign(hs256, { ...claims, sub: 7 }),
    "no exp": sign(hs256, { sub: "alice" }),
    "an exp that is text": sign(hs256, { ...claims, exp: "4000000000" }),
    "an exp that is null": sign(hs256, { ...claims, exp: null }),
    "not valid yet": sign(hs256, { ...claims, nbf: now / 1_000 + 31 }),
    "minted in the future": sign(hs256, { ...claims, iat: now / 1_000 + 31 }),
    "good for a hundred years": sign(hs256, { ...claims, exp: now / 1_000 + 100 * 31_536_000 }),
    "good for a hundred years, minted long ago": sign(hs256, { ...claims, iat: 1, exp: claims.exp }),
    "an iat that is text": sign(hs256, { ...claims, iat: "0" }),
    "a kid that is a path": sign({ ...hs256, alg: "RS256", kid: "../../../../dev/null" }, claims),
    "an nbf that is text": sign(hs256, { ...claims, nbf: "0" }),
    "a role that is a list": sign(hs256, { ...claims, role: ["admin"] }),
    "too long": sign(hs256, { ...claims, pad: "x".repeat(4_096) }),
    empty: "",
  };
  for (const [what, token] of Object.entries(refused)) {
    // Twice: a refusal must not be remembered as a success.
    assert.equal(read(token, now).kind, "invalid", what);
    assert.equal(read(token, now).kind, "invalid", what);
  }
  const infinite = `${part(hs256)}.${Buffer.from(`{"sub":"alice","exp":1e999}`).toString("base64url")}`;
  assert.equal(
    read(`${infinite}.${createHmac("sha256", secret).update(infinite).digest("base64url")}`, now).kind,
    "invalid",
  );
});

test("token: is good from its nbf on", () => {
  const read = readerOf(10);
  const token = sign(hs256, { ...claims, nbf: now / 1_000 + 31 });
  assert.equal(read(token, now).kind, "invalid");
  // The clock of who minted it may be ahead by half a minute.
  assert.equal(read(token, now + 1_000).kind, "caller");
});

test("token: is not minted when the wish or the secret is wrong", () => {
  const wrong = (code: string, mistake: Partial<typeof wish>) =>
    assert.throws(
      () => mintToken({ ...wish, ...mistake }),
      (error) => error instanceof Fatal && error.code === code,
      JSON.stringify(mistake),
    );
  wrong("WEAK_SECRET", { secret: Buffer.alloc(31) });
  for (const userId of ["", "a b", "ä", "x".repeat(256)]) wrong("BAD_TOKEN_WISH", { userId });
  for (const ttlMs of [0, 999, -1, Number.NaN, Number.POSITIVE_INFINITY]) wrong("BAD_TOKEN_WISH", { ttlMs });
  assert.throws(() => secretKeys([secret, Buffer.alloc(31)]), Fatal);
});

test("token: is of its issuer and for its audience when the policy names them", () => {
  const policy = { ...anyPolicy, issuer: "https://id.example/", audience: "sluice" };
  const read = readerOf(10, policy);
  assert.equal(read(mintToken({ ...wish, policy }), now).kind, "caller");
  const good = { ...claims, iss: policy.issuer, aud: policy.audience };
  for (const aud of ["sluice", ["sluice"], ["other", "sluice"]]) {
    assert.equal(read(sign(hs256, { ...good, aud }), now).kind, "caller", JSON.stringify(aud));
  }
  const wrong = [
    ...[undefined, "", "https://id.example", ["https://id.example/"], null].map((iss) => ({ ...good, iss })),
    ...[undefined, "", "Sluice", [], ["other"], [["sluice"]], { sluice: 1 }, null].map((aud) => ({ ...good, aud })),
    { ...good, aud: [...Array.from({ length: 100 }, String), "sluice"] },
  ];
  for (const claim of wrong) assert.equal(read(sign(hs256, claim), now).kind, "invalid", JSON.stringify(claim));
});

test("token: is good for no longer than tokens may be, remembered or not", () => {
  const policy = { maxLifetimeMs: 3_600_000 };
  const read = readerOf(10, policy);
  const second = now / 1_000;
  const kindOf = (more: object) => read(sign(hs256, { ...claims, ...more }), now).kind;
  assert.equal(kindOf({ iat: second, exp: second + 3_600 }), "caller");
  assert.equal(kindOf({ iat: second, exp: second + 3_601 }), "invalid");
  assert.equal(kindOf({ iat: second - 1_800, exp: second + 1_801 }), "invalid");
  assert.equal(kindOf({ exp: second + 3_600 }), "caller");
  assert.equal(kindOf({ exp: second + 3_631 }), "invalid");
  assert.equal(kindOf({ exp: 1e300 }), "invalid");
  assert.throws(() => mintToken({ ...wish, ttlMs: 3_600_001, policy }), Fatal);
});

test("token: is taken when a former secret signed it", () => {
  const former = Buffer.alloc(32, 7);
  const token = mintToken({ ...wish, secret: former });
  assert.equal(readerOf(10)(token, now).kind, "invalid");
  assert.equal(readerOf(10, anyPolicy, [secret, former])(token, now).kind, "caller");
});

test("token: is of the very user it names when that is any visible character", () => {
  const read = readerOf(10);
  const every = String.fromCharCode(...Array.from({ length: 0x7e - 0x20 }, (_, at) => at + 0x21));
  for (const sub of [every, "o'neil", "auth0|7", "CN=a/OU=b", "YWxpY2U=", "x".repeat(255)]) {
    assert.deepEqual(read(sign(hs256, { ...claims, sub }), now), {
      kind: "caller",
      caller: { userId: sub, admin: false },
    });
  }
});
