/** A story for a terminal of 100 columns. Pure but for colours. */
import { paint } from "../../engine/app/cli.ts";
import { printable } from "../../engine/app/dlq/words.ts";
import { wrapText } from "../../engine/svg/text-width.ts";
import type { Moment, Story } from "./story.ts";

/** Columns: of a time, of what happened, and of everything else beside them. */
const [timeColumns, whatColumns, textColumns] = [24, 11, 61] as const;
const lineColumns = 97;

/** The story's lines. */
export const showStory = ({ subject, moments, contradictions, pending, unknown }: Story): string =>
  [
    paint("bold", `${subject.kind} ${printable(subject.id)}`),
    ...moments.flatMap(showMoment),
    ...contradictions.flatMap((text) => sentence(paint("red", "CONTRADICTION"), 13, text)),
    ...pending.flatMap((text) => sentence(paint("yellow", "PENDING"), 7, text)),
    ...unknown.flatMap((text) => sentence("NOT KNOWN", 9, text)),
    ...(contradictions.length + pending.length + unknown.length === 0 ? [paint("green", "everything agrees")] : []),
  ].join("\n");

const showMoment = ({ at, what, text, from }: Moment): readonly string[] => {
  const [first = "", ...more] = wrapText(printable(text), textColumns);
  const head = [(at === undefined ? "" : new Date(at).toISOString()).padEnd(timeColumns), what.padEnd(whatColumns)];
  const indent = " ".repeat(timeColumns + whatColumns + 4);
  const source = wrapText(`from ${printable(from)}`, textColumns);
  return [
    `${head.join("  ")}  ${first}`,
    ...more.map((line) => indent + line),
    ...source.map((line) => indent + paint("dim", line)),
  ];
};

const sentence = (word: string, width: number, text: string): readonly string[] => {
  const [first = "", ...more] = wrapText(printable(text), lineColumns - width);
  return [`${word}  ${first}`, ...more.map((line) => `${" ".repeat(width + 2)}${line}`)];
};
