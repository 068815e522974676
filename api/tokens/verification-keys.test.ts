// Keys: which documents are read, which tokens they verify, and how they follow their origin.
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, type KeyObject, sign as signBytes } from "node:crypto";
import { test } from "node:test";
import { Fatal } from "../../engine/errors.ts";
import { anyPolicy, createTokenReader } from "./token.ts";
import { fixedKeys, joinedKeys, publicKeysIn, refreshedKeys, secretKeys, type TokenKeys } from "./verification-keys.ts";

const now = 1_800_000_000_000;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const otherRsa = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed = generateKeyPairSync("ed25519");

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = { sub: "alice", exp: now / 1_000 + 60 };
/** A token that a private key signed. */
const signed = (key: KeyObject, header: { readonly alg: string; readonly kid?: string }): string => {
  const input = `${part(header)}.${part(claims)}`;
  const how = header.alg === "ES256" ? { key, dsaEncoding: "ieee-p1363" as const } : key;
  return `${input}.${signBytes(header.alg === "EdDSA" ? null : "sha256", Buffer.from(input), how).toString("base64url")}`;
};
const pem = (key: KeyObject): string => key.export({ type: "spki", format: "pem" }).toString();
const jwk = (key: KeyObject, more: object = {}) => ({ ...key.export({ format: "jwk" }), ...more });
const set = (...keys: readonly object[]): string => JSON.stringify({ keys });
const kindOf = (keys: TokenKeys, token: string) => createTokenReader(keys, anyPolicy, 10)(token, now).kind;

test("keys: verify RS256, ES256 and EdDSA when they are read from PEM or from a JWK set", () => {
  const pems = publicKeysIn([rsa, ec, ed].map(({ publicKey }) => pem(publicKey)).join("\n"));
  const jwks = publicKeysIn(
    set(
      jwk(rsa.publicKey, { kid: "r", use: "sig", alg: "RS256" }),
      jwk(ec.publicKey, { kid: "e" }),
      jwk(ed.publicKey, { kid: "d" }),
    ),
  );
  for (const keys of [pems, jwks].map(fixedKeys)) {
    for (const [pair, alg, kid] of [
      [rsa, "RS256", "r"],
      [ec, "ES256", "e"],
      [ed, "EdDSA", "d"],
    ] as const) {
      assert.equal(kindOf(keys, signed(pair.privateKey, { alg })), "caller", alg);
      assert.equal(kindOf(keys, signed(pair.privateKey, { alg, kid })), "caller", `${alg} ${kid}`);
      assert.equal(kindOf(keys, `${signed(pair.privateKey, { alg }).slice(0, -6)}AAAAAA`), "invalid", alg);
    }
    assert.equal(kindOf(keys, signed(otherRsa.privateKey, { alg: "RS256", kid: "r" })), "invalid");
  }
  for (const kid of ["../../etc/passwd", "e", "__proto__", "' OR 1=1"]) {
    assert.equal(kindOf(fixedKeys(jwks), signed(rsa.privateKey, { alg: "RS256", kid })), "invalid", kid);
  }
});

test("keys: never take a public key for the secret of an HMAC, nor no signature for one", () => {
  const text = pem(rsa.publicKey);
  const keys = joinedKeys([fixedKeys(publicKeysIn(text)), fixedKeys(secretKeys([Buffer.alloc(32, 1)]))]);
  for (const secret of [text, text.trim(), rsa.publicKey.export({ type: "spki", format: "der" })]) {
    const input = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
    const token = `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
    assert.equal(kindOf(keys, token), "invalid");
  }
  for (const alg of ["none", "None", "", "RS512", "PS256", "ES384", 1, null, ["RS256"], { a: 1 }]) {
    assert.equal(kindOf(keys, `${part({ alg })}.${part(claims)}.`), "invalid", JSON.stringify(alg));
    assert.equal(kindOf(keys, `${part({ alg })}.${part(claims)}.${part("x")}`), "invalid", JSON.stringify(alg));
  }
});

test("keys: are refused when they are private, and left out of a set when they are for something else", () => {
  const weak = generateKeyPairSync("rsa", { modulusLength: 1_024 }).publicKey;
  const curve = generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey;
  const refused = [
    rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    pem(rsa.publicKey) + ec.privateKey.export({ type: "sec1", format: "pem" }).toString(),
    set(jwk(rsa.privateKey)),
    set(),
    set({ kty: "oct", k: "c2VjcmV0", kid: "s" }),
    set(jwk(weak), jwk(curve), jwk(rsa.publicKey, { use: "enc" }), jwk(rsa.publicKey, { alg: "RS512" })),
    set({ kty: "RSA" }, { kty: "??" }, jwk(rsa.publicKey, { kid: 7 })),
    '{"keys":{}}',
    "{}",
    "{",
    "[]",
    "",
    "<html>",
    "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
    pem(weak),
    pem(curve),
  ];
  for (const text of refused) {
    assert.throws(
      () => publicKeysIn(text),
      (error) => error instanceof Fatal && error.code === "BAD_KEYS",
      text.slice(0, 60),
    );
  }
  assert.equal(publicKeysIn(set(jwk(weak), null as never, jwk(ed.publicKey))).length, 1);
});

test("keys: are tried a few at a time when a token names none of many", () => {
  const many = publicKeysIn(set(...Array.from({ length: 100 }, (_, at) => jwk(ed.publicKey, { kid: `k${at}` }))));
  const keys = fixedKeys(many);
  assert.equal(keys.candidates({ alg: "EdDSA" }).length, 4);
  assert.equal(keys.candidates({ alg: "EdDSA", kid: "k99" }).length, 1);
});

/** An origin whose answers the test gives. */
const origin = () => {
  const state = { text: set(jwk(rsa.publicKey, { kid: "old" })), error: undefined as Error | undefined, now: 0 };
  const [loads, failures]: [number[], unknown[]] = [[], []];
  const keys = refreshedKeys(
    {
      load: async () => {
        loads.push(state.now);
        if (state.error !== undefined) throw state.error;
        return state.text;
      },
      now: () => state.now,
      failed: (error) => failures.push(error),
    },
    { everyMs: 300_000, atSoonestMs: 10_000 },
  );
  return { state, loads, failures, keys };
};

test("keys: follow their origin: a new one is taken at its first token, an old one until it is gone", async () => {
  const { state, loads, keys } = origin();
  await keys.refresh();
  const read = createTokenReader(keys, anyPolicy, 10);
  const old = signed(rsa.privateKey, { alg: "RS256", kid: "old" });
  const fresh = signed(otherRsa.privateKey, { alg: "RS256", kid: "new" });
  assert.equal(read(old, now).kind, "caller");
  state.now = 20_000;
  state.text = set(jwk(rsa.publicKey, { kid: "old" }), jwk(otherRsa.publicKey, { kid: "new" }));
  const unsure = read(fresh, now);
  assert.ok(unsure.kind === "unsure");
  await unsure.asked;
  assert.deepEqual([read(fresh, now).kind, read(old, now).kind], ["caller", "caller"]);
  // Revoked: the next look finds it gone, and what was remembered of it counts no more.
  state.now = 400_000;
  state.text = set(jwk(otherRsa.publicKey, { kid: "new" }));
  await keys.refresh();
  assert.equal(read(fresh, now).kind, "caller");
  state.now = 400_001;
  assert.equal(read(old, now).kind, "invalid");
  assert.equal(loads.length, 3);
});

test("keys: are asked for once in ten seconds when tokens name keys that do not exist", async () => {
  const { state, loads, keys } = origin();
  await keys.refresh();
  const read = createTokenReader(keys, anyPolicy, 10);
  state.now = 60_000;
  for (let n = 0; n < 1_000; n++) {
    state.now += 20;
    const answer = read(signed(ed.privateKey, { alg: "EdDSA", kid: `made-up-${n}` }), now);
    if (answer.kind === "unsure") await answer.asked;
    else assert.equal(answer.kind, "invalid");
  }
  assert.equal(loads.length, 3);
});

test("keys: remain as they were when their origin is away or answers nonsense, and are away before it answered once", async () => {
  const { state, failures, keys } = origin();
  state.error = new Error("refused");
  await keys.refresh();
  const read = createTokenReader(keys, anyPolicy, 10);
  const token = signed(rsa.privateKey, { alg: "RS256", kid: "old" });
  assert.deepEqual([read(token, now).kind, keys.known()], ["keysAway", false]);
  state.now = 10_000;
  state.error = undefined;
  await keys.refresh();
  assert.equal(read(token, now).kind, "caller");
  for (const text of ["<html>", set(), "{"]) {
    state.now += 400_000;
    state.text = text;
    await keys.refresh();
    assert.equal(read(token, now).kind, "caller");
  }
  assert.equal(failures.length, 4);
});
