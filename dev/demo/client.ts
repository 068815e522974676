/** Real HTTP clients: each asks for a coupon, then asks how it ended until it knows; one at a time follows it by events instead. */
import { Pool } from "undici";
import { type Followed, followReservation, type ReservationAnswer } from "./follow.ts";
import type { Ask } from "./requests.ts";

/** How one ask ended. */
export interface Reply {
  readonly status: "issued" | "refused" | "undecided" | "turnedAway";
  /** Why it was refused, or the HTTP status that turned it away. */
  readonly reason: string | undefined;
  /** From sending the request to reading the verdict. */
  readonly latencyMs: number;
  /** When that was, `performance.now()`. */
  readonly endedAtMs: number;
}

/** What a burst has come to so far. */
export interface BurstProgress {
  sent: number;
  accepted: number;
  /** Of those that were accepted. */
  decided: number;
  /** How many are before the one who follows; undefined while nobody does, or it was not told. */
  before?: number | undefined;
  /** What one of those who followed was told, one after the other: the one who was told most. */
  told?: readonly number[];
}

/** It in a line, of so many requests. */
export const showBurst = ({ sent, accepted, decided, before }: BurstProgress, requests: number): string =>
  `sent ${sent} of ${requests}, accepted ${accepted}, decided ${decided} of those` +
  (before === undefined ? "" : `; one who follows has ${before} before it`);

/** Where and how to send. */
export interface BurstOptions {
  readonly baseUrl: string;
  /** The bearer token of a user. */
  readonly tokenOf: (userId: string) => string;
  /** Clients at once, each with a connection of its own. */
  readonly clients: number;
  readonly progress: BurstProgress;
  readonly signal: AbortSignal;
}

/** The reason of a request that was refused at the door: it has no reservation. */
export const noSuchCoupon = "NO_SUCH_COUPON (404)";

/** Asks again this often, 10 s each time, before it calls a request undecided. */
const maxQuestions = 6;

/** Sends every ask, `clients` at a time; answers how each ended, in the order of the asks. */
export const sendBurst = async (asks: readonly Ask[], options: BurstOptions): Promise<readonly Reply[]> => {
  const pool = new Pool(options.baseUrl, { connections: options.clients, pipelining: 1 });
  const replies = new Array<Reply>(asks.length);
  let next = 0;
  const follower: Follower = { isTaken: false };
  const client = async (): Promise<void> => {
    for (let at = next++; at < asks.length; at = next++) {
      if (options.signal.aborted) return;
      const ask = asks[at];
      if (ask !== undefined) replies[at] = await askOnce(pool, ask, options, follower);
    }
  };
  try {
    await Promise.all(Array.from({ length: options.clients }, client));
    return replies.filter((one) => one !== undefined);
  } finally {
    await pool.close();
  }
};

const askOnce = async (
  pool: Pool,
  ask: Ask,
  { tokenOf, progress }: BurstOptions,
  follower: Follower,
): Promise<Reply> => {
  const startedAt = performance.now();
  const authorization = `Bearer ${tokenOf(ask.userId)}`;
  progress.sent++;
  const post = await pool.request({
    method: "POST",
    path: `/v1/coupons/${ask.couponId}/reservations`,
    headers: { authorization, "content-type": "application/json" },
    body: "{}",
  });
  if (post.statusCode === 404) {
    await post.body.dump();
    return { status: "refused", reason: noSuchCoupon, ...timed(startedAt) };
  }
  if (post.statusCode !== 202) {
    await post.body.dump();
    return { status: "turnedAway", reason: String(post.statusCode), ...timed(startedAt) };
  }
  progress.accepted++;
  const { reservationId } = (await post.body.json()) as { readonly reservationId: string };
  const followed = { location: String(post.headers["location"]), authorization };
  const answer =
    (await follow(pool, followed, { progress, follower })) ?? (await untilDecided(pool, reservationId, authorization));
  progress.decided++;
  return { ...answer, ...timed(startedAt) };
};

const timed = (startedAt: number): Pick<Reply, "latencyMs" | "endedAtMs"> => {
  const endedAtMs = performance.now();
  return { latencyMs: endedAtMs - startedAt, endedAtMs };
};

type Verdict = Pick<Reply, "status" | "reason">;

/** Whether some client follows its reservation. */
interface Follower {
  isTaken: boolean;
}

/** Follows where nobody else does; undefined where somebody does, and where the stream was cut or ended without a verdict. */
const follow = async (
  pool: Pool,
  followed: Followed,
  { progress, follower }: Pick<BurstOptions, "progress"> & { readonly follower: Follower },
): Promise<Verdict | undefined> => {
  if (follower.isTaken) return undefined;
  follower.isTaken = true;
  const told: number[] = [];
  try {
    const answer = await followReservation(pool, followed, (before) => {
      progress.before = before;
      if (before !== told.at(-1)) told.push(before);
    });
    return verdictIn(answer);
  } catch {
    return undefined;
  } finally {
    follower.isTaken = false;
    progress.before = undefined;
    if (told.length > (progress.told?.length ?? 0)) progress.told = told;
  }
};

const verdictIn = ({ status, reason }: ReservationAnswer): Verdict | undefined =>
  status === "issued" || status === "refused" ? { status, reason } : undefined;

const untilDecided = async (pool: Pool, reservationId: string, authorization: string): Promise<Verdict> => {
  for (let question = 0; question < maxQuestions; question++) {
    const path = `/v1/reservations/${reservationId}?waitMs=10000`;
    const { statusCode, body } = await pool.request({ method: "GET", path, headers: { authorization } });
    const verdict = verdictIn((await body.json()) as ReservationAnswer);
    if (statusCode === 200 && verdict !== undefined) return verdict;
  }
  return { status: "undecided", reason: undefined };
};
