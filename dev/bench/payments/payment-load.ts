/** Clients that pay orders, each the next one when the last is answered: through the API, or one transaction a payment. */
import { hash } from "node:crypto";
import { Pool } from "undici";
import { v7 } from "uuid";
import { mintToken } from "../../../api/tokens/token.ts";
import type { Order } from "../../../processors/payments/payment-ports.ts";
import type { PaymentId } from "../../../schemas/payment.ts";
import type { Database } from "../../../stores/mysql/database.ts";
import { paymentBook } from "../../../stores/mysql/payments/payment-book.ts";
import { quantile } from "../../demo/summary.ts";
import { userIdOf, users } from "./payment-shop.ts";

/** Clients side by side. */
export const clients = 128;

/** What a load came to. */
export interface LoadRun {
  readonly load: string;
  readonly orders: number;
  /** Answered that it was paid now. */
  readonly paid: number;
  readonly seconds: number;
  readonly paidPerSecond: number;
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** Pays an order; answers whether it was paid by this. */
export type Payer = (order: Order) => Promise<boolean>;

/** Pays through the API, on a connection a client; `close` ends them. */
export const apiPayer = (url: string, prefix: string, secret: Uint8Array) => {
  const pool = new Pool(url, { connections: clients, pipelining: 1 });
  const tokens = new Map(
    Array.from({ length: users }, (_, n) => {
      const userId = userIdOf(prefix, n);
      return [userId, mintToken({ secret, userId, ttlMs: 3_600_000, now: Date.now() })];
    }),
  );
  const pay: Payer = async ({ orderId, userId }) => {
    const { statusCode, body } = await pool.request({
      method: "POST",
      path: "/v1/payments",
      headers: {
        authorization: `Bearer ${tokens.get(userId)}`,
        "content-type": "application/json",
        "idempotency-key": orderId,
      },
      body: JSON.stringify({ orderId }),
    });
    await body.dump();
    return statusCode === 201;
  };
  return { pay, close: () => pool.close() };
};

/**
 * The baseline: the very statements of the product, one transaction a payment, side by side on a pool of connections.
 * In this process and without HTTP, which flatters it.
 */
export const alonePayer = (database: Database): Payer => {
  const book = paymentBook(database);
  return async ({ orderId, userId }) => {
    const fingerprint = hash("sha256", JSON.stringify([orderId]), "buffer");
    const [answer] = await book.pay([{ orderId, userId, key: orderId, fingerprint, paymentId: v7() as PaymentId }]);
    return answer?.kind === "paid";
  };
};

/** Has the clients pay all orders. Rejects where the signal comes first. */
export const runLoad = async (
  about: string,
  { pay, signal }: { readonly pay: Payer; readonly signal: AbortSignal },
  orders: readonly Order[],
): Promise<LoadRun> => {
  const latencies: number[] = [];
  const left = orders.values();
  let paid = 0;
  const startedAt = performance.now();
  const client = async (): Promise<void> => {
    for (const order of left) {
      signal.throwIfAborted();
      const sentAt = performance.now();
      if (await pay(order)) paid++;
      latencies.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - startedAt) / 1_000;
  const sorted = latencies.sort((a, b) => a - b);
  return {
    load: about,
    orders: orders.length,
    paid,
    seconds: Math.round(seconds * 100) / 100,
    paidPerSecond: Math.round(paid / seconds),
    latencyMs: { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: quantile(sorted, 1) },
  };
};
