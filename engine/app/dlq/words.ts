/** Letters, groups, plans and jobs as people read them, in 100 columns, and as programs do. Pure. */
import { idText, originKey } from "../../dlq/letters/letter.ts";
import type { LetterGroup } from "../../dlq/letters/group.ts";
import type { Standing } from "../../dlq/letters/state.ts";
import { count, formatTable } from "../cli.ts";

/** How long ago, in one unit: `3 d ago`. */
export const agoText = (at: number, now: number): string => {
  const seconds = Math.max(0, Math.floor((now - at) / 1_000));
  const [size, unit] = [[86_400, "d"] as const, [3_600, "h"] as const, [60, "min"] as const].find(
    ([length]) => seconds >= length,
  ) ?? [1, "s"];
  return `${Math.floor(seconds / size)} ${unit} ago`;
};

/** How long something takes, in one or two units. */
export const tookText = (ms: number): string => {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

/**
 * A text of a record on one line of a terminal: whoever may write a record must not move its operator's cursor, colour the
 * screen, begin a line of their own or turn the direction of what is read.
 */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is taken out
  text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, "·");

/** A text in so many columns, {@link printable}; what is cut off is replaced by an ellipsis. */
export const cell = (text: string, columns: number): string => {
  const shown = printable(text);
  return shown.length <= columns ? shown : `${shown.slice(0, columns - 1)}…`;
};

/** This much of a fingerprint is mostly unique. */
export const shortFingerprint = (fingerprint: string): string => fingerprint.slice(0, 8);

/** A text as one word of a shell: a next command is copied and run, and what it names may have been written by anybody. */
export const shellWord = (text: string): string =>
  /^[\w./:@-][\w./:@#-]*$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** Letters as a table. */
export const letterTable = (standings: readonly Standing[], now: number): string =>
  formatTable(
    ["id", "state", "attempt", "node", "code", "last", "key"],
    standings.map(({ letter, state }) => [
      printable(idText(letter.origin)),
      state,
      String(letter.attempt),
      cell(letter.node, 16),
      cell(letter.code, 18),
      agoText(letter.lastAt, now),
      cell(letter.key ?? "null", 10),
    ]),
    { right: ["attempt"] },
  );

/** Groups as a table. */
export const groupTable = (groups: readonly LetterGroup[], now: number): string =>
  formatTable(
    ["fingerprint", "letters", "open", "node", "code", "first", "last", "readable", "attempts"],
    groups.map((group) => [
      printable(shortFingerprint(group.fingerprint)),
      count(group.letters),
      count(group.open),
      cell(group.node, 12),
      cell(group.code, 17),
      agoText(group.firstAt, now),
      agoText(group.lastAt, now),
      readableText(group.readable),
      group.minAttempt === group.maxAttempt ? String(group.minAttempt) : `${group.minAttempt}-${group.maxAttempt}`,
    ]),
    { right: ["letters", "open", "readable"] },
  );

const readableText = (readable: LetterGroup["readable"]): string => {
  if (readable === null) return "?";
  // Never 100 % where one cannot be read, never 0 % where one can.
  const percent = Math.floor((readable.yes * 100) / readable.of);
  return `${readable.yes > 0 ? Math.max(1, percent) : 0} %`;
};

/** A letter for programs: offsets as texts, because they may be over 2^53. */
export const letterJson = ({ letter, state, copies, retries }: Standing) => {
  const { place, origin, ...rest } = letter;
  return {
    id: idText(origin),
    state,
    ...rest,
    origin: { ...origin, offset: String(origin.offset) },
    place: { ...place, offset: String(place.offset) },
    copies,
    retries: retries.map((retry) => ({
      job: retry.job,
      partition: retry.place.partition,
      offset: String(retry.place.offset),
    })),
  };
};

/** Equal for attempts of one record. */
export const recordOf = (standing: Standing): string => originKey(standing.letter.origin);
