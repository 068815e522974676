/** Whether clients were answered what is stored, and those refused that had to be. Pure. */
import type { PaymentFacts } from "../../../ops/verify/payments/payment-facts.ts";
import type { PaymentId } from "../../../schemas/payment.ts";
import type { Check } from "../../../engine/app/verify/verification.ts";
import { check } from "../../../ops/verify/claim.ts";
import type { AnsweredCase, PayAnswer } from "./payer.ts";
import type { PaymentPlan } from "./plan-payments.ts";

/** Checks answers against the plan and the payments there are of its users. */
export const checkAnswers = (
  answered: readonly AnsweredCase[],
  { scarceUnits }: Pick<PaymentPlan, "scarceUnits">,
  payments: PaymentFacts["payments"],
): readonly Check[] => [
  toldWhatStands(answered, payments),
  refusedAsPlanned(answered),
  scarceToTheUnit(answered, scarceUnits),
];

const toldWhatStands = (answered: readonly AnsweredCase[], payments: PaymentFacts["payments"]): Check => {
  const answers = answered.flatMap((one) => one.answers);
  const unanswered = new Set(payments.keys());
  const broken = answers.flatMap(({ attempt: { orderId }, reply }) => {
    if (reply.kind === "unanswered") return [`order ${orderId}: no answer`];
    if (reply.kind === "refused") return [];
    // What the API answered; the map says whether it is one of ours.
    const paymentId = reply.paymentId as PaymentId;
    unanswered.delete(paymentId);
    return payments.get(paymentId)?.orderId === orderId
      ? []
      : [`order ${orderId} was answered ${paymentId}, which is not there`];
  });
  return check("answered as paid = payments, and the order's own", answers.length, [
    ...broken,
    ...[...unanswered].map((id) => `${id} is paid, and its client was never answered so`),
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

/** Of answers with a payment one says that it is new; none may where that answer was lost, and asked for again. */
const isNewOnce = (answers: readonly PayAnswer[]): boolean => {
  const paid = answers.filter(({ reply }) => reply.kind === "paid");
  const fresh = paid.filter(({ reply }) => reply.kind === "paid" && reply.fresh).length;
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

/** Sorted. A payment that another attempt of the case was answered too is `paid the same`. */
const outcomesOf = (answers: readonly PayAnswer[]): readonly string[] => {
  const seen = new Set<string>();
  return answers
    .map(({ reply }) => {
      if (reply.kind !== "paid") return reply.kind === "refused" ? reply.problem : reply.kind;
      if (seen.has(reply.paymentId)) return "paid the same";
      seen.add(reply.paymentId);
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
    ...other.map((outcome) => `a client that wanted it got ${outcome}`),
  ]);
};
