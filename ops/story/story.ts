/** What a story is: moments in the order in which they happened, and what does not agree. */

/** What a story is about. */
export const subjectKinds = ["reservation", "payment", "order", "user", "coupon", "record"] as const;
/** One of them. */
export type SubjectKind = (typeof subjectKinds)[number];

/** Something that happened, or that is. */
export interface Moment {
  /** Epoch ms, by the clock of whoever wrote it down; absent where nobody did. */
  readonly at?: number;
  /** One or two words. */
  readonly what: string;
  readonly text: string;
  /** Where it was read: a table, a record's place, Redis; or from what it follows. */
  readonly from: string;
}

/** A story. */
export interface Story {
  readonly subject: { readonly kind: SubjectKind; readonly id: string };
  readonly moments: readonly Moment[];
  /** What cannot be, in sentences. */
  readonly contradictions: readonly string[];
  /** What has not happened yet. */
  readonly pending: readonly string[];
  /** What could not be told, and why. */
  readonly unknown: readonly string[];
}

/** The moments of a story by time; what has none stays behind what it follows. */
export const inOrder = (moments: readonly Moment[]): readonly Moment[] => {
  let latest = Number.NEGATIVE_INFINITY;
  const timed = moments.map((moment) => {
    latest = moment.at ?? latest;
    return { moment, at: latest };
  });
  return timed.toSorted((a, b) => (a.at === b.at ? 0 : a.at - b.at)).map(({ moment }) => moment);
};
