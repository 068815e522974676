/** Real HTTP clients at a steady rate against the APIs that are in service, each until it knows its verdict. */
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "undici";
import type { Ask } from "../../../dev/demo/requests.ts";

/** How an ask ended. */
export interface Reply {
  /** Absent where the API did not accept it. */
  readonly reservationId?: string;
  /** `turnedAway`: an answer other than 202. `unanswered`: none. `undecided`: accepted, and never a verdict. */
  readonly status: "issued" | "refused" | "undecided" | "turnedAway" | "unanswered";
  /** From sending to the verdict. */
  readonly tookMs: number;
}

/** What was sent so far. */
export interface Progress {
  readonly sent: number;
  readonly accepted: number;
  readonly decided: number;
  /** The slowest verdict since it was asked for last, ms. */
  readonly slowestMs: () => number;
}

/** A load at work. */
export interface Load {
  readonly progress: Progress;
  /** Sends to these from now on; resolves when nothing is asked of any other any more, as behind a load balancer. */
  readonly use: (urls: readonly string[]) => Promise<void>;
  /** Sends nothing more; resolves with every reply when each has its verdict, or was asked for long enough. */
  readonly stop: () => Promise<readonly Reply[]>;
}

/** What is sent, how often and to whom. */
export interface LoadOptions {
  readonly asks: Iterable<Ask>;
  readonly tokenOf: (userId: string) => string;
  readonly perSecond: number;
  readonly urls: readonly string[];
}

/** Requests are sent this often, ms; several at once. */
const tickMs = 50;
/** Asks again this often, 10 s each time, before it calls a request undecided. */
const maxQuestions = 6;

/** Starts to send. */
export const startLoad = ({ asks, tokenOf, perSecond, urls }: LoadOptions): Load => {
  const agent = new Agent({ connections: 256, pipelining: 1 });
  const asked = asks[Symbol.iterator]();
  const replies: Promise<Reply>[] = [];
  const inFlight = new Map<string, number>();
  const counts = { sent: 0, accepted: 0, decided: 0, slowestMs: 0 };
  let targets = urls;
  let turn = 0;

  const at = async <T>(ask: (url: string) => Promise<T>): Promise<T> => {
    const url = targets[turn++ % targets.length] ?? "";
    inFlight.set(url, (inFlight.get(url) ?? 0) + 1);
    try {
      return await ask(url);
    } finally {
      inFlight.set(url, (inFlight.get(url) ?? 0) - 1);
    }
  };
  const send = async (ask: Ask): Promise<Reply> => {
    const startedAt = performance.now();
    const took = () => performance.now() - startedAt;
    const headers = { authorization: `Bearer ${tokenOf(ask.userId)}`, "content-type": "application/json" };
    const path = `/v1/coupons/${ask.couponId}/reservations`;
    const reservationId = await at(async (url) => {
      const { statusCode, body } = await request(url + path, {
        method: "POST",
        headers,
        body: "{}",
        dispatcher: agent,
      });
      const answer = (await body.json()) as { readonly reservationId?: string };
      return statusCode === 202 ? answer.reservationId : undefined;
    }).catch(() => null);
    if (reservationId === null) return { status: "unanswered", tookMs: took() };
    if (reservationId === undefined) return { status: "turnedAway", tookMs: took() };
    counts.accepted++;
    const status = await decided(reservationId, headers.authorization);
    counts.decided += status === "undecided" ? 0 : 1;
    counts.slowestMs = Math.max(counts.slowestMs, took());
    return { reservationId, status, tookMs: took() };
  };
  const decided = async (reservationId: string, authorization: string): Promise<Reply["status"]> => {
    for (let question = 0; question < maxQuestions; question++) {
      // Any API answers, whichever accepted it.
      const status = await at(async (url) => {
        const path = `/v1/reservations/${reservationId}?waitMs=10000`;
        const { body } = await request(url + path, { headers: { authorization }, dispatcher: agent });
        return ((await body.json()) as { readonly status?: string }).status;
      }).catch(() => sleep(1_000));
      if (status === "issued" || status === "refused") return status;
    }
    return "undecided";
  };

  const startedAt = performance.now();
  const timer = setInterval(() => {
    // By the time that has passed: a tick that is late sends what it owes.
    const due = ((performance.now() - startedAt) * perSecond) / 1_000;
    for (; counts.sent < due; counts.sent++) {
      const next = asked.next();
      if (next.done === true) throw new RangeError(`there were only ${counts.sent} asks`);
      replies.push(send(next.value));
    }
  }, tickMs);
  return {
    progress: {
      get sent() {
        return counts.sent;
      },
      get accepted() {
        return counts.accepted;
      },
      get decided() {
        return counts.decided;
      },
      slowestMs: () => {
        const slowest = Math.round(counts.slowestMs);
        counts.slowestMs = 0;
        return slowest;
      },
    },
    use: async (next) => {
      targets = next;
      while ([...inFlight].some(([url, n]) => n > 0 && !next.includes(url))) await sleep(tickMs);
    },
    stop: async () => {
      clearInterval(timer);
      const all = await Promise.all(replies);
      await agent.close();
      return all;
    },
  };
};
