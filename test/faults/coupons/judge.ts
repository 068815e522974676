/** What came of a fault, read from scratch: the topics, the tables and Redis against each other, by the verifier. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Check } from "../../../engine/app/verify/verification.ts";
import { checkCoupons } from "../../../ops/verify/check.ts";
import type { CouponFacts } from "../../../ops/verify/facts.ts";
import { readFacts } from "../../../ops/verify/read-facts.ts";
import { deadLetterTopic } from "../../../engine/worker/round/dead-letter.ts";
import { deadLetterPrefix } from "../../../engine/worker/round/letter-headers.ts";
import type { ReservationId } from "../../../schemas/coupon.ts";
import { couponIssuing } from "../../../topology/coupon-issuing.ts";
import type { Scene } from "./scene.ts";

/** What was asked, to be held against what there is. */
export interface Expected {
  /** Only coupons whose id begins with this are looked at; all where it is empty. */
  readonly prefix: string;
  /** Requests whose append was acknowledged: each must be in the topic and have its verdict. */
  readonly acknowledged?: ReadonlySet<ReservationId>;
  /** Records that are no request: each must be dead-lettered, and nothing else. Unknown where left out. */
  readonly poison?: number;
}

/** What the verifier found; all but the first three are to be 0. */
export interface Findings {
  readonly requests: number;
  readonly issued: number;
  readonly refused: number;
  /** Acknowledged and not in the topic, or in it without a verdict. */
  readonly lost: number;
  /** Coupons of which more, or fewer, are issued than were taken from stock. */
  readonly oversold: number;
  /** Reservations with two verdicts, users with a coupon twice, verdicts without a request. */
  readonly double: number;
  /** Verdicts that were not published, or published otherwise; units published as given back that were issued. */
  readonly unpublished: number;
  /** Refused as sold out before a later request was issued one. */
  readonly outOfOrder: number;
  /** Coupons whose counter is not what the database says, and units marked for users who have none. */
  readonly counterOff: number;
  /** Records dead-lettered that are no poison, or poison that is not. */
  readonly wrongDeadLetters: number;
  /** Some of it in words. */
  readonly examples: readonly string[];
}

/** How long a counter may be off after all is decided: its repair needs a moment. */
const repairWithinMs = 15_000;

/** Looks until the counters agree, or for as long as a repair may take. To be called on a quiet scene. */
export const judge = async (scene: Scene, expected: Expected): Promise<Findings> => {
  const deadline = performance.now() + repairWithinMs;
  for (;;) {
    const findings = await look(scene, expected).catch((error: unknown) => {
      // A broker that has just come back does not know every topic yet.
      if (performance.now() > deadline) throw error;
    });
    if (findings !== undefined && (findings.counterOff === 0 || performance.now() > deadline)) return findings;
    await sleep(1_000, undefined, { signal: scene.signal });
  }
};

const look = async (scene: Scene, expected: Expected): Promise<Findings> =>
  findingsOf(await readFacts(scene.config, expected.prefix), expected, await readDeadLetters(scene, expected.prefix));

/** What is amiss, in words. Order is not, where it is not promised. */
export const faultsOf = (findings: Findings, { unordered = false } = {}): readonly string[] => {
  const { requests, issued, refused, examples, ...amiss } = findings;
  const named = Object.entries(amiss).filter(([name, count]) => count > 0 && !(unordered && name === "outOfOrder"));
  if (requests > 0 && named.length === 0) return [];
  return [...named.map(([name, count]) => `${name}: ${count}`), ...(requests > 0 ? [] : ["nothing was looked at"])];
};

/** Dead letters by what they say they are; copies of one record count once. */
export interface DeadLetters {
  readonly poison: number;
  readonly inDoubt: number;
}

const readDeadLetters = async ({ admin }: Scene, prefix: string): Promise<DeadLetters> => {
  const seen = new Map<string, string>();
  await admin.readTopic(deadLetterTopic(couponIssuing.graph.name), (_partition, records) => {
    for (const { key, headers } of records) {
      if (key?.toString().startsWith(prefix) !== true) continue;
      const said = (name: string): string => String(headers[deadLetterPrefix + name]);
      seen.set(`${said("topic")}/${said("partition")}/${said("offset")}`, said("kind"));
    }
  });
  const kinds = [...seen.values()];
  return {
    poison: kinds.filter((kind) => kind === "poison").length,
    inDoubt: kinds.filter((kind) => kind !== "poison").length,
  };
};

/** Pure. */
export const findingsOf = (facts: CouponFacts, expected: Expected, deadLetters: DeadLetters): Findings => {
  const { accepted, issued, refused } = facts;
  const checks = checkCoupons(facts);
  const brokenOf = (claim: string): number => checkOf(checks, claim).broken;
  const missing = [...(expected.acknowledged ?? [])].filter((id) => !accepted.has(id));
  const undecided = [...accepted.keys()].filter((id) => !issued.has(id) && !refused.has(id));
  const twice = [...issued.keys()].filter((id) => refused.has(id));
  const wrong = Math.abs((expected.poison ?? deadLetters.poison) - deadLetters.poison) + deadLetters.inDoubt;
  return {
    requests: accepted.size,
    issued: issued.size,
    refused: refused.size,
    lost: missing.length + undecided.length,
    oversold: brokenOf("issued = stock taken, never more than there are"),
    double:
      twice.length + brokenOf("no user has a coupon twice") + brokenOf("every verdict belongs to an accepted request"),
    unpublished:
      brokenOf("every verdict was published as it is") +
      brokenOf("a unit that was given back was that of a refused request"),
    outOfOrder: brokenOf("first come, first served, by offset"),
    counterOff:
      brokenOf("the counter equals the database") + brokenOf("the gate holds no unit without a request in flight"),
    wrongDeadLetters: wrong,
    examples: [
      ...missing.slice(0, 2).map((id) => `${id} was acknowledged and is not in the topic`),
      ...checks.flatMap(({ examples }) => examples.slice(0, 2)),
      ...(wrong > 0 ? [`dead letters: ${JSON.stringify(deadLetters)}, poison expected: ${expected.poison}`] : []),
    ],
  };
};

const checkOf = (checks: readonly Check[], claim: string): Check => {
  const found = checks.find((check) => check.claim === claim);
  if (found === undefined) throw new Error(`the verifier no longer checks that ${claim}`);
  return found;
};

/** The part of the facts about some coupons. */
export const factsAbout = (facts: CouponFacts, prefix: string): CouponFacts => {
  const about = <K, V extends { readonly couponId: string }>(map: Iterable<readonly [K, V]>): Map<K, V> =>
    new Map([...map].filter(([, { couponId }]) => couponId.startsWith(prefix)));
  const { accepted, issued, refused, coupons, counters, foreign, marks, publishedIssued, publishedRefused } = facts;
  return {
    ...facts,
    accepted: new Map([...accepted].filter(([, { request }]) => request.couponId.startsWith(prefix))),
    issued: about(issued),
    refused: about(refused),
    coupons: about(coupons),
    counters: new Map([...counters].filter(([couponId]) => couponId.startsWith(prefix))),
    foreign: new Set([...foreign].filter((couponId) => couponId.startsWith(prefix))),
    marks: new Map([...marks].filter(([couponId]) => couponId.startsWith(prefix))),
    publishedIssued: about(publishedIssued),
    publishedRefused: about(publishedRefused),
    publishedCompensations: facts.publishedCompensations.filter(({ couponId }) => couponId.startsWith(prefix)),
  };
};
