/** Looks at a subject in a registry beside what is declared: both verdicts, level, mode, and what of it stops a new version. */
import type { AvroJson } from "../avro/avro.ts";
import { raisedLevel, subjectLevel } from "../registry/register.ts";
import type { RegisteredVersion, RegistryAdmin } from "../registry/admin.ts";
import { type Allowance, type DeclaredSubject, isRefused, judge, type Verdict } from "./rules.ts";

/** What stops a schema beside the findings of its verdict. */
export type TroubleCode =
  | "NOT_RECORDED"
  | "ENGINES_DISAGREE"
  | "MODE_NOT_READWRITE"
  | "OTHER_LEVEL"
  | "NOT_AVRO"
  | "LETTERS_UNREADABLE"
  | "RECORDS_UNREADABLE";

/** One reason for which no version is made. */
export interface Trouble {
  readonly code: TroubleCode;
  readonly text: string;
  /** What to do about it. */
  readonly fix: string;
}

/** What judging needs beside schemas. */
export interface Judging {
  readonly allowances?: readonly Allowance[];
  /** `2026-11-27` */
  readonly today: string;
}

/** A subject in a registry. */
export interface Look {
  readonly versions: readonly RegisteredVersion[];
  /** Where exactly the declared text is; null where it is in no version. */
  readonly registered: { readonly version: number; readonly id: number } | null;
  /** Null where none was set for it. */
  readonly level: string | null;
  /** Null where the registry knows no modes. */
  readonly mode: string | null;
  /** Ours. Its versions have the registry's numbers. */
  readonly verdict: Verdict;
  /** The registry's: every version could be read; null where there was nothing to ask. */
  readonly registryAgrees: boolean | null;
  readonly troubles: readonly Trouble[];
}

/** Looks; one request after another, because a cold registry answers one best. @throws RegistryUnavailable */
export const lookAt = async (admin: RegistryAdmin, declared: DeclaredSubject, judging: Judging): Promise<Look> => {
  const { subject, avro } = declared;
  const versions: RegisteredVersion[] = [];
  for (const number of await admin.versions(subject)) {
    const version = await admin.version(subject, number);
    if (version !== undefined) versions.push(version);
  }
  const level = await admin.level(subject);
  const mode = await admin.mode(subject);
  const registered = versions.length === 0 ? null : ((await admin.lookup(subject, avro)) ?? null);
  const readable = versions.flatMap(({ version, avro: old }) =>
    old === undefined ? [] : [{ number: version, avro: old }],
  );
  const verdict = judge(declared, readable, judging);
  const asked = registered === null && isOurLevel(level);
  const opinions = asked ? await opinionsOf(admin, { subject, avro, versions }) : [];
  return {
    ...{ versions, registered, level, mode, verdict },
    registryAgrees: opinions.length === 0 ? null : disagreements(opinions, verdict).length === 0,
    troubles: [
      ...levelTroubles(subject, level),
      ...modeTroubles(subject, mode),
      ...kindTroubles(versions),
      ...disagreementTroubles(disagreements(opinions, verdict)),
    ],
  };
};

/** A subject as a deployment sees it. */
export interface SubjectState {
  /** Its latest version; null where it has none. */
  readonly latest: number | null;
  /** The schema is one of its versions, text for text. */
  readonly registered: boolean;
  /** Whether nothing stops the schema: every version can be read, both engines say so, and the registry would take it. */
  readonly compatible: boolean;
  /** The compatibility level that was set for it; null where none was. */
  readonly level: string | null;
  /** Why it is not compatible, in words. */
  readonly why?: string;
}

/** A {@link Look} in short. A level that is not ours is the deployment's own matter. */
export const stateOf = ({ versions, registered, level, verdict, troubles }: Look): SubjectState => {
  const reasons = [
    ...verdict.findings.filter(isRefused).map(({ rule, path, reason }) => `${rule} ${path}: ${reason}`),
    ...troubles.filter(({ code }) => code !== "OTHER_LEVEL").map(({ text }) => text),
  ];
  const compatible = registered !== null || reasons.length === 0;
  return {
    latest: versions.at(-1)?.version ?? null,
    registered: registered !== null,
    compatible,
    level,
    ...(compatible ? {} : { why: reasons.join("; ") }),
  };
};

const isOurLevel = (level: string | null): boolean => level === null || level === subjectLevel || level === raisedLevel;

const levelTroubles = (subject: string, level: string | null): readonly Trouble[] =>
  isOurLevel(level)
    ? []
    : [
        {
          code: "OTHER_LEVEL",
          text: `its level is ${level}, expected ${subjectLevel}`,
          fix: `Set the level of ${subject} to ${subjectLevel} in the registry.`,
        },
      ];

// Read here because not every registry acts on it.
const modeTroubles = (subject: string, mode: string | null): readonly Trouble[] =>
  mode === null || mode === "READWRITE"
    ? []
    : [
        {
          code: "MODE_NOT_READWRITE",
          text: `its mode is ${mode}`,
          fix: `Set the mode of ${subject} to READWRITE in the registry.`,
        },
      ];

const kindTroubles = (versions: readonly RegisteredVersion[]): readonly Trouble[] => {
  const others = versions.filter(({ avro }) => avro === undefined).map(({ version }) => `v${version}`);
  return others.length === 0
    ? []
    : [
        {
          code: "NOT_AVRO",
          text: `${others.join(", ")} is no Avro that can be read`,
          fix: "Find out who registered it; what it wrote cannot be read here. Declare the topic under another name.",
        },
      ];
};

interface Opinion {
  readonly version: number;
  readonly isCompatible: boolean;
}

const opinionsOf = async (
  admin: RegistryAdmin,
  {
    subject,
    avro,
    versions,
  }: { readonly subject: string; readonly avro: AvroJson; readonly versions: readonly RegisteredVersion[] },
): Promise<readonly Opinion[]> => {
  const opinions: Opinion[] = [];
  for (const { version, avro: old } of versions) {
    const isCompatible = old === undefined ? undefined : await admin.isCompatible(subject, version, avro);
    if (isCompatible !== undefined) opinions.push({ version, isCompatible });
  }
  return opinions;
};

interface Disagreement extends Opinion {
  readonly ours: string;
}

/** Only breaks: a registry knows nothing of a change of meaning. */
const disagreements = (opinions: readonly Opinion[], { findings }: Verdict): readonly Disagreement[] =>
  opinions.flatMap((opinion) => {
    const breaks = findings.filter(
      ({ direction, severity, against }) =>
        direction === "newReadsOld" && severity === "break" && against.includes(opinion.version),
    );
    if ((breaks.length === 0) === opinion.isCompatible) return [];
    const ours = breaks.map(({ rule, path }) => `${rule} ${path}`).join(", ");
    return [{ ...opinion, ours: ours === "" ? "compatible" : ours }];
  });

const disagreementTroubles = (all: readonly Disagreement[]): readonly Trouble[] =>
  all.map(({ version, isCompatible, ours }) => ({
    code: "ENGINES_DISAGREE",
    text: `of v${version} the registry says ${isCompatible ? "compatible" : "incompatible"}, this engine says ${ours}`,
    fix: "See docs/schemas.md, Where engines disagree; make a change that both can read.",
  }));
