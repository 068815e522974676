/** Real HTTP clients that pay: each case at its time, whatever became of those before it; asked again until answered. */
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import type { Attempt, PayCase } from "./plan-payments.ts";

/** What one attempt was answered in the end. */
export type PayReply =
  | { readonly kind: "paid"; readonly paymentId: string /** 201, and not a repetition. */; readonly fresh: boolean }
  /** `problem` is the last part of the problem's type. */
  | { readonly kind: "refused"; readonly problem: string }
  | { readonly kind: "unanswered" };

/** How one attempt ended. */
export interface PayAnswer {
  readonly attempt: Attempt;
  readonly reply: PayReply;
  /** Requests it took. */
  readonly requests: number;
  /** When it was due, `performance.now()`. */
  readonly dueAtMs: number;
  /** From when it was due to its answer: waiting for a free client counts. */
  readonly latencyMs: number;
}

/** A case with its answers, in the order of its attempts. */
export interface AnsweredCase extends PayCase {
  readonly answers: readonly PayAnswer[];
}

/** How far it is. */
export interface PayProgress {
  answered: number;
  paid: number;
}

/** Where and how to pay. */
export interface PayOptions {
  readonly baseUrl: string;
  readonly tokenOf: (userId: string) => string;
  /** Connections at once. */
  readonly clients: number;
  /** The cases are spread evenly over this time. */
  readonly spreadMs: number;
  readonly progress: PayProgress;
  readonly signal: AbortSignal;
}

/** How long a client asks again before it gives up. */
const patienceMs = 30_000;
/** Between two requests of one attempt. */
const pauseMs = 100;

/** Sends every case when it is due; answers how each ended, in order. Rejects when `signal` aborts. */
export const payAll = async (cases: readonly PayCase[], options: PayOptions): Promise<readonly AnsweredCase[]> => {
  const pool = new Pool(options.baseUrl, { connections: options.clients, pipelining: 1 });
  const startedAt = performance.now();
  const pay = async (one: PayCase, n: number): Promise<AnsweredCase> => {
    const dueAtMs = startedAt + (n * options.spreadMs) / cases.length;
    await sleep(Math.max(0, dueAtMs - performance.now()), undefined, { signal: options.signal });
    const answers = await Promise.all(one.attempts.map((attempt) => payOne(pool, { attempt, dueAtMs }, options)));
    return { ...one, answers };
  };
  try {
    return await Promise.all(cases.map(pay));
  } finally {
    await pool.destroy();
  }
};

const payOne = async (
  pool: Pool,
  { attempt, dueAtMs }: { readonly attempt: Attempt; readonly dueAtMs: number },
  { tokenOf, progress, signal }: PayOptions,
): Promise<PayAnswer> => {
  for (let requests = 1; ; requests++) {
    const reply = await askOnce(pool, attempt, tokenOf(attempt.userId));
    const latencyMs = performance.now() - dueAtMs;
    if (reply === undefined && latencyMs < patienceMs) {
      await sleep(pauseMs, undefined, { signal });
      continue;
    }
    progress.answered++;
    if (reply?.kind === "paid" && reply.fresh) progress.paid++;
    return { attempt, reply: reply ?? { kind: "unanswered" }, requests, dueAtMs, latencyMs };
  }
};

/** Undefined where it is to be asked again, with the same key: cut off, or answered to come back. */
const askOnce = async (pool: Pool, { orderId, key }: Attempt, token: string): Promise<PayReply | undefined> => {
  try {
    const { statusCode, body } = await pool.request({
      method: "POST",
      path: "/v1/payments",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify({ orderId }),
    });
    const answer = (await body.json()) as { readonly paymentId?: string; readonly type?: string };
    if (answer.paymentId !== undefined) return { kind: "paid", paymentId: answer.paymentId, fresh: statusCode === 201 };
    return statusCode >= 500 || statusCode === 429
      ? undefined
      : { kind: "refused", problem: answer.type?.split("/").at(-1) ?? "unknown" };
  } catch {
    return undefined;
  }
};
