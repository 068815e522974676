/** What the proof of replays writes, record by record, and what is to become of the letter that each topology makes of it. Pure. */
import type { LetterState } from "../../../engine/dlq/letters/state.ts";

/** What is wrong with a record; `good` where nothing is. */
export type Kind =
  | "good"
  /** Bytes that are no value, for ever. */
  | "malformed"
  /** Written with a schema that is registered only later. */
  | "unknown"
  /** The database has another row of its id, which is taken away later. */
  | "planted"
  /** The same, and it stays there. */
  | "planted-stays"
  /** The user's id is too long: no store takes it, ever. */
  | "wrong"
  /** The platform refuses the user, and later does not. */
  | "refused"
  /** The platform refuses the user for ever. */
  | "refused-stays"
  /** In doubt: the database fails when its row is to be written, in no way that says whose fault it is. A unit may be held. */
  | "unwritten"
  /** In doubt: the same, for a refusal that was decided. */
  | "unrefused"
  /** In doubt: its row is written, and its event is too large for its topic. */
  | "untold";

/** Kinds whose letters are in doubt: few of each, because a worker finds each of them by halving its round. */
const doubtful: readonly Kind[] = ["unwritten", "unrefused", "untold"];

/** Whether it is in doubt what a record of this kind has left behind. */
export const isDoubtful = (kind: Kind): boolean => doubtful.includes(kind);

/** The topologies of the shop. */
export type TopologyName = "coupon-issuing" | "transaction-history" | "external-data";

/** Untouched: it cannot be read, so no replay sends it. Refused: it can, and a check of its topic refuses it; it is not sent either, and discarded in the end. */
export type Fate = "untouched" | "refused" | "resolved" | "failed again";

/** Kinds that become letters, of each topology. The rest passes. */
export const fates: Readonly<Record<TopologyName, Readonly<Partial<Record<Kind, Fate>>>>> = {
  "coupon-issuing": {
    malformed: "untouched",
    unknown: "resolved",
    planted: "resolved",
    wrong: "refused",
    unwritten: "resolved",
    unrefused: "resolved",
    untold: "resolved",
  },
  "transaction-history": {
    malformed: "untouched",
    unknown: "resolved",
    planted: "resolved",
    "planted-stays": "failed again",
    unwritten: "resolved",
  },
  "external-data": {
    malformed: "untouched",
    unknown: "resolved",
    refused: "resolved",
    "refused-stays": "failed again",
  },
};

/** All three. */
export const topologies = Object.keys(fates) as readonly TopologyName[]; // Of a record with just these keys.

/** Kinds of records in the topic of requests, and in that of payments: both payment topologies read the same ones. */
const kindsOf = {
  coupons: ["malformed", "unknown", "planted", "wrong", "unwritten", "unrefused", "untold"],
  payments: ["malformed", "unknown", "planted", "planted-stays", "refused", "refused-stays", "unwritten"],
} as const satisfies Record<string, readonly Kind[]>;

/** Good records for one that becomes a letter, so that no flood of letters holds a partition: see SLUICE_DEAD_LETTER_PERCENT. */
const goodPerBad = 2;

const kindsIn = (topology: TopologyName): readonly Kind[] => Object.keys(fates[topology]) as readonly Kind[]; // Of a record with such keys.

/** Letters of each kind that is in doubt. */
const doubtfulEach = 8;

/** Letters of each topology and kind that is not in doubt, so that there are at least `letters` in all. */
export const lettersPerKind = (letters: number): number =>
  Math.ceil(letters / topologies.flatMap(kindsIn).filter((kind) => !isDoubtful(kind)).length);

/** Letters of one kind in each topology that makes some. */
export const lettersOfKind = (letters: number, kind: Kind): number =>
  isDoubtful(kind) ? Math.min(doubtfulEach, lettersPerKind(letters)) : lettersPerKind(letters);

/** Letters of a topology with one of these fates; all, where none is given. */
export const lettersOf = (letters: number, topology: TopologyName, ...having: readonly Fate[]): number =>
  kindsIn(topology)
    .filter((kind) => having.length === 0 || having.some((fate) => fates[topology][kind] === fate))
    .reduce((sum, kind) => sum + lettersOfKind(letters, kind), 0);

/** The kinds of the records of a topic, mixed. `random`: [0, 1). */
export const mixedKinds = (of: keyof typeof kindsOf, letters: number, random = Math.random): readonly Kind[] => {
  const bad = kindsOf[of].flatMap((kind): readonly Kind[] =>
    Array.from({ length: lettersOfKind(letters, kind) }, () => kind),
  );
  const all: Kind[] = [...bad, ...Array.from({ length: bad.length * goodPerBad }, () => "good" as const)];
  for (let at = all.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [all[at], all[other]] = [all[other] ?? "good", all[at] ?? "good"];
  }
  return all;
};

/** A letter's attempts and their states, as they are listed: after a replay, and after what failed again was discarded. */
export const expectedStates = (fate: Fate, isDiscarded: boolean): readonly LetterState[] => {
  if (fate === "untouched") return ["open"];
  if (fate === "refused") return [isDiscarded ? "discarded" : "open"];
  if (fate === "resolved") return ["resolved"];
  return ["failed-again", isDiscarded ? "discarded" : "open"];
};
