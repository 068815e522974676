/** The report of `npm run proofs -- evolve` as Markdown. */
import type { EvolveReport } from "./main.ts";

type Cells = readonly (string | number)[];

const table = (head: readonly string[], rows: readonly Cells[]): readonly string[] => [
  ...[head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`),
  "",
];

const exit = ({ exitCode, expected }: { readonly exitCode: number; readonly expected: number }): string =>
  exitCode === expected ? String(exitCode) : `${exitCode}, EXPECTED ${expected}`;

const inWords = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([what, n]) => `${what}: ${n}`)
    .join("; ");

/** Lines of the report. */
export const showEvolve = ({ evolutions, refused, held }: EvolveReport): readonly string[] => [
  ...["## An optional field under load", ""],
  ...table(
    [
      "first",
      "s",
      "accepted",
      "in the topic",
      "with a verdict",
      "issued",
      "refused",
      "turned away",
      "no answer",
      "dead letters",
      "records",
    ],
    evolutions.map(({ first, seconds, accepted, inTopic, withVerdict, replies, deadLetters, records }) => [
      ...[first, seconds, accepted, inTopic, withVerdict, replies.issued, replies.refused],
      ...[replies.turnedAway, replies.unanswered, deadLetters],
      inWords(records),
    ]),
  ),
  ...["## Side by side", ""],
  ...table(
    ["first", "APIs", "workers", "accepted", "decided", "in rounds of", "slowest verdict, ms"],
    evolutions.flatMap(({ first, phases }) =>
      phases.map(({ apis, workers, accepted, decided, byRelease, slowestMs }) => [
        first,
        apis,
        workers,
        accepted,
        decided,
        inWords(byRelease),
        slowestMs,
      ]),
    ),
  ),
  ...["## Commands of the new release", ""],
  ...table(
    ["first", "command", "exit", "ms"],
    evolutions.flatMap(({ first, commands }) =>
      commands.map((one) => [first, `\`sluice ${one.command}\``, exit(one), one.tookMs]),
    ),
  ),
  ...["## Refused", ""],
  ...table(
    ["change", "command", "exit", "registry"],
    refused.flatMap(({ what, ran, unchanged }) =>
      ran.map((one) => [
        what,
        `\`sluice ${one.command}\``,
        exit({ ...one, expected: 4 }),
        unchanged ? "byte-equal" : "CHANGED",
      ]),
    ),
  ),
  held ? "Everything held." : "NOT everything held.",
];
