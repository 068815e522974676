/** Whose tokens open the console. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mintToken } from "../../api/tokens/token.ts";
import { systemClock } from "../../engine/clock.ts";
import { shopViewers } from "./viewers.ts";

const secret = Buffer.from("a-secret-of-this-test-and-of-nothing-else");
const policy = { maxLifetimeMs: 3_600_000 };
const tokens = { secrets: [secret], keysFile: undefined, keysUrl: undefined, hs256: true, policy };
const tokenOf = (role?: string, by: Buffer = secret): string =>
  mintToken({
    ...{ secret: by, userId: "mina", ttlMs: 60_000, now: Date.now() },
    ...(role === undefined ? {} : { role }),
  });

test("console of the shop: takes tokens with a role, each as what it says and for as long, when they are signed", async () => {
  const viewerOf = await shopViewers({ tokens }, systemClock);
  for (const [role, as] of [
    ["viewer", "viewer"],
    ["operator", "operator"],
    ["admin", "operator"],
  ] as const) {
    const token = tokenOf(role);
    const { exp } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    assert.deepEqual(await viewerOf(token), { name: "mina", role: as, expiresAtMs: exp * 1_000 });
  }
});

test("console of the shop: takes no customer's token, no unknown role, and none that another key has signed", async () => {
  const viewerOf = await shopViewers({ tokens }, systemClock);
  for (const token of [
    tokenOf(),
    tokenOf("manager"),
    tokenOf("constructor"),
    tokenOf("operator", Buffer.from("another-secret-that-is-long-enough-too")),
    "nonsense",
    "",
  ])
    assert.equal(await viewerOf(token), undefined);
});
