/** What the proof of replays would say of letters that did not come to their end, and of effects that came twice. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { v7 } from "uuid";
import type { PaymentCompleted, PaymentId } from "../../../schemas/payment.ts";
import { aPayment } from "../../../stores/testing/transaction-history.ts";
import { hexOf } from "../../../stores/ids.ts";
import { judgeEffects, judgeLetters } from "./judge.ts";
import { type Kind, lettersOf, lettersPerKind, mixedKinds } from "./kinds.ts";
import type { Written } from "./records.ts";

const written = (kinds: readonly Kind[]) => kinds.map((kind, at) => ({ kind, id: `payment-completed/0/${at}` }));
const letters = written(["good", "malformed", "refused", "refused-stays"]);
const asPlanned = new Map([
  ["payment-completed/0/1", ["open"]],
  ["payment-completed/0/2", ["resolved"]],
  ["payment-completed/0/3", ["failed-again", "open"]],
] as const);
const broken = (states: typeof asPlanned | ReadonlyMap<string, never>, isDiscarded = false) =>
  judgeLetters("external-data", letters, states, isDiscarded).flatMap(({ kind, held }) => (held ? [] : [kind]));

test("proof of replays: finds nothing when every letter came to its end", () => {
  assert.deepEqual(broken(asPlanned), []);
});

test("proof of replays: names the kind of a letter that is missing, in another state, or of a good record", () => {
  const others = (id: number, states: readonly string[]) =>
    new Map([...asPlanned, [`payment-completed/0/${id}`, states]]) as unknown as typeof asPlanned; // States of any kind.
  assert.deepEqual(broken(new Map()), ["malformed", "refused", "refused-stays"]);
  assert.deepEqual(broken(others(2, ["pending"])), ["refused"]);
  assert.deepEqual(broken(others(0, ["resolved"])), ["good"]);
  assert.deepEqual(broken(others(9, ["open"])), ["good"]);
  assert.deepEqual(broken(asPlanned, true), ["refused-stays"]);
});

test("proof of replays: finds an effect that is missing, twice, or not meant", () => {
  const payments = (["good", "refused", "refused-stays"] as const).map(
    (kind, at): Written<PaymentCompleted> => ({ kind, id: `payment-completed/0/${at}`, value: aPayment() }),
  );
  const [good, refused, stays] = payments.map(({ value }) => value.paymentId);
  const history = payments.map(({ value }) => hexOf(value.paymentId));
  const judged = (platform: readonly (readonly [PaymentId | undefined, number])[]) =>
    judgeEffects(
      [],
      payments,
      { issued: [], refused: [], unitsTaken: 0, history },
      new Map(platform.map(([id, effects]) => [String(id), effects])),
    )
      .filter(({ held }) => !held)
      .flatMap(({ examples }) => examples.length);
  assert.deepEqual(
    judged([
      [good, 1],
      [refused, 1],
    ]),
    [],
  );
  assert.deepEqual(judged([[good, 1]]), [1]);
  assert.deepEqual(
    judged([
      [good, 2],
      [refused, 1],
    ]),
    [1],
  );
  assert.deepEqual(
    judged([
      [good, 1],
      [refused, 1],
      [stays, 1],
    ]),
    [1],
  );
  assert.deepEqual(
    judged([
      [good, 1],
      [refused, 1],
      [v7() as PaymentId, 1],
    ]),
    [1],
  );
});

test("proof of replays: mixes two good records with each that becomes a letter, and as many letters as were asked for", () => {
  const kinds = mixedKinds("coupons", 300);
  assert.equal(lettersPerKind(300), 25);
  assert.equal(kinds.filter((kind) => kind === "good").length, 2 * lettersOf(300, "coupon-issuing"));
  assert.equal(kinds.filter((kind) => kind === "wrong").length, 25);
});
