/** The two routes of users: request a coupon, and read what became of the request. */
import { fieldsOf } from "../http/request/fields.ts";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { OwnedVerdict } from "../../processors/coupons/coupon-ports.ts";
import { type ReservationId, refusalReasons } from "../../schemas/coupon.ts";
import { type ReservationWish, reservationPath } from "./accept.ts";
import { callerOf, type Guard } from "../http/request/guards.ts";
import { couponIdFrom, nameWords, policyIdFrom, reservationIdFrom } from "../http/request/ids.ts";
import { namePattern, reservationIdPattern } from "../../schemas/ids.ts";
import { idempotencyKeyIn, idempotencyKeySchema } from "../http/request/idempotency-key.ts";
import { momentText, textOfMoment } from "../http/request/moment.ts";
import { bearerSecurity, header, problemResponses } from "../http/openapi.ts";
import { Problem, retryAfter, wrongField } from "../http/problems/problems.ts";
import { traceparentOf } from "../http/request/request-trace.ts";
import type { Places } from "../http/request/in-flight.ts";
import type { CouponDoor } from "./coupon-door.ts";
import { mintedAtMs, type ReservationIds } from "./reservation-id.ts";
import type { VerdictWatch } from "./verdict-watch.ts";

/** What the routes need. */
export interface ReservationRoutes {
  readonly accept: (wish: ReservationWish) => Promise<ReservationId>;
  readonly ids: ReservationIds;
  readonly watch: VerdictWatch;
  readonly door: CouponDoor;
  /** Where each user may have some reads open, and no more. */
  readonly places: Places;
  readonly retryAfterSeconds: number;
  /** How long refusals are kept, ms, by a clock. */
  readonly refusalsKeptMs: number;
  readonly nowMs: () => number;
  /** Guards of a route whose body is read, and of one without. */
  readonly guards: { readonly writing: readonly Guard[]; readonly reading: readonly Guard[] };
}

/** The longest `waitMs`. */
export const maxWaitMs = 10_000;

const couponId = { type: "string", pattern: namePattern, description: "Identifies the coupon." } as const;
const policyId = { type: "string", pattern: namePattern } as const;
const reservationId = {
  type: "string",
  format: "uuid",
  pattern: reservationIdPattern,
  description: "A UUIDv7.",
} as const;

const reserveSchema = {
  operationId: "reserve",
  summary: "Request a coupon",
  description:
    "Answers when the request is durable and its place in the queue is fixed; whether there is a coupon is decided later. " +
    "With an Idempotency-Key, the same request again is the same reservation.",
  tags: ["reservations"],
  security: bearerSecurity,
  params: { type: "object", required: ["couponId"], properties: { couponId } },
  headers: {
    type: "object",
    properties: {
      "idempotency-key": idempotencyKeySchema,
    },
  },
  body: {
    type: "object",
    additionalProperties: false,
    properties: {
      policyId: {
        ...policyId,
        description: "The policy the user was shown. With another policy the reservation is refused with OTHER_POLICY.",
      },
    },
  },
  response: {
    202: {
      description: "Accepted. The verdict is available at the Location.",
      headers: { Location: header("Where to ask for the outcome.") },
      type: "object",
      required: ["reservationId", "status"],
      properties: { reservationId, status: { type: "string", enum: ["pending"] } },
    },
    ...problemResponses([
      "validation",
      "token-missing",
      "token-invalid",
      "token-expired",
      "coupon-not-found",
      "body-too-large",
      "unsupported-media-type",
      "idempotency-key-reused",
      "overloaded",
      "unavailable",
      "outcome-unknown",
    ]),
  },
} as const;

const readSchema = {
  operationId: "readReservation",
  summary: "Read a reservation",
  description: "Available to the owner of the reservation. Other users receive 404.",
  tags: ["reservations"],
  security: bearerSecurity,
  params: { type: "object", required: ["reservationId"], properties: { reservationId } },
  querystring: {
    type: "object",
    additionalProperties: false,
    properties: {
      waitMs: {
        type: "integer",
        minimum: 0,
        maximum: maxWaitMs,
        default: 0,
        description: "Maximum time to wait for a verdict, in milliseconds, before responding.",
      },
    },
  },
  response: {
    200: {
      description: "The reservation's state.",
      type: "object",
      required: ["reservationId", "status"],
      properties: {
        reservationId,
        couponId,
        status: { type: "string", enum: ["pending", "issued", "refused"] },
        policyId: { ...policyId, description: "Present when status is issued." },
        issuedAt: { ...momentText, description: "Present when status is issued." },
        expiresAt: { ...momentText, description: "Present when status is issued." },
        reason: { type: "string", enum: refusalReasons, description: "Present when status is refused." },
      },
    },
    ...problemResponses([
      "validation",
      "token-missing",
      "token-invalid",
      "token-expired",
      "reservation-forgotten",
      "overloaded",
      "unavailable",
    ]),
  },
} as const;

/** Adds the routes. */
export const addReservationRoutes = (app: FastifyInstance, routes: ReservationRoutes): void => {
  app.route({
    method: "POST",
    url: "/v1/coupons/:couponId/reservations",
    schema: reserveSchema,
    onRequest: [...routes.guards.writing],
    preValidation: noBodyIsAnEmptyOne,
    handler: async (request, reply) => {
      const wish = wishOf(request);
      if ((await routes.door.look(wish.couponId)) === "unknown") {
        throw new Problem("coupon-not-found", { detail: `Nothing was accepted: there is no coupon ${wish.couponId}.` });
      }
      const reserved = await routes.accept(wish);
      return reply
        .code(202)
        .header("location", reservationPath(reserved))
        .header("cache-control", "no-store")
        .send({ reservationId: reserved, status: "pending" });
    },
  });
  app.route({
    method: "GET",
    url: "/v1/reservations/:reservationId",
    schema: readSchema,
    onRequest: [...routes.guards.reading],
    preValidation: readWaitMs,
    handler: async (request, reply) => {
      const id = readReservationId(request);
      const verdict = await verdictFor(request, reply, { id, ...routes });
      return reply.header("cache-control", "no-store").send(answerOf(id, verdict));
    },
  });
};

const noBodyIsAnEmptyOne: Guard = (request, _reply, done) => {
  if (request.body === undefined) request.body = {};
  done();
};

/** The wish that a request says. Checked again here: no validator is believed at the edge of the domain. */
const wishOf = (request: FastifyRequest): ReservationWish => {
  const params = fieldsOf(request.params);
  const body = fieldsOf(request.body);
  const idOfCoupon = couponIdFrom(params["couponId"]);
  if (idOfCoupon === undefined) throw wrongField("validation", "couponId", `must be ${nameWords}`);
  const idOfPolicy = body["policyId"] === undefined ? null : policyIdFrom(body["policyId"]);
  if (idOfPolicy === undefined) throw wrongField("validation", "/policyId", `must be ${nameWords}`);
  const idempotencyKey = idempotencyKeyIn(request.headers);
  const { userId } = callerOf(request);
  const traceparent = traceparentOf(request);
  return { couponId: idOfCoupon, userId, policyId: idOfPolicy, idempotencyKey, traceparent };
};

/** Digits and nothing else become a number, for the schema to check; the framework's own conversion also takes 1e3 and 0x10. */
const readWaitMs: Guard = (request, _reply, done) => {
  const query = fieldsOf(request.query);
  const { waitMs } = query;
  if (typeof waitMs === "string" && /^(?:0|[1-9][0-9]{0,8})$/.test(waitMs)) {
    request.query = { ...query, waitMs: Number(waitMs) };
  }
  done();
};

const readReservationId = (request: FastifyRequest): ReservationId => {
  const id = reservationIdFrom(fieldsOf(request.params)["reservationId"]);
  if (id === undefined) throw wrongField("validation", "reservationId", "must be a UUIDv7 in lower case");
  return id;
};

/**
 * The caller's verdict, or null while there is none. Another user's, and an id that was never minted for the
 * caller, are the same `not-found`: no caller learns what exists.
 */
const verdictFor = async (
  request: FastifyRequest,
  reply: FastifyReply,
  routes: ReservationRoutes & { readonly id: ReservationId },
): Promise<OwnedVerdict | null> => {
  const { id, ids, watch, places, retryAfterSeconds } = routes;
  const { userId } = callerOf(request);
  const leavePlace = places.take(userId);
  if (leavePlace === undefined) {
    const detail = "The caller has as many reads open as one user may have; answer comes to those first.";
    throw new Problem("too-many-requests", { detail, headers: retryAfter({ retryAfterSeconds }) });
  }
  const { waitMs } = fieldsOf(request.query);
  const minted = ids.mintedFor(id, userId);
  let verdict: OwnedVerdict | null;
  try {
    // An id that does not prove to be the caller's is looked up once (the secret may have been renewed) and never waited for.
    const asked = watch.ask({ reservationId: id, waitMs: minted && typeof waitMs === "number" ? waitMs : 0 });
    reply.raw.once("close", asked.leave);
    verdict = await asked.verdict;
  } finally {
    leavePlace();
  }
  if (verdict === null && minted && routes.nowMs() - mintedAtMs(id) > routes.refusalsKeptMs) {
    throw new Problem("reservation-forgotten", {
      detail: "The reservation got no coupon. Why it was refused is no longer kept.",
    });
  }
  if (verdict === null ? minted : verdict.userId === userId) return verdict;
  throw new Problem("not-found", { detail: "The caller has no such reservation." });
};

const answerOf = (id: ReservationId, verdict: OwnedVerdict | null): Readonly<Record<string, unknown>> => {
  if (verdict === null) return { reservationId: id, status: "pending" };
  const { couponId: coupon, kind } = verdict;
  switch (verdict.kind) {
    case "issued":
      return {
        reservationId: id,
        couponId: coupon,
        status: kind,
        policyId: verdict.policyId,
        issuedAt: textOfMoment(verdict.issuedAt),
        expiresAt: textOfMoment(verdict.expiresAt),
      };
    case "refused":
      return { reservationId: id, couponId: coupon, status: kind, reason: verdict.reason };
  }
};
