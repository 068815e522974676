/** Opening a coupon: what the body must be, the coupon it says, and a coupon as the API answers it. */
import { z } from "zod";
import type { Coupon, CouponId, PolicyId, Won } from "../../schemas/coupon.ts";
import { namePattern } from "../../schemas/ids.ts";
import { nameWords } from "../http/request/ids.ts";
import { momentExample, momentSchema, textOfMoment } from "../http/request/moment.ts";
import { mustBe } from "../http/request/must-be.ts";
import { readBody } from "../http/request/read-body.ts";

// The casts below are the edge: each follows the check of the whole alphabet and range.

const name = z.string(mustBe(nameWords)).regex(new RegExp(namePattern), mustBe(nameWords));
const integer = (minimum: number, maximum: number) => {
  const words = mustBe(`an integer from ${minimum} to ${maximum}`);
  return z.int(words).min(minimum, words).max(maximum, words);
};
/** Won are integers that a double holds. */
const won = (minimum: number) => integer(minimum, Number.MAX_SAFE_INTEGER).transform((amount) => amount as Won);

const policyNameWords = mustBe("1 to 100 characters without control characters");
/**
 * No control character: those are an attack on a terminal that prints the name. Half a surrogate pair is no character: a database
 * would refuse it, or keep something else.
 */
const policyName = z
  .string(policyNameWords)
  .regex(/^[^\p{Cc}\u2028\u2029]{1,100}$/u, policyNameWords)
  .refine((text) => text.isWellFormed(), policyNameWords);

const anObject = mustBe("an object");
/** `kind` decides which of the two it is, so that a mistake is reported for the one that was meant. */
const discount = z
  .discriminatedUnion(
    "kind",
    [
      z.strictObject({ kind: z.literal("fixed"), amount: won(1) }),
      z.strictObject({ kind: z.literal("percent"), percent: integer(1, 100), maxAmount: won(1) }),
    ],
    { error: ({ code, input }) => (code === "invalid_union" ? "must be fixed or percent" : anObject.error({ input })) },
  )
  .meta({ discriminator: { propertyName: "kind" } });

/** The body. Ranges are those of schemas/coupon.ts. */
const body = z
  .strictObject(
    {
      couponId: name.transform((id) => id as CouponId),
      policyId: name.transform((id) => id as PolicyId),
      stock: integer(1, 100_000_000).describe("Number of units in total."),
      opensAt: momentSchema
        .describe("Requests accepted before this time are refused. If absent, the coupon is open from the start.")
        .optional(),
      closesAt: momentSchema
        .describe("Requests accepted at or after this time are refused. If absent, the coupon never closes.")
        .optional(),
      validForDays: integer(1, 3_650).describe("Validity in days from the time of issue."),
      policy: z.strictObject(
        {
          name: policyName,
          discount,
          minOrderAmount: won(0).describe("Minimum total of an order, in won."),
        },
        anObject,
      ),
    },
    anObject,
  )
  .refine(({ opensAt, closesAt }) => opensAt === undefined || closesAt === undefined || closesAt > opensAt, {
    path: ["closesAt"],
    error: "must be after opensAt",
  });

const { $schema: _dialect, ...description } = z.toJSONSchema(body, {
  io: "input",
  // The pattern counts the days of each month; an example says more to a person.
  override: ({ jsonSchema }) => {
    if (jsonSchema.format !== "date-time") return;
    delete jsonSchema.pattern;
    jsonSchema.examples = [momentExample];
  },
});

/** The JSON Schema of the body, and of the coupon that is answered: made from what reads the body. */
export const couponSchema = {
  $id: "Coupon",
  description: "A coupon to open. Its terms cannot be changed later.",
  ...description,
} as const;

/** The coupon that a body says. @throws Problem `validation`, naming every wrong field. */
export const couponFrom = (sent: unknown): Coupon => {
  const { opensAt = null, closesAt = null, ...terms } = readBody(body, sent);
  return { ...terms, opensAt, closesAt };
};

/** A coupon as the API answers it: moments in UTC, nulls left out. */
export const couponText = ({ opensAt, closesAt, ...terms }: Coupon): Readonly<Record<string, unknown>> => ({
  ...terms,
  ...(opensAt === null ? {} : { opensAt: textOfMoment(opensAt) }),
  ...(closesAt === null ? {} : { closesAt: textOfMoment(closesAt) }),
});
