/** Clients that pay by HTTP and ask until they are answered; what each was answered is kept, for it is a promise. */
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "undici";
import { mintToken } from "../../../api/tokens/token.ts";
import type { PayReply } from "../../../dev/demo/payments/payer.ts";
import type { Attempt } from "../../../dev/demo/payments/plan-payments.ts";

/** What a client was answered to one attempt in the end. */
export interface AttemptReply {
  readonly attempt: Attempt;
  readonly reply: PayReply;
  /** Requests it took: more than one where an answer was lost, or was none. */
  readonly requests: number;
}

/** Many clients. */
export interface Clients {
  /** Asks until answered, or until no API has answered for two minutes. */
  readonly pay: (attempt: Attempt) => Promise<AttemptReply>;
  readonly close: () => Promise<void>;
}

/** Where and how they ask. */
export interface ClientsOptions {
  /** The APIs that are up now: a client that is not answered asks the next one. */
  readonly urls: () => readonly string[];
  readonly secret: Uint8Array;
  /** Connections at once, to each API. */
  readonly connections: number;
  readonly signal: AbortSignal;
}

const patienceMs = 120_000;
const pauseMs = 50;
/** More than the API waits itself. */
const requestTimeoutMs = 15_000;

/** Clients. */
export const createClients = ({ urls, secret, connections, signal }: ClientsOptions): Clients => {
  const agent = new Agent({ connections, pipelining: 1 });
  let turn = 0;
  const askOnce = async ({ orderId, key }: Attempt, token: string): Promise<PayReply | undefined> => {
    const up = urls();
    const url = up[turn++ % up.length];
    if (url === undefined) return undefined;
    try {
      const { statusCode, body } = await request(`${url}/v1/payments`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": key },
        body: JSON.stringify({ orderId }),
        dispatcher: agent,
        signal: AbortSignal.timeout(requestTimeoutMs),
      });
      return replyOf(statusCode, await body.json());
    } catch {
      return undefined;
    }
  };
  return {
    pay: async (attempt) => {
      const token = mintToken({ secret, userId: attempt.userId, ttlMs: 3_600_000, now: Date.now() });
      const deadline = performance.now() + patienceMs;
      for (let requests = 1; ; requests++) {
        const reply = await askOnce(attempt, token);
        if (reply !== undefined) return { attempt, reply, requests };
        if (performance.now() > deadline) return { attempt, reply: { kind: "unanswered" }, requests };
        await sleep(pauseMs, undefined, { signal });
      }
    },
    close: () => agent.destroy(),
  };
};

/** Undefined where it is to be asked again, with the same key. */
const replyOf = (status: number, answer: unknown): PayReply | undefined => {
  if (status >= 500 || status === 429) return undefined;
  // Our own API's documents: a payment, or a problem.
  const { paymentId, type } = answer as { readonly paymentId?: string; readonly type?: string };
  if (paymentId !== undefined) return { kind: "paid", paymentId, fresh: status === 201 };
  return { kind: "refused", problem: type?.split("/").at(-1) ?? "unknown" };
};
