/** The whole API on fakes, and a client of it, for tests. */
import { randomBytes } from "node:crypto";
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from "fastify";
import { createApi } from "../api.ts";
import type { QueueLook } from "../coupons/queue-position.ts";
import { machineClock } from "../http/clock.ts";
import type { ApiMetrics, ApiSettings, CouponApiParameters, TurnedAway } from "../http/parameters.ts";
import { encodeAsJson, fakeProducer } from "../../engine/log/testing/fake-producer.ts";
import type { Readiness } from "../../engine/readiness.ts";
import { fakeClock, fakeStores } from "./testing.ts";
import type { CouponIssueRequested } from "../../schemas/coupon.ts";
import { mintToken } from "../tokens/token.ts";

/** The secret of every test. */
export const testSecret = Buffer.alloc(32, 1);

/** What was counted and logged. */
export interface Seen {
  readonly answered: { readonly route: string; readonly status: number }[];
  readonly acknowledgeMs: number[];
  readonly turnedAway: TurnedAway[];
  readonly logged: string[];
  /** How many requests wait for a verdict. */
  waiting: () => number;
}

/** Time stands still in most tests, and one user asks for much: no rate is in their way unless it is what they are about. */
const noRate = { userRatePerSecond: 1_000_000, userBurst: 1_000_000, maxPipelined: 1_000 };

/** An API on fakes. */
export const testApi = (settings: Partial<ApiSettings> = {}) => {
  const clock = fakeClock();
  const producer = fakeProducer<CouponIssueRequested>();
  const stores = fakeStores();
  const readiness: { now: Readiness } = { now: { ok: true, why: [], codes: [] } };
  const queue: { now: QueueLook | undefined } = { now: undefined };
  const seen: Seen = { answered: [], acknowledgeMs: [], turnedAway: [], logged: [], waiting: () => 0 };
  const metrics: ApiMetrics = {
    answered: ({ route, status }) => seen.answered.push({ route, status }),
    accepted: (acknowledgeMs) => seen.acknowledgeMs.push(acknowledgeMs),
    turnedAway: (why) => seen.turnedAway.push(why),
    watchWaiting: (waiting) => {
      seen.waiting = waiting;
    },
  };
  const log = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    seen.logged.push(`${level}: ${message} ${String(fields["err"])}`);
  };
  const app = createApi({
    ports: stores.ports,
    producer,
    encodeRequest: encodeAsJson,
    clock,
    randomBytes,
    tokenSecret: testSecret,
    seeQueue: async () => queue.now,
    ready: () => readiness.now,
    log: { warn: log("warn"), error: log("error") },
    settings: { ...noRate, ...settings },
    metrics,
  });
  const bearer = (userId: string, role?: string): { readonly authorization: string } => ({
    authorization: `Bearer ${mintToken({ secret: testSecret, userId, ttlMs: 60_000, now: clock.now(), ...(role === undefined ? {} : { role }) })}`,
  });
  return { app, clock, producer, stores, readiness, queue, seen, bearer, ...clientOf(app, bearer) };
};

/** An API on fakes and the machine's clock, for what needs a socket or a real store. */
export const apiInRealTime = (changes: Partial<CouponApiParameters>): FastifyInstance =>
  createApi({
    ports: fakeStores().ports,
    producer: fakeProducer(),
    encodeRequest: encodeAsJson,
    clock: machineClock,
    randomBytes,
    tokenSecret: testSecret,
    ready: () => ({ ok: true, why: [], codes: [] }),
    log: { warn: () => {}, error: () => {} },
    ...changes,
    settings: { ...noRate, ...changes.settings },
  });

/** What a user of {@link apiInRealTime} sends as `Authorization`, for ten minutes. */
export const bearerOf = (userId: string): string =>
  `Bearer ${mintToken({ secret: testSecret, userId, ttlMs: 600_000, now: Date.now() })}`;

/** An API on fakes, as {@link testApi} makes it. */
export type TestApi = ReturnType<typeof testApi>;

const clientOf = (app: FastifyInstance, bearer: (userId: string) => { readonly authorization: string }) => ({
  /** Asks for a coupon. */
  reserve: (
    userId: string,
    options: { readonly couponId?: string; readonly body?: unknown; readonly key?: string } = {},
  ) => {
    const { couponId = "launch", body, key } = options;
    return app.inject({
      method: "POST",
      url: `/v1/coupons/${couponId}/reservations`,
      headers: { ...bearer(userId), ...(key === undefined ? {} : { "idempotency-key": key }) },
      ...(body === undefined ? {} : { payload: body as NonNullable<InjectOptions["payload"]> }),
    });
  },
  /** Asks what became of a reservation. */
  read: (
    userId: string,
    reservationId: string,
    options: { readonly query?: string; readonly signal?: AbortSignal } = {},
  ) =>
    app.inject({
      method: "GET",
      url: `/v1/reservations/${reservationId}${options.query ?? ""}`,
      headers: bearer(userId),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    }),
});

/** A problem as a client reads it. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
  readonly reservationId?: string;
  readonly options?: readonly unknown[];
  readonly coupons?: readonly unknown[];
  readonly amount?: number;
  readonly balance?: number;
}

/**
 * The problem in a response, with its form checked: media type, status, and nothing of the server's inside.
 * @throws AssertionError-like Error naming what is wrong.
 */
export const problemIn = (response: LightMyRequestResponse): ProblemDocument => {
  const { statusCode, headers, body } = response;
  if (headers["content-type"] !== "application/problem+json") {
    throw new Error(`${statusCode} ${String(headers["content-type"])} is no problem: ${body}`);
  }
  const problem = response.json<ProblemDocument>();
  const { type, title, status, detail, instance } = problem;
  if (status !== statusCode) throw new Error(`the document says ${status}, the status line ${statusCode}`);
  if (!/^\/problems\/[a-z-]+$/.test(type)) throw new Error(`${type} is no type of ours`);
  for (const text of [title, detail, instance]) if (typeof text !== "string") throw new Error(`not text in ${body}`);
  if (/\.ts:|\.js:|node_modules|SELECT |redis\.call/.test(body.replace(JSON.stringify(instance), "")))
    throw new Error(`it leaks: ${body}`);
  return problem;
};

/** The name at the end of a problem's type. */
export const problemName = (response: LightMyRequestResponse): string =>
  problemIn(response).type.split("/").at(-1) ?? "";

/** The fields a problem names. */
export const fieldsIn = (response: LightMyRequestResponse): readonly string[] =>
  (problemIn(response).errors ?? []).map(({ field }) => field);
