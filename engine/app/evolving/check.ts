/** What `schema check` finds out about a subject, from the versions in the repository and, unless it is offline, the registry. */
import type { AvroJson } from "../../avro/avro.ts";
import { adviceOf } from "../../evolution/advice.ts";
import type { History } from "../../evolution/history.ts";
import type { Judging, Trouble } from "../../evolution/look.ts";
import { isSameSchema, judge, type Verdict, type Version } from "../../evolution/rules.ts";
import type { AppSubject } from "./subjects.ts";

/** What was found out about a subject. */
export interface CheckedSubject {
  readonly verdict: Verdict;
  /** What to roll out first, in words; undefined where there is nothing to roll out. */
  readonly advice: string | undefined;
  readonly troubles: readonly Trouble[];
  /** The registry's opinion; absent offline. */
  readonly registry?: "new" | "agrees" | "DISAGREES";
  /** Of the last records, and of dead letters: how many are read by the declared schema; absent where none were looked at. */
  readonly sampled?: Readable;
  readonly letters?: Readable;
  /** The file of the version that a finding is best shown beside. */
  readonly file?: string;
}

/** How many of some records can be read. */
export interface Readable {
  readonly readable: number;
  readonly of: number;
}

/** Whether it stops. */
export const isStopped = ({ verdict, troubles }: CheckedSubject): boolean => verdict.refused || troubles.length > 0;

/** Checks a subject by the versions in the repository alone. @throws BadHistory */
export const checkOffline = async (
  subject: AppSubject,
  history: History,
  judging: Judging,
): Promise<CheckedSubject> => {
  const versions = await history.versions(subject.subject);
  const verdict = judge(subject, versions, judging);
  const last = versions.at(-1);
  return {
    verdict,
    advice: adviceOf(verdict, subject.users),
    troubles: verdict.refused || isRecorded(last, subject.avro) ? [] : [notRecorded(subject.subject, last)],
    file: history.file(subject.subject, last?.number ?? 1),
  };
};

const isRecorded = (last: Version | undefined, avro: AvroJson): boolean =>
  last !== undefined && isSameSchema(last.avro, avro);

// A version that is not in the repository is one that the next change is not compared with.
const notRecorded = (subject: string, last: Version | undefined): Trouble => ({
  code: "NOT_RECORDED",
  text: `what is declared is ${last === undefined ? "in no version" : `not v${last.number}, the last one,`} of the repository`,
  fix: `sluice schema evolve ${subject} --reason "..." (with --offline where the registry is out of reach)`,
});
