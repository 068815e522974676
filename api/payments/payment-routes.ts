/** The routes of payments: pay an order, and read a payment. */
import { fieldsOf } from "../http/request/fields.ts";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Payment, PaymentAnswer, PaymentBook, PaymentRefusal } from "../../processors/payments/payment-ports.ts";
import type { PaymentId } from "../../schemas/payment.ts";
import { coalesce } from "../http/coalesce.ts";
import { within } from "../http/deadline.ts";
import { callerOf, type Guard } from "../http/request/guards.ts";
import { orderIdFrom, paymentIdFrom } from "../http/request/ids.ts";
import { reservationIdPattern, uuidPattern } from "../../schemas/ids.ts";
import { idempotencyKeySchema, requiredIdempotencyKeyIn } from "../http/request/idempotency-key.ts";
import { traceparentOf } from "../http/request/request-trace.ts";
import { momentText, textOfMoment } from "../http/request/moment.ts";
import { bearerSecurity, header, problemResponses } from "../http/openapi.ts";
import type { ApiClock } from "../http/clock.ts";
import type { PaymentWish } from "./pay.ts";
import { Problem, wrongField } from "../http/problems/problems.ts";

/** What the routes need. */
export interface PaymentRoutes {
  readonly pay: (wish: PaymentWish) => Promise<PaymentAnswer>;
  readonly payments: Pick<PaymentBook, "find">;
  readonly clock: ApiClock;
  /** How long a read may wait for the database; 503 then. */
  readonly readTimeoutMs: number;
  /** Guards of a route whose body is read, and of one without. */
  readonly guards: { readonly writing: readonly Guard[]; readonly reading: readonly Guard[] };
}

/** Payments in one look-up. */
const maxLookupIds = 1_000;

const orderId = { type: "string", format: "uuid", pattern: uuidPattern, description: "A UUID in lower case." } as const;
const paymentId = { type: "string", format: "uuid", pattern: reservationIdPattern, description: "A UUIDv7." } as const;

/** The JSON Schema of a payment, for the OpenAPI description. */
export const paymentSchema = {
  $id: "Payment",
  type: "object",
  required: ["paymentId", "orderId", "amount", "paidAt"],
  properties: {
    paymentId,
    orderId,
    amount: {
      type: "integer",
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: "Amount deducted from the balance, in won.",
    },
    paidAt: momentText,
  },
} as const;

const paid = (description: string) => ({ description, $ref: "Payment#" }) as const;

const paySchema = {
  operationId: "pay",
  summary: "Pay an order",
  description:
    "Takes the order's stock, uses its coupons and takes the rest from the balance, all or nothing. The same key again " +
    "is the same payment; a refusal changes nothing and leaves the key free.",
  tags: ["payments"],
  security: bearerSecurity,
  headers: {
    type: "object",
    required: ["idempotency-key"],
    properties: {
      "idempotency-key": idempotencyKeySchema,
    },
  },
  body: { type: "object", additionalProperties: false, required: ["orderId"], properties: { orderId } },
  response: {
    200: paid("This key has paid it before; this is that payment."),
    201: { ...paid("It is paid."), headers: { Location: header("Where the payment can be looked at.") } },
    ...problemResponses([
      "validation",
      "token-missing",
      "token-invalid",
      "token-expired",
      "order-not-found",
      "order-not-payable",
      "option-out-of-stock",
      "coupon-not-usable",
      "balance-too-low",
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
  operationId: "readPayment",
  summary: "Read a payment",
  description: "Available to the user who paid. Other users receive 404.",
  tags: ["payments"],
  security: bearerSecurity,
  params: { type: "object", required: ["paymentId"], properties: { paymentId } },
  response: {
    200: paid("The payment."),
    ...problemResponses(["validation", "token-missing", "token-invalid", "token-expired", "unavailable"]),
  },
} as const;

/** Adds the routes. */
export const addPaymentRoutes = (app: FastifyInstance, routes: PaymentRoutes): void => {
  const { pay, payments, clock, readTimeoutMs, guards } = routes;
  const find = coalesce<PaymentId, Payment | undefined>(
    async (ids) => {
      const found = await payments.find(ids);
      return ids.map((id) => found.get(id));
    },
    { maxItems: maxLookupIds },
  );
  app.route({
    method: "POST",
    url: "/v1/payments",
    schema: paySchema,
    onRequest: [...guards.writing],
    handler: async (request, reply) => {
      const { payment, isNew } = paymentIn(await pay(wishOf(request)));
      return reply
        .code(isNew ? 201 : 200)
        .headers({ "cache-control": "no-store", ...(isNew ? { location: `/v1/payments/${payment.paymentId}` } : {}) })
        .send(textOf(payment));
    },
  });
  app.route({
    method: "GET",
    url: "/v1/payments/:paymentId",
    schema: readSchema,
    onRequest: [...guards.reading],
    handler: async (request, reply) => {
      const id = paymentIdFrom(fieldsOf(request.params)["paymentId"]);
      if (id === undefined) throw wrongField("validation", "paymentId", "must be a UUIDv7 in lower case");
      const payment = await within(clock, readTimeoutMs, () => find.ask(id));
      if (payment === undefined || payment.userId !== callerOf(request).userId) {
        throw new Problem("not-found", { detail: "The caller has no such payment." });
      }
      return reply.header("cache-control", "no-store").send(textOf(payment));
    },
  });
};

/** The wish that a request says. Checked again here: no validator is believed at the edge of the domain. */
const wishOf = (request: FastifyRequest): PaymentWish => {
  const id = orderIdFrom(fieldsOf(request.body)["orderId"]);
  if (id === undefined) throw wrongField("validation", "/orderId", "must be a UUID in lower case");
  const { userId } = callerOf(request);
  return { orderId: id, userId, key: requiredIdempotencyKeyIn(request.headers), traceparent: traceparentOf(request) };
};

const textOf = ({ paymentId: id, orderId: of, amount, paidAt }: Payment): Readonly<Record<string, unknown>> => ({
  paymentId: id,
  orderId: of,
  amount,
  paidAt: textOfMoment(paidAt),
});

/** The payment an answer has. Throws the problem that it is where it has none. */
const paymentIn = (answer: PaymentAnswer): { readonly payment: Payment; readonly isNew: boolean } => {
  switch (answer.kind) {
    case "paid":
      return { payment: answer.payment, isNew: true };
    case "repeat":
      return { payment: answer.payment, isNew: false };
    case "mismatch":
      throw wrongField("idempotency-key-reused", "Idempotency-Key", "was used for another order; use a new key");
    case "orderNotFound":
    case "orderNotPayable":
    case "outOfStock":
    case "couponNotUsable":
    case "balanceTooLow":
      throw refusalProblem(answer);
  }
};

const refusalProblem = (refusal: PaymentRefusal): Problem => {
  switch (refusal.kind) {
    case "orderNotFound":
      return new Problem("order-not-found", { detail: "The caller has no such order." });
    case "orderNotPayable":
      return new Problem("order-not-payable", {
        detail: refusal.why === "paid" ? "The order is paid, by another request." : "The order has no items.",
      });
    case "outOfStock": {
      const { options } = refusal;
      const short = options.map(({ optionId, wanted, left }) => `${left} of ${optionId} are left, not ${wanted}`);
      return new Problem("option-out-of-stock", { detail: `Nothing was paid: ${short.join("; ")}.`, options });
    }
    case "couponNotUsable": {
      const { coupons } = refusal;
      const wrong = coupons.map(({ reservationId, why }) => `${reservationId} ${couponWords[why]}`);
      return new Problem("coupon-not-usable", { detail: `Nothing was paid: ${wrong.join("; ")}.`, coupons });
    }
    case "balanceTooLow": {
      const { amount, balance } = refusal;
      const detail = `Nothing was paid: it costs ${amount} won, and the balance is ${balance}.`;
      return new Problem("balance-too-low", { detail, amount, balance });
    }
  }
};

const couponWords = {
  unknown: "is no coupon of the caller's",
  used: "has been used",
  expired: "has expired",
  belowMinimum: "is for larger orders",
} as const;
