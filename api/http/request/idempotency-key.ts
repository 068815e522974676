/** The `Idempotency-Key` header field: requests of one user with the same key are one request. */
import type { IncomingHttpHeaders } from "node:http";
import { wrongField } from "../problems/problems.ts";

const pattern = "^[\\x21-\\x7e]{1,255}$";
const idempotencyKey = new RegExp(pattern);

/** The header field in a route's schema. */
export const idempotencyKeySchema = {
  type: "string",
  pattern,
  description: "1 to 255 visible ASCII characters; stored per user for at least 24 hours.",
} as const;

/** The key that was sent; undefined where there is none. @throws Problem `validation` where it is not as the schema says. */
export const idempotencyKeyIn = (headers: IncomingHttpHeaders): string | undefined => {
  const key = headers["idempotency-key"];
  if (key === undefined || (typeof key === "string" && idempotencyKey.test(key))) return key;
  throw wrongIdempotencyKey();
};

/** The key that was sent. @throws Problem `validation` also where there is none. */
export const requiredIdempotencyKeyIn = (headers: IncomingHttpHeaders): string => {
  const key = idempotencyKeyIn(headers);
  if (key === undefined) throw wrongIdempotencyKey();
  return key;
};

const wrongIdempotencyKey = () =>
  wrongField("validation", "idempotency-key", "must be 1 to 255 visible ASCII characters");
