/** What the coupon API is given: its ports, its log, its clock, its bounds. It reads no environment and keeps no globals. */
import type { Tracer } from "@opentelemetry/api";
import type {
  CouponCatalog,
  CouponRegister,
  IdempotencyKeys,
  VerdictLookup,
} from "../../processors/coupons/coupon-ports.ts";
import type { PaymentBook } from "../../processors/payments/payment-ports.ts";
import type { Producer } from "../../engine/log/producer.ts";
import type { Logger } from "../../engine/logger.ts";
import type { Readiness } from "../../engine/readiness.ts";
import type { RandomBytes } from "../../engine/random-pool.ts";
import type { TokenPolicy } from "../tokens/token.ts";
import type { TokenKeys } from "../tokens/verification-keys.ts";
import type { SeeQueue } from "../coupons/queue-watch.ts";
import type { DecidedEvents } from "../coupons/verdict-watch.ts";
import type { ApiClock } from "./clock.ts";
import type { CouponIssueRequested } from "../../schemas/coupon.ts";

/** The stores the API asks. Every call may reject with Unavailable; the answer is then a 503. */
export interface CouponApiPorts {
  readonly idempotencyKeys: IdempotencyKeys;
  readonly verdicts: VerdictLookup;
  readonly coupons: CouponRegister;
  readonly catalog: Pick<CouponCatalog, "find">;
  readonly payments: PaymentBook;
}

/** The log of what is not in any answer. A pino logger is one. */
export type ApiLog = Pick<Logger, "warn" | "error">;

/**
 * Why a request was turned away for now: its caller asks too often, too much is queued, too many read, a store is away, or
 * the acknowledgement did not come in time.
 */
export type TurnedAway = "too-many-requests" | "overloaded" | "unavailable" | "outcome-unknown";

/** What is counted. No user, coupon or reservation is ever a label: the label sets are closed. */
export interface ApiMetrics {
  /** A request was answered. `route` is a template, such as `/v1/reservations/:reservationId`, or `unmatched`. */
  readonly answered: (request: {
    readonly route: string;
    readonly status: number;
    readonly durationMs: number;
  }) => void;
  /** A reservation was acknowledged by the log, `acknowledgeMs` after it was handed over. */
  readonly accepted: (acknowledgeMs: number) => void;
  /** A 503 or a 429 was answered. */
  readonly turnedAway: (why: TurnedAway) => void;
  /** Given, once, what says how many requests wait for a verdict now. */
  readonly watchWaiting: (waiting: () => number) => void;
}

/** Counts nothing. */
export const noMetrics: ApiMetrics = {
  answered: () => {},
  accepted: () => {},
  turnedAway: () => {},
  watchWaiting: () => {},
};

/** The API's bounds. */
export interface ApiSettings {
  /**
   * Records queued or in flight, and requests about to queue one, above which reservations are turned away; 1 to
   * 1,000,000. It should be what the log acknowledges in less than `acknowledgeTimeoutMs`.
   */
  readonly maxBacklogRecords: number;
  /** Payments waiting or in flight above which further ones are turned away; 1 to 100,000. */
  readonly maxWaitingPayments: number;
  /** Transactions of payments side by side; 1 to 16. */
  readonly paymentLanes: number;
  /** What `Retry-After` says, in whole seconds; 1 to 3,600. */
  readonly retryAfterSeconds: number;
  /** How long a request waits for what it writes to be acknowledged; 1 to 60,000. */
  readonly acknowledgeTimeoutMs: number;
  /** How long a read waits for the database, whatever its `waitMs`; 1 to 60,000. */
  readonly readTimeoutMs: number;
  /** Requests a second that one user may make on each route in the long run; 1 to 1,000,000. */
  readonly userRatePerSecond: number;
  /** Requests that one user may make at once on each route; 1 to 1,000,000. */
  readonly userBurst: number;
  /** Reads of reservations and streams of events that one user may have open at once, over all connections; 1 to 10,000. */
  readonly maxReadsPerUser: number;
  /** Requests without an answer on one connection (pipelining); 1 to 1,000. */
  readonly maxPipelined: number;
  /** Users whose rate is remembered, on each route; each takes some 200 bytes. */
  readonly rememberedUsers: number;
  /** How long refusals are kept: of an older reservation without a verdict it is not known whether it was refused, ms. */
  readonly refusalsKeptMs: number;
  /** Requests and streams of events that may wait for a verdict at once; further ones are answered at once. Twice as many reads are turned away. */
  readonly maxWaiters: number;
  /** Reservations in one look-up; 1 to 1,000. */
  readonly maxLookupIds: number;
  /** Pause between look-ups of reservations that were pending at the last one; 1 to 1,000. */
  readonly lookupPauseMs: number;
  /** The same pause while the API is told what is decided, so that a look-up is needed only where that was missed; 1 to 10,000. */
  readonly toldPauseMs: number;
  /** Tokens whose verification is remembered; each takes some 500 bytes. 0 remembers none. */
  readonly rememberedTokens: number;
  /** From a connection's first byte to the end of a request's header fields; 1 to 60,000. */
  readonly headersTimeoutMs: number;
  /** From a request's first byte to the end of its body; `headersTimeoutMs` to 60,000. */
  readonly requestTimeoutMs: number;
  /** A connection on which nothing moves for this long is closed; more than the longest wait of an answer. */
  readonly idleTimeoutMs: number;
  /** Connections at once; further ones are closed as they come. */
  readonly maxConnections: number;
}

/** Bounds for one process on two cores, where 20,000 records are at most 4 s of acknowledgements at 5,000 a second. */
export const apiDefaults: ApiSettings = {
  maxBacklogRecords: 20_000,
  maxWaitingPayments: 5_000,
  paymentLanes: 2,
  retryAfterSeconds: 1,
  acknowledgeTimeoutMs: 10_000,
  readTimeoutMs: 2_000,
  userRatePerSecond: 10,
  userBurst: 50,
  maxReadsPerUser: 16,
  maxPipelined: 16,
  rememberedUsers: 50_000,
  refusalsKeptMs: 46 * 86_400_000,
  maxWaiters: 10_000,
  maxLookupIds: 1_000,
  lookupPauseMs: 20,
  toldPauseMs: 500,
  rememberedTokens: 10_000,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  idleTimeoutMs: 30_000,
  maxConnections: 10_000,
};

/** Everything the API is made from. */
export interface CouponApiParameters {
  readonly ports: CouponApiPorts;
  readonly producer: Producer;
  /** The bytes of a request's record. @throws Unavailable where the schema is not known yet. */
  readonly encodeRequest: (value: CouponIssueRequested) => Buffer;
  readonly clock: ApiClock;
  /** Cryptographically random bytes: `randomBytes` of node:crypto. */
  readonly randomBytes: RandomBytes;
  /** By derivation it marks reservation ids; it also verifies tokens (HS256) where `tokens` is not given. At least 32 bytes. */
  readonly tokenSecret: Uint8Array;
  /** Those before it, which marked reservations that may not be decided yet. None where not given. */
  readonly formerSecrets?: readonly Uint8Array[];
  /** Whose tokens are taken. Where not given, those that `tokenSecret` and `formerSecrets` verify, for a year at most. */
  readonly tokens?: { readonly keys: TokenKeys; readonly policy: TokenPolicy };
  /** Says how far requests are decided. Where not given, clients are told no position in the queue. */
  readonly seeQueue?: SeeQueue | undefined;
  /** Tells of verdicts as they are written. Where not given, the database is asked again and again for whoever waits. */
  readonly decidedEvents?: DecidedEvents | undefined;
  readonly ready: () => Readiness;
  readonly log: ApiLog;
  /** {@link apiDefaults} where not given. */
  readonly settings?: Partial<ApiSettings>;
  /** {@link noMetrics} where not given. */
  readonly metrics?: ApiMetrics;
  /** Records spans of requests. None where not given. */
  readonly tracer?: Tracer | undefined;
}
