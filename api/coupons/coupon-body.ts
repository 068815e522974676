/** Opening a coupon: what the body must be, the coupon it says, and how a coupon is told. Ranges are those of schemas/coupon.ts. */
import { fieldsOf } from "../http/request/fields.ts";
import type { Coupon, CouponPolicy, Discount, Won } from "../../schemas/coupon.ts";
import { couponIdFrom, namePattern, nameWords, policyIdFrom } from "../http/request/ids.ts";
import { momentFrom, momentPattern, textOfMoment } from "../http/request/moment.ts";
import { type FieldError, Problem } from "../http/problems/problems.ts";

/** An inclusive range of integers, as the schema and the reader below both need it. */
interface Range {
  readonly minimum: number;
  readonly maximum: number;
}
const stock: Range = { minimum: 1, maximum: 100_000_000 };
const validForDays: Range = { minimum: 1, maximum: 3_650 };
const percent: Range = { minimum: 1, maximum: 100 };
/** An amount that is worth something. Won are integers that a double holds. */
const worth: Range = { minimum: 1, maximum: Number.MAX_SAFE_INTEGER };
const anyAmount: Range = { minimum: 0, maximum: Number.MAX_SAFE_INTEGER };

/** 1 to 100 characters, none of them a control character: those are an attack on whoever prints the name. */
const policyNamePattern = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]{1,100}$";
const policyName = new RegExp(policyNamePattern, "u");

const integer = (range: Range) => ({ type: "integer", ...range }) as const;
const id = { type: "string", pattern: namePattern } as const;
const moment = {
  type: "string",
  format: "date-time",
  pattern: momentPattern,
  examples: ["2027-01-01T12:00:00+09:00"],
} as const;
const closedObject = <const P extends Readonly<Record<string, unknown>>>(required: readonly string[], properties: P) =>
  ({ type: "object", additionalProperties: false, required, properties }) as const;

/** Which of the two is told by `kind`, so that a mistake is reported for the one that was meant. */
const discountSchema = {
  type: "object",
  discriminator: { propertyName: "kind" },
  oneOf: [
    closedObject(["kind", "amount"], { kind: { type: "string", const: "fixed" }, amount: integer(worth) }),
    closedObject(["kind", "percent", "maxAmount"], {
      kind: { type: "string", const: "percent" },
      percent: integer(percent),
      maxAmount: integer(worth),
    }),
  ],
} as const;

/** The JSON Schema of the body, and of the coupon that is answered. */
export const couponSchema = {
  $id: "Coupon",
  description: "A coupon to open. Its terms cannot be changed later.",
  ...closedObject(["couponId", "policyId", "stock", "validForDays", "policy"], {
    couponId: id,
    policyId: id,
    stock: { ...integer(stock), description: "Number of units in total." },
    opensAt: {
      ...moment,
      description: "Requests accepted before this time are refused. If absent, the coupon is open from the start.",
    },
    closesAt: {
      ...moment,
      description: "Requests accepted at or after this time are refused. If absent, the coupon never closes.",
    },
    validForDays: { ...integer(validForDays), description: "Validity in days from the time of issue." },
    policy: closedObject(["name", "discount", "minOrderAmount"], {
      name: { type: "string", pattern: policyNamePattern },
      discount: discountSchema,
      minOrderAmount: { ...integer(anyAmount), description: "Minimum total of an order, in won." },
    }),
  }),
} as const;

/**
 * The coupon that a body says. It believes no validator that may have run before: what enters the domain is checked here.
 * @throws Problem `validation`, naming every wrong field.
 */
export const couponFrom = (body: unknown): Coupon => {
  const errors: FieldError[] = [];
  /** Notes a wrong field; the value that stands in for it is never used, because the errors are thrown first. */
  const check = <T>(field: string, value: T | undefined, expected: string): T => {
    if (value === undefined) errors.push({ field, message: `must be ${expected}` });
    return value as T;
  };
  const { couponId, policyId, stock: units, opensAt, closesAt, validForDays: days, policy } = fieldsOf(body);
  const coupon: Coupon = {
    couponId: check("/couponId", couponIdFrom(couponId), nameWords),
    policyId: check("/policyId", policyIdFrom(policyId), nameWords),
    stock: check("/stock", integerIn(units, stock), words(stock)),
    opensAt: opensAt === undefined ? null : check("/opensAt", momentFrom(opensAt), momentWords),
    closesAt: closesAt === undefined ? null : check("/closesAt", momentFrom(closesAt), momentWords),
    validForDays: check("/validForDays", integerIn(days, validForDays), words(validForDays)),
    policy: policyFrom(policy, check),
  };
  if (coupon.opensAt !== null && coupon.closesAt !== null && coupon.closesAt <= coupon.opensAt) {
    errors.push({ field: "/closesAt", message: "must be after opensAt" });
  }
  if (errors.length === 0) return coupon;
  throw new Problem("validation", {
    detail: errors.map(({ field, message }) => `${field} ${message}`).join("; "),
    errors,
  });
};

type Check = <T>(field: string, value: T | undefined, expected: string) => T;

const policyFrom = (value: unknown, check: Check): CouponPolicy => {
  const { name, discount, minOrderAmount } = fieldsOf(value);
  // Half a surrogate pair is no character: a database would refuse it, or keep something else.
  const said = typeof name === "string" && name.isWellFormed() && policyName.test(name) ? name : undefined;
  return {
    name: check("/policy/name", said, "1 to 100 characters without control characters"),
    discount: discountFrom(discount, check),
    minOrderAmount: check("/policy/minOrderAmount", wonIn(minOrderAmount, anyAmount), words(anyAmount)),
  };
};

const discountFrom = (value: unknown, check: Check): Discount => {
  const { kind, amount, percent: share, maxAmount } = fieldsOf(value);
  const at = "/policy/discount";
  if (kind === "percent") {
    return {
      kind,
      percent: check(`${at}/percent`, integerIn(share, percent), words(percent)),
      maxAmount: check(`${at}/maxAmount`, wonIn(maxAmount, worth), words(worth)),
    };
  }
  return {
    kind: check(`${at}/kind`, kind === "fixed" ? kind : undefined, "fixed or percent"),
    amount: check(`${at}/amount`, wonIn(amount, worth), words(worth)),
  };
};

const integerIn = (value: unknown, { minimum, maximum }: Range): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= minimum && value <= maximum ? value : undefined;

// A safe integer in a range of amounts is won.
const wonIn = (value: unknown, range: Range): Won | undefined => integerIn(value, range) as Won | undefined;

const words = ({ minimum, maximum }: Range): string => `an integer from ${minimum} to ${maximum}`;
const momentWords = "a moment of the years 1970 to 9999 with a time zone, such as 2027-01-01T12:00:00+09:00";

/** A coupon as the API tells it: moments in UTC, nulls left out. */
export const couponText = ({ opensAt, closesAt, ...terms }: Coupon): Readonly<Record<string, unknown>> => ({
  ...terms,
  ...(opensAt === null ? {} : { opensAt: textOfMoment(opensAt) }),
  ...(closesAt === null ? {} : { closesAt: textOfMoment(closesAt) }),
});
