/** What `schema check` finds out about a subject, from the versions in the repository and, unless it is offline, the registry. */
import type { AvroJson } from "../../avro/avro.ts";
import { adviceOf } from "../../evolution/advice.ts";
import type { History } from "../../evolution/history.ts";
import type { Judging, Trouble } from "../../evolution/look.ts";
import { type Look, lookAt } from "../../evolution/look.ts";
import type { RegistryAdmin } from "../../registry/admin.ts";
import { deadLetterTopic } from "../../worker/round/dead-letter.ts";
import { deadLetterPrefix } from "../../worker/round/letter-headers.ts";
import { sampleOf, type Sampled, type SampleReader } from "./sample.ts";
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

/** What an online check asks. */
export interface Online {
  readonly admin: RegistryAdmin;
  /** Opened where records are read: of a subject whose schema is new, or where a sample was asked for. */
  readonly reader: () => Promise<SampleReader>;
  /** Records of each topic, the newest. */
  readonly sample?: number;
}

/** Checks a subject by the registry, its dead letters and its records. Changes nothing. @throws RegistryUnavailable @throws Unavailable */
export const checkOnline = async (
  subject: AppSubject,
  { admin, reader, sample }: Online,
  judging: Judging,
): Promise<CheckedSubject> => {
  const look = await lookAt(admin, subject, judging);
  const before = look.versions.findLast(({ avro }) => avro !== undefined)?.avro;
  const isCandidate = look.registered === null && before !== undefined;
  const { topic, readers } = subject.users;
  const about = { source: topic, before: before ?? subject.avro, after: subject.avro };
  const letters = isCandidate || sample !== undefined ? await lettersOf(await reader(), readers, about) : undefined;
  const sampled = sample === undefined ? undefined : await sampleOf(await reader(), { ...about, topic, last: sample });
  return {
    verdict: look.verdict,
    advice: adviceOf(look.verdict, subject.users),
    troubles: [
      ...look.troubles,
      ...strandedTrouble("LETTERS_UNREADABLE", "dead letters", letters),
      ...strandedTrouble("RECORDS_UNREADABLE", "of the last records", sampled),
    ],
    registry: registryWord(look),
    ...(letters === undefined ? {} : { letters }),
    ...(sampled === undefined ? {} : { sampled }),
  };
};

const registryWord = ({ versions, registryAgrees }: Look): "new" | "agrees" | "DISAGREES" => {
  if (versions.length === 0) return "new";
  return registryAgrees === false ? "DISAGREES" : "agrees";
};

/** Dead letters of every topology that reads the topic; letters of its other topics are passed over. */
const lettersOf = async (
  reader: SampleReader,
  readers: readonly string[],
  about: { readonly source: string; readonly before: AvroJson; readonly after: AvroJson },
): Promise<Sampled> => {
  const sum = { readable: 0, of: 0, stranded: 0 };
  for (const name of readers) {
    const counts = ({ headers }: { readonly headers: Readonly<Record<string, unknown>> }) =>
      String(headers[`${deadLetterPrefix}topic`]) === about.source;
    const one = await sampleOf(reader, { ...about, topic: deadLetterTopic(name), counts });
    sum.readable += one.readable;
    sum.of += one.of;
    sum.stranded += one.stranded;
  }
  return sum;
};

const strandedTrouble = (code: Trouble["code"], what: string, sampled: Sampled | undefined): readonly Trouble[] =>
  sampled === undefined || sampled.stranded === 0
    ? []
    : [
        {
          code,
          text: `${sampled.stranded} ${what} are readable now and would not be`,
          fix: "Give the fields they have a place or a default, or replay or discard those letters first.",
        },
      ];
