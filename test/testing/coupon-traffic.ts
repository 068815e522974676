/** Coupons that are opened, and asked for by real clients, of a stack that other tests do not use. */
import assert from "node:assert/strict";
import { mintToken } from "../../api/tokens/token.ts";
import { sendBurst } from "../../dev/demo/client.ts";
import { planBurst } from "../../dev/demo/requests.ts";

/** Who asks whom. */
export interface Traffic {
  /** Opens a coupon of 30 units. @throws AssertionError where it is not taken */
  readonly openCoupon: (url: string, couponId: string) => Promise<void>;
  /** Twenty users ask, some of them twice, and wait until each is decided. `crowd` makes them others than those before. */
  readonly burst: (url: string, couponId: string, crowd: string) => Promise<void>;
}

/** A bearer token, good for ten minutes. */
export const tokenFor = (secret: Buffer, userId: string, role?: string): string =>
  mintToken({ secret, userId, ttlMs: 600_000, now: Date.now(), ...(role !== undefined && { role }) });

/** Opens a coupon as an admin. @throws AssertionError where it is not taken */
export const openCoupon = async (
  url: string,
  secret: Buffer,
  coupon: { readonly couponId: string; readonly stock: number },
): Promise<void> => {
  const policy = { name: "P", discount: { kind: "fixed", amount: 1 }, minOrderAmount: 0 };
  const response = await fetch(`${url}/v1/admin/coupons`, {
    method: "POST",
    headers: { authorization: `Bearer ${tokenFor(secret, "boss", "admin")}`, "content-type": "application/json" },
    body: JSON.stringify({ ...coupon, policyId: "p", validForDays: 1, policy }),
  });
  assert.equal(response.status, 201, await response.text());
};

/** Traffic whose tokens are signed with a secret. */
export const couponTraffic = (tokenSecret: Buffer, signal: AbortSignal): Traffic => ({
  openCoupon: (url, couponId) => openCoupon(url, tokenSecret, { couponId, stock: 30 }),
  burst: async (url, couponId, crowd) => {
    const asks = planBurst({ couponId, requests: 20, secondAskEvery: 20, unknownEvery: 50 });
    const progress = { sent: 0, accepted: 0, decided: 0 };
    const tokenOf = (userId: string) => tokenFor(tokenSecret, crowd + userId);
    const replies = await sendBurst(asks, { baseUrl: url, tokenOf, clients: 10, progress, signal });
    assert.deepEqual(
      replies.filter(({ status }) => status === "undecided" || status === "turnedAway"),
      [],
    );
  },
});
