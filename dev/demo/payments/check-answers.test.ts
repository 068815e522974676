/** The check of answers must be able to fail: each claim, broken once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Payment } from "../../../processors/payments/payment-ports.ts";
import type { UserId, Won } from "../../../schemas/coupon.ts";
import type { OrderId, PaymentId } from "../../../schemas/payment.ts";
import { checkAnswers } from "./check-answers.ts";
import type { AnsweredCase, PayReply } from "./payer.ts";
import type { CaseKind } from "./plan-payments.ts";

const paid = (paymentId: string, fresh = true): PayReply => ({ kind: "paid", paymentId, fresh });
const refused = (problem: string): PayReply => ({ kind: "refused", problem });

/** A case of one order, whose id is that of its payments with an `o`. */
const answered = (kind: CaseKind, order: string, ...replies: readonly PayReply[]): AnsweredCase => {
  const attempt = { orderId: order as OrderId, userId: "u" as UserId, key: "k" };
  const answers = replies.map((one) => ({ attempt, reply: one, requests: 1, dueAtMs: 0, latencyMs: 1 }));
  return { kind, attempts: replies.map(() => attempt), answers };
};
const payments = (...made: readonly (readonly [id: string, order: string])[]): ReadonlyMap<PaymentId, Payment> =>
  new Map(
    made.map(([id, order]) => {
      const ids = { paymentId: id as PaymentId, orderId: order as OrderId, userId: "u" as UserId };
      return [ids.paymentId, { ...ids, amount: 1 as Won, discount: 0 as Won, paidAt: 1 }];
    }),
  );
const broken = (cases: readonly AnsweredCase[], made: ReadonlyMap<PaymentId, Payment>, scarceUnits = 0) =>
  checkAnswers(cases, { scarceUnits }, made).map((one) => one.broken);

test("answers: are in order when every client was answered what is stored", () => {
  const cases = [
    answered("plain", "o1", paid("1")),
    answered("twice", "o2", paid("2"), paid("2", false)),
    answered("twoKeys", "o3", refused("order-not-payable"), paid("3")),
    answered("poor", "o4", refused("balance-too-low")),
    answered("stranger", "o5", refused("order-not-found")),
    answered("oneCoupon", "o6", refused("coupon-not-usable"), paid("6")),
    answered("scarce", "o7", paid("7")),
    answered("scarce", "o8", refused("option-out-of-stock")),
  ];
  const made = payments(["1", "o1"], ["2", "o2"], ["3", "o3"], ["6", "o6"], ["7", "o7"]);
  assert.deepEqual(broken(cases, made, 1), [0, 0, 0]);
});

const one = payments(["1", "o1"]);
const wrong: Readonly<Record<string, readonly [AnsweredCase[], ReadonlyMap<PaymentId, Payment>, readonly number[]]>> = {
  "a client was answered a payment that is not there": [[answered("plain", "o1", paid("1"))], payments(), [1, 0, 0]],
  "a client was answered another order's payment": [[answered("plain", "o2", paid("1"))], one, [1, 0, 0]],
  "an order is paid, and its client was refused": [
    [answered("plain", "o1", refused("balance-too-low"))],
    one,
    [1, 1, 0],
  ],
  "a client was not answered": [[answered("plain", "o1", { kind: "unanswered" })], payments(), [1, 1, 0]],
  "one key came to two payments": [
    [answered("twice", "o1", paid("1"), paid("2"))],
    payments(["1", "o1"], ["2", "o1"]),
    [0, 1, 0],
  ],
  "two keys paid one order": [
    [answered("twoKeys", "o1", paid("1"), paid("2"))],
    payments(["1", "o1"], ["2", "o1"]),
    [0, 1, 0],
  ],
  "a coupon was used twice": [
    [answered("oneCoupon", "o1", paid("1"), paid("2"))],
    payments(["1", "o1"], ["2", "o1"]),
    [0, 1, 0],
  ],
  "one key was answered twice that its payment is new": [
    [answered("twice", "o1", paid("1"), paid("1"))],
    one,
    [0, 1, 0],
  ],
  "no client was answered that a payment is new": [[answered("plain", "o1", paid("1", false))], one, [0, 1, 0]],
  "the poor paid": [[answered("poor", "o1", paid("1"))], one, [0, 1, 0]],
  "more was sold than there is": [[answered("scarce", "o1", paid("1"))], one, [0, 0, 1]],
};

for (const [what, [cases, made, expected]] of Object.entries(wrong)) {
  test(`answers: are found wrong when ${what}`, () => {
    assert.deepEqual(broken(cases, made), expected);
  });
}
