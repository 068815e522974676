/** Letters by cause: what somebody looks at first. Pure. */
import type { Standing } from "./state.ts";

/** Letters with one fingerprint. */
export interface LetterGroup {
  readonly fingerprint: string;
  /** Records, each counted once by its latest attempt. */
  readonly letters: number;
  readonly open: number;
  readonly pending: number;
  readonly node: string;
  readonly code: string;
  /** When it was first and last seen, epoch ms. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** How many of the open and pending ones can be read by the present schema; null where none was looked at. */
  readonly readable: { readonly yes: number; readonly of: number } | null;
  readonly minAttempt: number;
  readonly maxAttempt: number;
}

/** Groups of letters, the largest first. What failed again counts as the letter of its later attempt only. */
export const groupsOf = (
  standings: readonly Standing[],
  isReadable: (standing: Standing) => boolean | undefined = () => undefined,
): readonly LetterGroup[] => {
  const groups = new Map<string, LetterGroup>();
  for (const standing of standings) {
    if (standing.state === "failed-again") continue;
    const { letter, state } = standing;
    const before = groups.get(letter.fingerprint) ?? emptyGroup(standing);
    // What is resolved or discarded needs no schema any more.
    const readable = state === "open" || state === "pending" ? isReadable(standing) : undefined;
    groups.set(letter.fingerprint, {
      ...before,
      letters: before.letters + 1,
      open: before.open + Number(state === "open"),
      pending: before.pending + Number(state === "pending"),
      firstAt: Math.min(before.firstAt, letter.firstAt),
      lastAt: Math.max(before.lastAt, letter.lastAt),
      readable:
        readable === undefined
          ? before.readable
          : { yes: (before.readable?.yes ?? 0) + Number(readable), of: (before.readable?.of ?? 0) + 1 },
      minAttempt: Math.min(before.minAttempt, letter.attempt),
      maxAttempt: Math.max(before.maxAttempt, letter.attempt),
    });
  }
  return [...groups.values()].toSorted((a, b) => b.open - a.open || b.letters - a.letters);
};

const emptyGroup = ({ letter }: Standing): LetterGroup => ({
  fingerprint: letter.fingerprint,
  letters: 0,
  open: 0,
  pending: 0,
  node: letter.node,
  code: letter.code,
  firstAt: Number.POSITIVE_INFINITY,
  lastAt: Number.NEGATIVE_INFINITY,
  readable: null,
  minAttempt: letter.attempt,
  maxAttempt: letter.attempt,
});
