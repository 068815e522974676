/** The route of admins: open a coupon. */
import type { FastifyInstance } from "fastify";
import type { CouponRegister } from "../../processors/coupons/coupon-ports.ts";
import { couponFrom, couponText } from "./coupon-body.ts";
import type { CouponDoor } from "./coupon-door.ts";
import { within } from "../http/deadline.ts";
import type { Guard } from "../http/request/guards.ts";
import { bearerSecurity, problemResponses } from "../http/openapi.ts";
import type { ApiClock } from "../http/clock.ts";
import { wrongField } from "../http/problems/problems.ts";

/** What the route needs. */
export interface CouponRoutes {
  readonly coupons: CouponRegister;
  readonly door: CouponDoor;
  readonly clock: ApiClock;
  /** How long the database may take; 503 then, and the same request again is safe. */
  readonly timeoutMs: number;
  readonly guards: readonly Guard[];
}

const opened = (description: string) => ({ description, $ref: "Coupon#" }) as const;

const openSchema = {
  operationId: "openCoupon",
  summary: "Open a coupon",
  description:
    "Idempotent: the same request again changes nothing and returns 200, so a client may retry after a lost response.",
  tags: ["coupons"],
  security: bearerSecurity,
  body: { $ref: "Coupon#" },
  response: {
    200: opened("It is open with these very terms."),
    201: opened("It was opened."),
    ...problemResponses([
      "validation",
      "token-missing",
      "token-invalid",
      "token-expired",
      "forbidden",
      "coupon-differs",
      "body-too-large",
      "unsupported-media-type",
      "unavailable",
    ]),
  },
} as const;

/** Adds the route. */
export const addCouponRoutes = (app: FastifyInstance, routes: CouponRoutes): void => {
  const { coupons, door, clock, timeoutMs, guards } = routes;
  app.route({
    method: "POST",
    url: "/v1/admin/coupons",
    schema: openSchema,
    onRequest: [...guards],
    // The schema above describes the body; it is made from what reads it in the handler.
    validatorCompiler: () => () => true,
    handler: async (request, reply) => {
      const coupon = couponFrom(request.body);
      // Refused or slow: 503. Cut off before or after it took effect: 503 too, and the same request again finds out.
      const answer = await within(clock, timeoutMs, () => coupons.open(coupon));
      if (answer === "differs") {
        throw wrongField(
          "coupon-differs",
          "/couponId",
          `names a coupon with other terms: ${coupon.couponId}; use another id`,
        );
      }
      door.opened(coupon.couponId);
      return reply.code(answer === "opened" ? 201 : 200).send(couponText(coupon));
    },
  });
};
