/** The coupon and payment API as one value: made from its parameters, not listening yet. */
import swagger from "@fastify/swagger";
import { type FastifyInstance, fastify } from "fastify";
import { createAccept } from "./coupons/accept.ts";
import { createCouponDoor } from "./coupons/coupon-door.ts";
import { couponSchema } from "./coupons/coupon-body.ts";
import { addCouponRoutes } from "./coupons/coupon-routes.ts";
import { checkContentType, checkRepeatedFields, checkUrl, createAuthentication } from "./http/request/guards.ts";
import { createSlots, limitPipelining } from "./http/request/in-flight.ts";
import { traceRequests } from "./http/request/request-trace.ts";
import { limitRate } from "./http/request/rate-limit.ts";
import { swaggerOptions } from "./http/openapi.ts";
import {
  type ApiLog,
  type ApiMetrics,
  type CouponApiParameters,
  type ApiSettings,
  apiDefaults,
  noMetrics,
} from "./http/parameters.ts";
import { createPay } from "./payments/pay.ts";
import { addPaymentRoutes, paymentSchema } from "./payments/payment-routes.ts";
import { addProbes } from "./http/probes.ts";
import { addProblemPages } from "./http/problems/problem-pages.ts";
import {
  answerClientError,
  answerExpectation,
  createProblemReplies,
  routeOf,
} from "./http/problems/problem-replies.ts";
import { pooledBytes } from "../engine/random-pool.ts";
import { createLineLimit, type LineLimit } from "../engine/line-limit.ts";
import { problemSchema } from "./http/problems/problems.ts";
import { createReservationIds } from "./coupons/reservation-id.ts";
import { addReservationRoutes } from "./coupons/reservation-routes.ts";
import { anyPolicy, createTokenReader } from "./tokens/token.ts";
import { fixedKeys, secretKeys } from "./tokens/verification-keys.ts";
import { createUnmatched } from "./http/unmatched.ts";
import { watchQueue } from "./coupons/queue-watch.ts";
import { watchVerdicts } from "./coupons/verdict-watch.ts";

/** Bytes a body may have; the largest that makes sense here has about 600. */
const maxBodyBytes = 4_096;
/** Bytes the request line and header fields may have together. */
const maxHeaderBytes = 8_192;

/**
 * The API: call `listen`, or ask it by `inject`. Its `close` answers every waiting request with what is known and lets
 * requests in flight end; close it before its producer.
 * @throws Fatal (WEAK_SECRET) when the token secret is shorter than 32 bytes.
 */
export const createApi = (parameters: CouponApiParameters): FastifyInstance => {
  const { ports, clock, log, tokenSecret, formerSecrets = [], ready, metrics = noMetrics } = parameters;
  const settings = { ...apiDefaults, ...parameters.settings };
  const ids = createReservationIds(tokenSecret, formerSecrets);
  const { decidedEvents } = parameters;
  const isTold = decidedEvents?.isTold;
  const watch = watchVerdicts({ lookup: ports.verdicts, clock, settings, ...(isTold && { isTold }) });
  decidedEvents?.start({ isWanted: () => watch.waiting() > 0, decided: watch.decided });
  metrics.watchWaiting(watch.waiting);
  const queue = parameters.seeQueue && watchQueue(parameters.seeQueue, clock);
  const door = createCouponDoor(ports.catalog, clock);
  const randomBytes = pooledBytes(parameters.randomBytes);
  const accept = createAccept({ ...parameters, ...ports, randomBytes, ids, metrics, settings });
  const { userRatePerSecond, userBurst, rememberedUsers, retryAfterSeconds } = settings;
  const bySecret = { keys: fixedKeys(secretKeys([tokenSecret, ...formerSecrets])), policy: anyPolicy };
  const { keys, policy } = parameters.tokens ?? bySecret;
  const read = createTokenReader(keys, policy, settings.rememberedTokens);
  const { anyUser, admin } = createAuthentication({ read, nowMs: clock.now, retryAfterSeconds });
  const limit = { perSecond: userRatePerSecond, burst: userBurst, maxUsers: rememberedUsers };
  /** Of one route that is written to and one that is read, each with buckets of its own. */
  const ownGuards = () => ({
    writing: [anyUser, limitRate(limit, clock.now), checkContentType],
    reading: [anyUser, limitRate(limit, clock.now)],
  });

  const { tracer } = parameters;
  const app = createServer({ settings, log, metrics, tracer, lineLimit: createLineLimit(clock.now) });
  let closing = false;
  app.addHook("preClose", (done) => {
    closing = true;
    watch.close();
    done();
  });
  // A client that keeps its connection would otherwise keep the server from closing, long after its last answer.
  app.addHook("onSend", (_request, reply, payload, done) => {
    if (closing) reply.header("connection", "close");
    done(null, payload);
  });
  app.register((routes, _options, done) => {
    addReservationRoutes(routes, {
      accept,
      ids,
      watch,
      door,
      slots: createSlots(settings.maxReadsPerUser),
      queue,
      clock,
      retryAfterSeconds,
      refusalsKeptMs: settings.refusalsKeptMs,
      guards: ownGuards(),
    });
    addPaymentRoutes(routes, {
      pay: createPay({ ...parameters, ...ports, randomBytes, settings }),
      payments: ports.payments,
      clock,
      readTimeoutMs: settings.readTimeoutMs,
      guards: ownGuards(),
    });
    addCouponRoutes(routes, {
      coupons: ports.coupons,
      door,
      clock,
      timeoutMs: settings.acknowledgeTimeoutMs,
      guards: [admin, limitRate(limit, clock.now), checkContentType],
    });
    addProblemPages(routes);
    addProbes(routes, { ready, closing: () => closing, retryAfterSeconds });
    done();
  });
  return app;
};

interface ServerParameters {
  readonly settings: ApiSettings;
  readonly log: ApiLog;
  readonly metrics: ApiMetrics;
  readonly lineLimit: LineLimit;
  readonly tracer: CouponApiParameters["tracer"];
}

/** A server with its bounds, its errors and its description, and no routes yet. */
const createServer = ({ settings, log, metrics, lineLimit, tracer }: ServerParameters): FastifyInstance => {
  const { retryAfterSeconds } = settings;
  const answerProblem = createProblemReplies({ log, metrics, retryAfterSeconds, lineLimit });
  const app = fastify({
    bodyLimit: maxBodyBytes,
    requestTimeout: settings.requestTimeoutMs,
    connectionTimeout: settings.idleTimeoutMs,
    http: {
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: settings.headersTimeoutMs,
      // How often node looks for requests that are late. Its default, 30 s, is how long a late one would live.
      connectionsCheckingInterval: 1_000,
    },
    // Long enough that a wrong id is answered by its field and not by the router.
    routerOptions: { maxParamLength: maxHeaderBytes },
    // Off: conversions and silent removal would hide a client's mistake. All errors, because a body is small.
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        allErrors: true,
      },
    },
    // While closing, a request on a connection that is still open is answered as any other.
    return503OnClosing: false,
    frameworkErrors: answerProblem,
    clientErrorHandler: answerClientError,
  });
  app.server.maxConnections = settings.maxConnections;
  app.server.on("checkExpectation", answerExpectation);
  app.setErrorHandler(answerProblem);
  app.decorateRequest("caller", null);
  app.decorateRequest("connection", null);
  traceRequests(app, tracer);
  const connections = limitPipelining(settings);
  app.addHook("onResponse", (request, reply, done) => {
    connections.left(request);
    metrics.answered({ route: routeOf(request), status: reply.statusCode, durationMs: reply.elapsedTime });
    done();
  });
  app.addHook("onRequest", (request, _reply, done) => {
    connections.enter(request);
    done();
  });
  refuseUnmatched(app);
  readJson(app);
  app.addSchema(problemSchema);
  app.addSchema(couponSchema);
  app.addSchema(paymentSchema);
  app.register(swagger, swaggerOptions);
  return app;
};

/** Before a body is read: what no route takes, what is too long, and what is said twice. */
const refuseUnmatched = (app: FastifyInstance): void => {
  const unmatched = createUnmatched();
  app.addHook("onRoute", ({ url, method }) => unmatched.learn(url, method));
  app.addHook("onRequest", (request, reply, done) => {
    if (request.is404) throw unmatched.problem(request.method, request.url);
    checkUrl(request, reply, () => checkRepeatedFields(request, reply, done));
  });
};

/** One parser for one media type. An empty body is no body; `__proto__` and `constructor` are refused. */
const readJson = (app: FastifyInstance): void => {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body.length === 0) done(null, undefined);
    else void parse(request, body.toString(), done);
  });
};
