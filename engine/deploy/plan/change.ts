/** What a plan consists of: changes that would be made, and refusals that stop all of them. */

/** What a change or refusal is about. */
export type Area = "tables" | "topic" | "subject" | "group" | "graph";

/** One thing to do; steps.ts has the order. */
export type Action =
  | { readonly does: "migrate"; readonly migrations: readonly string[] }
  | {
      readonly does: "createTopic";
      readonly topic: string;
      readonly partitions: number;
      readonly settings: Readonly<Record<string, string>>;
    }
  | { readonly does: "addPartitions"; readonly topic: string; readonly partitions: number }
  | { readonly does: "registerSubject"; readonly subject: string }
  | {
      readonly does: "alterSettings";
      readonly topic: string;
      readonly set: Readonly<Record<string, string>>;
      /** These go back to the brokers' own value. */
      readonly reset: readonly string[];
    }
  | { readonly does: "recordDeployment" };

/** A change: something new, something declared differently, or something changed outside of sluice. */
export interface Change {
  readonly kind: "new" | "change" | "drift";
  readonly area: Area;
  readonly name: string;
  /** What differs, on one line. */
  readonly text: string;
  /** Why it must be confirmed by name; absent where it is plain. */
  readonly risk?: string;
  /** A risk that grows with the records that are there: those older than this many ms go. */
  readonly removesOlderThanMs?: number;
  readonly action: Action;
}

/** Why nothing is done. */
export type RefusalCode =
  | "FEWER_PARTITIONS"
  | "KEYS_WOULD_MOVE"
  | "KEY_CHANGED"
  | "SUBJECT_INCOMPATIBLE"
  | "SUBJECT_LEVEL"
  | "LETTERS_UNREADABLE"
  | "OTHER_CLUSTER"
  | "OTHER_GROUP"
  | "SOURCES_CHANGED";

/** One reason for which nothing is done. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly area: Area | "cluster";
  readonly name: string;
  readonly text: string;
  /** What to do about it. */
  readonly fix: string;
}

/** A setting somebody else made for a topic of ours: it is left as it is. */
export interface ForeignSetting {
  readonly topic: string;
  readonly setting: string;
  readonly value: string;
}

/** What applying would do. Either `refusals` is empty or nothing is done. */
export interface Plan {
  /** Whether carrying it out is recorded as a deployment. */
  readonly recorded: boolean;
  readonly changes: readonly Change[];
  readonly refusals: readonly Refusal[];
  readonly foreign: readonly ForeignSetting[];
}

/** The names that must be confirmed, each once. */
export const risksOf = ({ changes }: Plan): readonly string[] => [
  ...new Set(changes.flatMap(({ name, risk }) => (risk === undefined ? [] : [name]))),
];
