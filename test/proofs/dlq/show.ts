/** The report of a proof of replays, as tables in Markdown. */
import { print } from "../../../engine/app/cli.ts";
import type { Claim, KindJudged } from "./judge.ts";
import type { TopologyName } from "./kinds.ts";
import type { Replayed } from "./replaying.ts";

/** What was found. */
export interface Report {
  readonly letters: number;
  readonly replays: readonly Replayed[];
  readonly kinds: readonly KindJudged[];
  readonly claims: readonly Claim[];
  /** What killed workers had done and not committed: done again, without an effect. */
  readonly again: { readonly letterCopies: number; readonly requestsRepeated: number };
  /** `sluice dlq groups` of each topology. */
  readonly groups: readonly { readonly topology: TopologyName; readonly tookMs: number; readonly peakMb: number }[];
  /** How long each part of the proof took. */
  readonly tookMs: Readonly<Record<string, number>>;
  readonly held: boolean;
}

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): void => {
  for (const row of [head, head.map(() => "---"), ...rows]) print(`| ${row.join(" | ")} |`);
  print("");
};

/** Prints it. */
export const showReport = ({ letters, replays, kinds, claims, again, groups, tookMs, held }: Report): void => {
  print(`## ${letters} letters replayed\n`);
  table(
    [
      ...["topology", "runners killed", "before their job", "workers killed", "sent", "resolved", "failed again"],
      ...["pending", "copies", "s"],
    ],
    replays.map((one) => [
      ...[one.topology, one.runnersKilled, one.killedBeforeTheirJob, one.workersKilled, one.sent, one.resolved],
      ...[one.failedAgain, one.pending, one.copies, Math.round(one.tookMs / 1_000)],
    ]),
  );
  print("## What became of each record\n");
  table(
    ["topology", "kind", "states of its attempts", "records", "as planned"],
    kinds.map(({ topology, kind, states, expected, got, examples }) => [
      ...[topology, kind, states, expected],
      got === expected ? "all" : `${got}: ${examples.join("; ")}`,
    ]),
  );
  print("## Claims\n");
  table(
    ["claim", "expected", "found", "held"],
    claims.map(({ claim, expected, got, held: isHeld, examples }) => [
      ...[claim, expected, got],
      isHeld ? "yes" : `NO ${examples.join("; ")}`,
    ]),
  );
  print(
    `Done again after kills, without an effect: ${again.letterCopies} letter(s), ${again.requestsRepeated} request(s) to the platform.\n`,
  );
  table(
    ["sluice dlq groups", "ms", "peak RSS, MB"],
    groups.map((one) => [one.topology, one.tookMs, one.peakMb]),
  );
  table(["step", "ms"], Object.entries(tookMs));
  print(held ? "Everything held." : "NOT everything held.");
};
