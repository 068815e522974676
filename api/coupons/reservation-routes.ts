/** The routes of users: request a coupon, and read what became of the request, once or as events. */
import { fieldsOf } from "../http/request/fields.ts";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { refusalReasons } from "../../schemas/coupon.ts";
import { type Accepted, type ReservationWish, reservationPath } from "./accept.ts";
import { callerOf, type Guard } from "../http/request/guards.ts";
import { couponIdFrom, nameWords, policyIdFrom } from "../http/request/ids.ts";
import { namePattern, reservationIdPattern } from "../../schemas/ids.ts";
import { idempotencyKeyIn, idempotencyKeySchema } from "../http/request/idempotency-key.ts";
import { momentText } from "../http/request/moment.ts";
import { bearerSecurity, header, problemResponses } from "../http/openapi.ts";
import { Problem, wrongField } from "../http/problems/problems.ts";
import { traceparentOf } from "../http/request/request-trace.ts";
import type { CouponDoor } from "./coupon-door.ts";
import { recordPlacePattern, placeFrom } from "./queue-position.ts";
import { answerEvents } from "./reservation-events.ts";
import {
  pendingAnswer,
  type ReservationReads,
  readReservationId,
  takeSlot,
  verdictAnswer,
  verdictFor,
} from "./reservation-read.ts";

/** What the routes need. */
export interface ReservationRoutes extends ReservationReads {
  readonly accept: (wish: ReservationWish) => Promise<Accepted>;
  readonly door: CouponDoor;
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
    "Answers when the request is durable and its position in the queue is fixed; whether there is a coupon is decided later. " +
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
      headers: { Location: header("Where to ask for the outcome, and for the position in the queue until then.") },
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

const place = {
  type: "string",
  pattern: recordPlacePattern,
  description:
    "The place of its record, as the Location of its 202 has it. Without it no position in the queue is told.",
} as const;

const readProblems = [
  "validation",
  "token-missing",
  "token-invalid",
  "token-expired",
  "reservation-forgotten",
  "overloaded",
  "unavailable",
] as const;

const readSchema = {
  operationId: "readReservation",
  summary: "Read a reservation",
  description:
    "Available to the owner of the reservation. Other users receive 404. While it is pending, `queue` says how many requests " +
    "are decided before it, at most: those of other coupons in its partition are among them. In answers two seconds " +
    "apart it never rises.",
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
      place,
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
        queue: {
          type: "object",
          description: "Present when status is pending and the position in the queue is known.",
          required: ["before"],
          properties: {
            before: { type: "integer", minimum: 0, description: "At most so many are decided before it." },
            aboutSeconds: {
              type: "integer",
              minimum: 1,
              description: "About how long that takes at the pace of now. Absent when it is not known.",
            },
          },
        },
        policyId: { ...policyId, description: "Present when status is issued." },
        issuedAt: { ...momentText, description: "Present when status is issued." },
        expiresAt: { ...momentText, description: "Present when status is issued." },
        reason: { type: "string", enum: refusalReasons, description: "Present when status is refused." },
      },
    },
    ...problemResponses(readProblems),
  },
} as const;

const eventsSchema = {
  operationId: "followReservation",
  summary: "Follow a reservation",
  description:
    "Server-sent events: `pending` with the position in the queue, whenever that changes, then `issued` or `refused`, which is " +
    "the last. The data of each is the document that a read answers. Ends without a verdict after ten minutes, or when the API " +
    "closes: ask again. Available to the owner of the reservation. Other users receive 404.",
  tags: ["reservations"],
  security: bearerSecurity,
  params: { type: "object", required: ["reservationId"], properties: { reservationId } },
  querystring: { type: "object", additionalProperties: false, properties: { place } },
  response: {
    200: {
      description: "The reservation's states, as they come.",
      content: { "text/event-stream": { schema: { type: "string" } } },
    },
    ...problemResponses(readProblems),
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
      const { reservationId: reserved, at } = await routes.accept(wish);
      return reply
        .code(202)
        .header("location", reservationPath(reserved, at))
        .header("cache-control", "no-store")
        .send(pendingAnswer(reserved));
    },
  });
  app.route({
    method: "GET",
    url: "/v1/reservations/:reservationId",
    schema: readSchema,
    onRequest: [...routes.guards.reading],
    preValidation: readWaitMs,
    handler: async (request, reply) =>
      reply.header("cache-control", "no-store").send(await read(request, reply, routes)),
  });
  app.route({
    method: "GET",
    url: "/v1/reservations/:reservationId/events",
    // Its answer has no length, and no end that a HEAD could wait for.
    exposeHeadRoute: false,
    schema: eventsSchema,
    onRequest: [...routes.guards.reading],
    handler: (request, reply) => answerEvents(request, reply, routes),
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

const read = async (
  request: FastifyRequest,
  reply: FastifyReply,
  reads: ReservationReads,
): Promise<Readonly<Record<string, unknown>>> => {
  const id = readReservationId(request);
  const leaveSlot = takeSlot(request, reads);
  try {
    const { waitMs, place: said } = fieldsOf(request.query);
    const verdict = await verdictFor(request, reply, { ...reads, id, waitMs: typeof waitMs === "number" ? waitMs : 0 });
    if (verdict !== null) return verdictAnswer(id, verdict);
    const at = placeFrom(said);
    return pendingAnswer(id, at && (await reads.queue?.positionOf(at)));
  } finally {
    leaveSlot();
  }
};
