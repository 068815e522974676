/** Whether clients were told what stands, and those refused who had to be. Pure. */
import type { Payment } from "../../../processors/payments/payment-ports.ts";
import type { PaymentId } from "../../../schemas/payment.ts";
import { type Check, check } from "../../../ops/verify/check.ts";
import type { AnsweredCase, PayAnswer } from "./payer.ts";
import type { PaymentPlan } from "./plan-payments.ts";

/** Checks answers against the plan and the payments there are of its users. */
export const checkAnswers = (
  answered: readonly AnsweredCase[],
  { scarceUnits }: Pick<PaymentPlan, "scarceUnits">,
  payments: ReadonlyMap<PaymentId, Payment>,
): readonly Check[] => [
  toldWhatStands(answered, payments),
  refusedAsPlanned(answered),
  scarceToTheUnit(answered, scarceUnits),
];

const toldWhatStands = (answered: readonly AnsweredCase[], payments: ReadonlyMap<PaymentId, Payment>): Check => {
  const answers = answered.flatMap((one) => one.answers);
  const untold = new Set(payments.keys());
  const broken = answers.flatMap(({ attempt: { orderId }, told }) => {
    if (told.kind === "unanswered") return [`order ${orderId}: nobody answered`];
    if (told.kind === "refused") return [];
    // What the API answered; the map says whether it is one of ours.
    const paymentId = told.paymentId as PaymentId;
    untold.delete(paymentId);
    return payments.get(paymentId)?.orderId === orderId
      ? []
      : [`order ${orderId} was told ${paymentId}, which is not there`];
  });
  return check("told paid = payments, and the order's own", answers.length, [
    ...broken,
    ...[...untold].map((id) => `${id} is paid, and its client was never told`),
  ]);
};

/** What each kind comes to, apart from what is scarce: one of its attempts may win, never two. */
const refusedAsPlanned = (answered: readonly AnsweredCase[]): Check => {
  const planned = answered.filter(({ kind }) => kind !== "scarce");
  const broken = planned.flatMap(({ kind, answers }) => {
    const got = outcomesOf(answers);
    const expected = expectedOf(kind);
    const order = `${kind}, order ${answers[0]?.attempt.orderId}`;
    if (got.join() !== expected.join()) return [`${order}: expected ${expected.join("+")}, got ${got.join("+")}`];
    return isNewOnce(answers) ? [] : [`${order}: its payment was not answered as new once (201), then as known (200)`];
  });
  return check("paid once, and refused who had to be", planned.length, broken);
};

/** Of answers that tell of a payment one says that it is new; none may where that answer was lost, and asked for again. */
const isNewOnce = (answers: readonly PayAnswer[]): boolean => {
  const paid = answers.filter(({ told }) => told.kind === "paid");
  const fresh = paid.filter(({ told }) => told.kind === "paid" && told.fresh).length;
  return paid.length === 0 || fresh === 1 || (fresh === 0 && paid.some(({ requests }) => requests > 1));
};

const expectedOf = (kind: AnsweredCase["kind"]): readonly string[] => {
  switch (kind) {
    case "twice":
      return ["paid", "paid the same"];
    case "twoKeys":
      return ["order-not-payable", "paid"];
    case "oneCoupon":
      return ["coupon-not-usable", "paid"];
    case "poor":
      return ["balance-too-low"];
    case "stranger":
      return ["order-not-found"];
    default:
      return ["paid"];
  }
};

/** Sorted. A payment that another attempt of the case was told too is `paid the same`. */
const outcomesOf = (answers: readonly PayAnswer[]): readonly string[] => {
  const seen = new Set<string>();
  return answers
    .map(({ told }) => {
      if (told.kind !== "paid") return told.kind === "refused" ? told.problem : told.kind;
      if (seen.has(told.paymentId)) return "paid the same";
      seen.add(told.paymentId);
      return "paid";
    })
    .sort();
};

const scarceToTheUnit = (answered: readonly AnsweredCase[], units: number): Check => {
  const outcomes = answered.filter(({ kind }) => kind === "scarce").map(({ answers }) => outcomesOf(answers).join("+"));
  const paid = outcomes.filter((outcome) => outcome === "paid").length;
  const other = outcomes.filter((outcome) => outcome !== "paid" && outcome !== "option-out-of-stock");
  return check("the scarce option is sold to the last unit, and no further", outcomes.length, [
    ...(paid === Math.min(units, outcomes.length) ? [] : [`${paid} were sold of ${units}`]),
    ...other.map((outcome) => `somebody who wanted it got ${outcome}`),
  ]);
};
