/**
 * The data platform over HTTP. So many requests in flight and no more; a circuit breaker, so that a platform that is
 * away is asked by one probe at a time; `Retry-After` is honoured. Waiting is the runtime's: here a call fails at once.
 *
 * What a request may come to, and what is done about it:
 * - refused, no route, no TLS: nothing was sent. Unavailable.
 * - slow: given up after `timeoutMs`, whether it waits for a connection, the answer or its end. Unavailable.
 * - cut before or after the platform took the payment: it is not known which. Unavailable; the same document under the same
 *   key comes again, and the platform answers it without a second effect.
 * - an answer about us or the address (401, 403, 404, a redirect): Blocked, which holds, and makes the worker unready.
 * - answered twice: the pool reads one answer a request and destroys a connection that says more.
 */
import { type CircuitBreakerPolicy, CircuitState, circuitBreaker, ConsecutiveBreaker, handleType } from "cockatiel";
import { BrokenCircuitError } from "cockatiel";
import pLimit from "p-limit";
import { type Dispatcher, Pool } from "undici";
import { Blocked, Fatal, PipelineError, Poison, Unavailable } from "../../engine/errors.ts";
import { type DataPlatform, dataPlatform, type PaymentDocument } from "../../sinks/data-platform.ts";
import { type Judgement, judge } from "./judge.ts";
import { retryAfterMs } from "./retry-after.ts";

/** Where the platform is and what a request may cost. */
export interface DataPlatformConfig {
  /** What documents are posted to, `http://` or `https://`, without credentials. */
  readonly url: string;
  /** Requests in flight at most, each on a connection of its own; 1 to 1,000. */
  readonly concurrency: number;
  /** How long one request may take in all; 100 to 10,000. */
  readonly timeoutMs: number;
  /** Called for every request that was sent, when it has ended. */
  readonly onEnded?: (how: Judgement | "unreachable", seconds: number) => void;
  /** Called when the breaker opens, lets a probe through, or closes. */
  readonly onBreaker?: (state: BreakerState) => void;
}

/** `open`: no request is sent; `halfOpen`: one is, to see. */
export type BreakerState = "closed" | "halfOpen" | "open";

/** The platform, with what is to be watched of it. */
export interface HttpDataPlatform extends DataPlatform {
  readonly breaker: () => BreakerState;
  readonly inFlight: () => number;
  /** Ends when what is in flight has ended. Idempotent. */
  readonly close: () => Promise<void>;
}

/** Failures in a row that open the breaker: at 64 in flight an outage shows in milliseconds, one bad request in ten never. */
const breakerFailures = 10;

/** How long an open breaker lets nothing through. Less than the shortest wait of a call that is held; see ops/processes/external-worker.ts. */
export const halfOpenAfterMs = 500;

/** No more of an answer is needed than whether it names a payment. */
const answerMaxBytes = 16_384;

const who = dataPlatform.name;

/** A client of the platform; opens nothing yet, so it works while the platform is away. @throws Fatal PLATFORM_URL */
export const httpDataPlatform = (config: DataPlatformConfig): HttpDataPlatform => {
  const { concurrency, onBreaker } = config;
  const send = sender(config);
  const limit = pLimit(concurrency);
  const breaker = circuitBreaker(handleType(Unavailable).orType(Blocked), {
    halfOpenAfter: halfOpenAfterMs,
    breaker: new ConsecutiveBreaker(breakerFailures),
  });
  breaker.onStateChange(() => onBreaker?.(stateOf(breaker)));
  // A pause that the platform asked for is for all requests, so it is kept here and not with the one that was answered.
  let pausedUntilMs = 0;
  // Why the circuit is open, where the platform is there and denies us: what is held meanwhile is held for that.
  let denial: Blocked | undefined;
  const deliver = async (document: PaymentDocument, traceparent?: string): Promise<void> => {
    const leftMs = pausedUntilMs - performance.now();
    if (leftMs > 0) throw new Unavailable(who, `it asked us to wait ${Math.ceil(leftMs)} ms longer`);
    try {
      await breaker.execute(() => send.post(document, traceparent));
      denial = undefined;
    } catch (error) {
      if (error instanceof BrokenCircuitError)
        throw denial ?? new Unavailable(who, "the circuit is open", { cause: error });
      denial = error instanceof Blocked ? error : undefined;
      if (error instanceof Busy) pausedUntilMs = Math.max(pausedUntilMs, performance.now() + error.pauseMs);
      throw error;
    }
  };
  return {
    deliver: (document, traceparent) => limit(() => deliver(document, traceparent)),
    breaker: () => stateOf(breaker),
    inFlight: send.inFlight,
    close: send.close,
  };
};

/** The platform answered that it cannot now, and perhaps when it can. */
class Busy extends Unavailable {
  /** 0 where it did not say. */
  readonly pauseMs: number;
  constructor(message: string, pauseMs: number) {
    super(who, message);
    this.pauseMs = pauseMs;
  }
}

/** No answer, or not all of it, in time. */
class TimedOut extends Error {
  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

const stateOf = ({ state }: CircuitBreakerPolicy): BreakerState => {
  switch (state) {
    case CircuitState.Closed:
      return "closed";
    case CircuitState.HalfOpen:
      return "halfOpen";
    case CircuitState.Open:
    case CircuitState.Isolated:
      return "open";
  }
};

const sender = ({ url, concurrency, timeoutMs, onEnded }: DataPlatformConfig) => {
  const target = targetOf(url);
  const pool = new Pool(target.origin, {
    connections: concurrency,
    pipelining: 1,
    connect: { timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: answerMaxBytes,
  });
  let inFlight = 0;
  const exchange = async (document: PaymentDocument, traceparent?: string): Promise<Answered> => {
    inFlight++;
    // It bounds the whole; the pool's own limits bound each part, but count in halves of a second. AbortSignal.timeout
    // would live on for that long after each answer: thousands of them, which cost a fifth of a delivery to collect.
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(new TimedOut(timeoutMs)), timeoutMs);
    try {
      const request = { ...requestOf(document, traceparent), path: target.path, signal: giveUp.signal };
      return await readAnswer(await pool.request(request));
    } catch (error) {
      throw unreachable(error);
    } finally {
      clearTimeout(timer);
      inFlight--;
    }
  };
  const post = async (document: PaymentDocument, traceparent?: string): Promise<void> => {
    const startedAt = performance.now();
    let how: Judgement | "unreachable" = "unreachable";
    try {
      const answer = await exchange(document, traceparent);
      how = judge(answer, document.paymentId);
      if (how === "refused") throw refused(answer, document);
      if (how === "denied") throw denied(answer, target.origin + target.path);
      if (how !== "delivered") throw new Busy(`it answered ${answer.status}`, answer.pauseMs);
    } finally {
      onEnded?.(how, (performance.now() - startedAt) / 1_000);
    }
  };
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= pool.close();
    return closing;
  };
  return { post, inFlight: () => inFlight, close };
};

const targetOf = (url: string): { readonly origin: string; readonly path: string } => {
  const target = URL.parse(url);
  if (target === null || !/^https?:$/.test(target.protocol) || target.username !== "" || target.password !== "") {
    // A URL with credentials in it is not repeated.
    throw new Fatal("PLATFORM_URL", "the platform's URL must look like http://host:port/path, without credentials");
  }
  return { origin: target.origin, path: target.pathname + target.search };
};

const requestOf = (document: PaymentDocument, traceparent: string | undefined) => ({
  method: "POST" as const,
  headers: {
    "content-type": "application/json",
    accept: "application/json",
    "user-agent": "sluice",
    "idempotency-key": document.paymentId,
    ...(traceparent === undefined ? {} : { traceparent }),
  },
  body: JSON.stringify(document),
});

interface Answered {
  readonly status: number;
  readonly text: string | undefined;
  readonly pauseMs: number;
}

/** The status is what counts: a body that is cut, late or too long takes nothing from it. */
const readAnswer = async ({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Answered> => ({
  status: statusCode,
  pauseMs: retryAfterMs(headers["retry-after"], Date.now()) ?? 0,
  text: await body.text().catch(() => undefined),
});

const unreachable = (error: unknown): unknown => {
  // A request that undici itself finds malformed never left: our mistake, and no outage.
  if (error instanceof PipelineError || (error instanceof Error && codeIn(error) === "UND_ERR_INVALID_ARG"))
    return error;
  return new Unavailable(who, error instanceof Error ? error.message : String(error), { cause: error });
};

const codeIn = (error: Error): unknown => ("code" in error ? error.code : undefined);

/** Its own words are kept short, and on one line: they go into a header of the dead letter. */
const wordsOf = ({ text = "" }: Answered): string => text.slice(0, 200).replaceAll(/[^\x20-\x7e]+/g, " ");

/** No payment is guilty of it, and no waiting mends it: the address, or who we are to the platform. */
const denied = (answer: Answered, address: string): Blocked =>
  new Blocked(
    "DELIVERY_DENIED",
    `the platform answers ${answer.status} to whatever is posted to ${address}: ${wordsOf(answer)}. Check SLUICE_PLATFORM_URL and whether it lets this machine in`,
  );

const refused = (answer: Answered, { paymentId }: PaymentDocument): Poison => {
  const words = wordsOf(answer);
  const { status } = answer;
  return new Poison("DELIVERY_REFUSED", `the platform refuses payment ${paymentId}: ${status} ${words}`, {
    idempotencyKey: paymentId,
  });
};
