/** Which letters are meant: every condition that is given must hold. Pure. */
import { type Letter, originKey, parseId } from "./letter.ts";
import { byOrigin } from "./order.ts";
import type { LetterState, Standing } from "./state.ts";

/** What selects letters; plain JSON, because a plan and a job keep it. */
export interface Selection {
  readonly ids?: readonly string[];
  /** The beginning of a fingerprint; it has to fit one group. */
  readonly fingerprint?: string;
  readonly code?: string;
  readonly node?: string;
  readonly kind?: string;
  readonly key?: string;
  /** Failed last at or after this, epoch ms. */
  readonly since?: number;
  /** Failed last before this, epoch ms. */
  readonly until?: number;
  readonly states?: readonly LetterState[];
  readonly attempt?: { readonly below: number } | { readonly is: number };
  /** At most this many, in the order in which they are replayed. */
  readonly limit?: number;
}

/** A selection that means nothing: exit code 2. */
export class BadSelection extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** True where nothing narrows it: all letters would be meant. */
export const isUnrestricted = ({ states: _, ...conditions }: Selection): boolean =>
  Object.values(conditions).every((condition) => condition === undefined);

/**
 * The letters that are meant, by origin topic, partition and offset: the order in which they are replayed.
 * @throws BadSelection for an id that is none or unknown, a fingerprint that fits none or two groups, and `since` after `until`
 */
export const selectLetters = (standings: readonly Standing[], selection: Selection): readonly Standing[] => {
  refuseContradictions(selection);
  const isMeant = conditionOf(selection, standings);
  const found = standings.filter(isMeant).toSorted((a, b) => byOrigin(a.letter, b.letter));
  return selection.limit === undefined ? found : found.slice(0, selection.limit);
};

const conditionOf = (selection: Selection, standings: readonly Standing[]): ((standing: Standing) => boolean) => {
  const { code, node, kind, key, since, until, states, attempt } = selection;
  const ids = selection.ids === undefined ? undefined : keysOf(selection.ids, standings);
  const fingerprint = selection.fingerprint === undefined ? undefined : fingerprintIn(selection.fingerprint, standings);
  return ({ letter, state }) =>
    (states === undefined || states.includes(state)) &&
    (ids === undefined || ids.has(originKey(letter.origin))) &&
    (fingerprint === undefined || letter.fingerprint === fingerprint) &&
    (code === undefined || letter.code === code) &&
    (node === undefined || letter.node === node) &&
    (kind === undefined || letter.kind === kind) &&
    (key === undefined || letter.key === key) &&
    (since === undefined || letter.lastAt >= since) &&
    (until === undefined || letter.lastAt < until) &&
    (attempt === undefined || ("below" in attempt ? letter.attempt < attempt.below : letter.attempt === attempt.is));
};

const refuseContradictions = ({ since, until }: Selection): void => {
  if (since === undefined || until === undefined || since < until) return;
  const [from, to] = [since, until].map((at) => new Date(at).toISOString());
  throw new BadSelection("SINCE_AFTER_UNTIL", `--since ${from} is not before --until ${to}: no letter can be meant`);
};

/** An id without a timestamp means the letters of every topic of that name. */
const keysOf = (ids: readonly string[], standings: readonly Standing[]): ReadonlySet<string> => {
  const keys = new Set<string>();
  const known = new Map<string, string[]>();
  for (const { letter } of standings) {
    const key = originKey(letter.origin);
    const id = key.slice(0, key.lastIndexOf("@"));
    const same = known.get(id);
    if (same === undefined) known.set(id, [key]);
    else same.push(key);
  }
  for (const text of ids) {
    if (parseId(text) === undefined)
      throw new BadSelection("BAD_LETTER_ID", `${text} is no id: expected <topic>/<partition>/<offset>`);
    const found = (known.get(text.replace(/@\d+$/, "")) ?? []).filter((key) => !text.includes("@") || key === text);
    if (found.length === 0) throw new BadSelection("NO_SUCH_LETTER", `there is no dead letter ${text}`);
    for (const key of found) keys.add(key);
  }
  return keys;
};

/** The one fingerprint that begins so. @throws BadSelection */
const fingerprintIn = (prefix: string, standings: readonly Standing[]): string => {
  const found = new Set<string>();
  for (const { letter } of standings) if (letter.fingerprint.startsWith(prefix)) found.add(letter.fingerprint);
  const [only, ...others] = found;
  if (only === undefined)
    throw new BadSelection("NO_SUCH_FINGERPRINT", `no dead letter has a fingerprint that begins with ${prefix}`);
  if (others.length > 0 && !found.has(prefix)) {
    const names = [...found].slice(0, 5).join(", ");
    throw new BadSelection(
      "AMBIGUOUS_FINGERPRINT",
      `${prefix} is the beginning of ${found.size} fingerprints: ${names}; give more of it`,
    );
  }
  return found.has(prefix) ? prefix : only;
};

/** Whether a letter that came later is of the kind that was meant, whatever else was asked. */
export const isOfKind =
  ({ fingerprint, code, node, kind, key }: Selection) =>
  (letter: Letter): boolean =>
    (fingerprint === undefined || letter.fingerprint.startsWith(fingerprint)) &&
    (code === undefined || letter.code === code) &&
    (node === undefined || letter.node === node) &&
    (kind === undefined || letter.kind === kind) &&
    (key === undefined || letter.key === key);
