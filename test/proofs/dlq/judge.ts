/** Judges a replay that is over: every letter, every effect, and that another replay changes nothing. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { LetterState } from "../../../engine/dlq/letters/state.ts";
import type { CouponIssueRequested } from "../../../schemas/coupon.ts";
import type { PaymentCompleted } from "../../../schemas/payment.ts";
import { hexOf } from "../../../stores/ids.ts";
import { expectedStates, fates, type Kind, type TopologyName } from "./kinds.ts";
import type { Written } from "./records.ts";
import type { Effects } from "./shop.ts";

/** A claim, what was expected of it, and what was found. */
export interface Claim {
  readonly claim: string;
  readonly expected: string | number;
  readonly got: string | number;
  readonly held: boolean;
  /** At most five of those that break it. */
  readonly examples: readonly string[];
}

/** A claim about one value. */
export const equal = (claim: string, expected: string | number, got: string | number): Claim => ({
  claim,
  expected,
  got,
  held: expected === got,
  examples: [],
});

/** Letters of one kind of a topology. */
export interface KindJudged extends Claim {
  readonly topology: TopologyName;
  readonly kind: Kind;
  /** Of its attempts, as they should be. */
  readonly states: string;
}

/** Judges the letters of a topology, kind by kind; what is no letter by the plan must have none. */
export const judgeLetters = (
  topology: TopologyName,
  written: readonly Pick<Written<unknown>, "id" | "kind">[],
  states: ReadonlyMap<string, readonly LetterState[]>,
  isDiscarded: boolean,
): readonly KindJudged[] => {
  const known = new Set(written.map(({ id }) => id));
  const strangers = [...states.keys()].filter((id) => !known.has(id));
  return [...Map.groupBy(written, ({ kind }) => kind)].map(([kind, all]) => {
    const fate = fates[topology][kind];
    const expected = fate === undefined ? [] : expectedStates(fate, isDiscarded);
    const wrong = all.flatMap(({ id }) => {
      const found = states.get(id) ?? [];
      return isDeepStrictEqual(found, expected) ? [] : [`${id}: ${found.join(", ") || "no letter"}`];
    });
    const stray = kind === "good" ? strangers.map((id) => `${id}: a letter of no record`) : [];
    const broken = [...wrong, ...stray];
    return {
      topology,
      kind,
      claim: `${topology}: ${kind}`,
      states: expected.join(", ") || "no letter",
      expected: all.length,
      got: all.length - broken.length,
      held: broken.length === 0,
      examples: broken.slice(0, 5),
    };
  });
};

/** Judges effects: each one once where there is to be one, and none where there is to be none. */
export const judgeEffects = (
  requests: readonly Written<CouponIssueRequested>[],
  payments: readonly Written<PaymentCompleted>[],
  { issued, refused, unitsTaken, history }: Effects,
  platform: ReadonlyMap<string, number>,
): readonly Claim[] => {
  const reservations = (isWanted: (kind: Kind) => boolean) =>
    requests.flatMap(({ kind, value }) => (isWanted(kind) ? [hexOf(value.reservationId)] : []));
  const asked = reservations((kind) => kind !== "unrefused" && hasEffect("coupon-issuing", kind));
  const ids = (topology: TopologyName) =>
    payments.flatMap(({ kind, value }) => (hasEffect(topology, kind) ? [hexOf(value.paymentId)] : []));
  const delivered = [...platform].flatMap(([id, effects]) =>
    Array.from({ length: effects }, () => id.replaceAll("-", "")),
  );
  return [
    onceEach("coupons issued", asked, issued),
    onceEach(
      "refusals",
      reservations((kind) => kind === "unrefused"),
      refused,
    ),
    equal("units taken from the stock", asked.length, unitsTaken),
    onceEach("rows of the history", ids("transaction-history"), history),
    onceEach("payments that took effect on the platform", ids("external-data"), delivered),
  ];
};

const hasEffect = (topology: TopologyName, kind: Kind): boolean => {
  const fate = fates[topology][kind];
  return kind !== "malformed" && (fate === undefined || fate === "resolved");
};

const onceEach = (claim: string, expected: readonly string[], found: readonly string[]): Claim => {
  const times = Map.groupBy(found, (id) => id);
  const wanted = new Set(expected);
  const broken = [
    ...expected.filter((id) => times.get(id)?.length !== 1).map((id) => `${id}: ${times.get(id)?.length ?? 0} times`),
    ...[...times.keys()].filter((id) => !wanted.has(id)).map((id) => `${id}: should not be there`),
  ];
  return {
    claim: `${claim}, each once`,
    expected: expected.length,
    got: found.length,
    held: broken.length === 0,
    examples: broken.slice(0, 5),
  };
};
