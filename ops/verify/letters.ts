/** What dead letters and replays mean to the verifier: which records wait for somebody, and which were decided at another time. */
import type { Letter } from "../../engine/dlq/letters/letter.ts";
import { attemptKey } from "../../engine/dlq/letters/letter.ts";
import type { DlqPorts, LettersOf } from "../../engine/dlq/ports.ts";
import type { LetterDecoder } from "../../engine/dlq/read/decode.ts";
import { readStandings, type StandingsRead } from "../../engine/dlq/read/read-standings.ts";
import type { Check } from "../../engine/app/verify/verification.ts";
import { check } from "./claim.ts";

/** Letters of a topology, by the ids of their records. */
export interface LetterFacts<Id extends string = string> {
  /** Records whose letter is open, or was replayed and is not decided yet. */
  readonly waiting: ReadonlySet<Id>;
  /** Records that somebody decided to leave where they are. */
  readonly discarded: ReadonlySet<Id>;
  /** Records that were ever replayed: their place in the order was their replay. */
  readonly replayed: ReadonlySet<Id>;
  /** How many letters are open and pending, those included whose record has no id. */
  readonly open: number;
  readonly pending: number;
  readonly retries: number;
  /** Retry records beside the first of an attempt: an append that was not answered, and took effect after all. */
  readonly copies: number;
  /** Retry records that stand for no letter, in words. */
  readonly strays: readonly string[];
  /** Records of the retry topic that are not ours. */
  readonly strangers: number;
}

/** Without any letter. */
export const noLetters: LetterFacts<never> = {
  waiting: new Set(),
  discarded: new Set(),
  replayed: new Set(),
  open: 0,
  pending: 0,
  retries: 0,
  copies: 0,
  strays: [],
  strangers: 0,
};

/** How a record's id is found: in its value, or, where a letter has lost that, by its place. */
export interface IdOf<Id> {
  readonly ofValue: (value: unknown) => Id;
  readonly atPlace: (partition: number, offset: bigint) => Id | undefined;
}

/**
 * The ids of records by their places, for the few letters without their own bytes. Records are sorted by place when the first
 * is asked for: there may be millions of them, and mostly none is.
 */
export const placesOf = <Id extends string>(
  records: Iterable<readonly [Id, { readonly partition: number; readonly offset: bigint }]>,
): IdOf<Id>["atPlace"] => {
  let places: Map<string, Id> | undefined;
  const placesByName = (): Map<string, Id> => {
    const byName = new Map<string, Id>();
    for (const [id, { partition, offset }] of records) {
      const name = `${partition}/${offset}`;
      if (!byName.has(name)) byName.set(name, id);
    }
    return byName;
  };
  return (partition, offset) => {
    places ??= placesByName();
    return places.get(`${partition}/${offset}`);
  };
};

/** What was read of letters; ids are given to it by {@link letterFacts}, when all places are known. */
export interface LettersRead<Id> {
  readonly read: StandingsRead;
  readonly ids: ReadonlyMap<Letter, Id>;
}

/** Reads letters, with the ids in their values. @throws where the registry or the cluster is away */
export const readLetterIds = async <Id extends string>(
  ports: DlqPorts,
  of: LettersOf,
  { decoder, ofValue }: { readonly decoder: LetterDecoder; readonly ofValue: (value: unknown) => Id },
): Promise<LettersRead<Id>> => {
  const ids = new Map<Letter, Id>();
  const read = await readStandings(ports, of, async (letter, { value }) => {
    const reading = await decoder.read(letter.origin.topic, value);
    if (reading.kind === "value") ids.set(letter, ofValue(reading.value));
  });
  return { read, ids };
};

/** Sorts records by what became of their letters. Pure. */
export const letterFacts = <Id extends string>(
  { read, ids }: LettersRead<Id>,
  atPlace: IdOf<Id>["atPlace"],
): LetterFacts<Id> => {
  const [waiting, discarded, replayed] = [new Set<Id>(), new Set<Id>(), new Set<Id>()];
  let [open, pending] = [0, 0];
  const attempts = new Map<string, Id | undefined>();
  for (const { letter, state, retries } of read.standings) {
    const id = ids.get(letter) ?? atPlace(letter.origin.partition, letter.origin.offset);
    attempts.set(attemptKey(letter), id);
    if (state === "open") open += 1;
    if (state === "pending") pending += 1;
    if (id === undefined) continue;
    if (state === "open" || state === "pending") waiting.add(id);
    if (state === "discarded") discarded.add(id);
    if (retries.length > 0) replayed.add(id);
  }
  const seen = new Set<string>();
  const strays: string[] = [];
  let copies = 0;
  for (const retry of read.retries) {
    const key = attemptKey(retry);
    if (seen.has(key)) copies += 1;
    seen.add(key);
    // Letters that were deleted cannot be looked for.
    if (!attempts.has(key) && read.trimmed === 0n)
      strays.push(`${retry.place.topic}/${retry.place.partition}/${retry.place.offset} stands for no letter`);
  }
  const all = { open, pending, retries: read.retries.length, copies, strays, strangers: read.strangers };
  return { waiting, discarded, replayed, ...all };
};

/** Letters of records that lack what they are for wait for somebody. */
export const lettersWait = (waiting: number, looked: number): Check => ({
  claim: "no accepted request waits as a dead letter",
  looked,
  broken: 0,
  pending: waiting,
  examples: [],
});

/** Copies are counted in a warning: they take effect once. */
export const retriesStandForLetters = ({ retries, strays, strangers }: LetterFacts): Check => {
  const name = "record(s) of the retry topic are not ours";
  const foreign = strangers > 0 ? [{ text: `${strangers} ${name}`, name }] : [];
  return check("every retry record stands for a dead letter", retries, [...foreign, ...strays]);
};

/** What is said of letters beside the checks. */
export const letterWarnings = ({ open, copies }: LetterFacts, topology: string): readonly string[] => [
  ...(open > 0 ? [`${open} dead letter(s) of ${topology} are open: sluice dlq groups --topology ${topology}`] : []),
  ...(copies > 0 ? [`${copies} retry record(s) of ${topology} are there twice; each takes effect once`] : []),
];
