/** How a refusal's reason is stored: one byte instead of a word. */
import { Fatal } from "../../../engine/errors.ts";
import { type RefusalReason, refusalReasons } from "../../../schemas/coupon.ts";

/** Numbers are for ever; a new reason takes the next. */
const codes: Readonly<Record<RefusalReason, number>> = {
  SOLD_OUT: 1,
  NOT_OPEN: 2,
  CLOSED: 3,
  UNKNOWN_COUPON: 4,
  OTHER_POLICY: 5,
  DUPLICATE: 6,
};

/** The number of a reason. */
export const codeOfReason = (reason: RefusalReason): number => codes[reason];

/**
 * The reason of a number.
 * @throws Fatal where a newer release wrote a reason that this one does not know.
 */
export const reasonOfCode = (code: number): RefusalReason => {
  const reason = refusalReasons.find((name) => codes[name] === code);
  if (reason === undefined) throw new Fatal("REASON_UNKNOWN", `refusal reason ${code} is none of this release's`);
  return reason;
};
