/** The verbs of `sluice schema` that only look: diff and status. */
import { diffOf } from "../../evolution/diff.ts";
import { isSameSchema, type Version } from "../../evolution/rules.ts";
import { type Look, lookAt } from "../../evolution/look.ts";
import { CliError, exitCodes, formatTable, jsonDocument, nextText, print, printJson } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App } from "../define-app.ts";
import { loadConfig } from "../process/process.ts";
import { withSchemaPorts } from "./open.ts";
import { againstText } from "./show-check.ts";
import { type AppSubject, historyOf, judgingOf, subjectsOfApp } from "./subjects.ts";

/** Options of `diff`. */
export interface DiffOptions {
  readonly from?: number;
  readonly to?: number;
  readonly offline?: boolean;
  readonly json?: boolean;
}

/** `diff`: what differs, in words. */
export const diffVerb = async <Config extends EngineConfig>(
  app: App<Config>,
  name: string,
  { from, to, offline = false, json = false }: DiffOptions,
): Promise<void> => {
  const [subject] = subjectsOfApp(app, [name]);
  if (subject === undefined) throw new RangeError("a subject was named");
  const versions = offline ? await historyOf(app).versions(name) : await registeredVersions(app, subject);
  const older = from === undefined ? versions.at(-1) : versionOf(versions, from, name);
  if (older === undefined) throw noVersion(name, "none at all");
  const newer = to === undefined ? { number: 0, avro: subject.avro } : versionOf(versions, to, name);
  const lines = diffOf(older.avro, newer.avro);
  const label = to === undefined ? "declared" : `v${to}`;
  const next = ["sluice schema check"];
  if (json)
    return printJson(
      jsonDocument("schema.diff", { subject: name, from: older.number, to: to ?? null, changes: lines }, { next }),
    );
  print(`${name}  v${older.number} -> ${label}`);
  for (const line of lines) print(`  ${line}`);
  if (lines.length === 0) print("  no difference");
  print(nextText(next));
};

const registeredVersions = async <Config extends EngineConfig>(
  app: App<Config>,
  subject: AppSubject,
): Promise<readonly Version[]> => {
  const { versions } = await withSchemaPorts(await loadConfig(app), ({ admin }) =>
    lookAt(admin, subject, judgingOf(app)),
  );
  return versions.flatMap(({ version, avro }) => (avro === undefined ? [] : [{ number: version, avro }]));
};

const versionOf = (versions: readonly Version[], wanted: number, subject: string): Version => {
  const found = versions.find(({ number }) => number === wanted);
  if (found === undefined)
    throw noVersion(subject, `those there are: ${againstText(versions.map(({ number }) => number))}`);
  return found;
};

const noVersion = (subject: string, there: string): CliError =>
  new CliError(`${subject} has no such version that is Avro (${there})`, {
    code: "NO_VERSION",
    exitCode: exitCodes.usage,
    fix: "Next: sluice schema status",
  });

/** `status`: every declared subject. Exit code 3 where something differs from what is declared. */
export const statusVerb = async <Config extends EngineConfig>(
  app: App<Config>,
  { json = false }: { readonly json?: boolean },
): Promise<void> => {
  const rows = await subjectStatuses(app, await loadConfig(app));
  const pending = rows.filter(({ isDeclared }) => !isDeclared).map(({ subject }) => subject);
  const next = [pending.length === 0 ? "sluice topology status" : "sluice schema check"];
  if (pending.length > 0) process.exitCode = exitCodes.pending;
  if (json) return printJson(jsonDocument("schema.status", rows, { next }));
  const head = ["subject", "versions", "ids", "level", "mode", "declared", "repository", "read by", "written by"];
  print(formatTable(head, rows.map(rowOf)));
  print(nextText(next));
};

/** Every declared subject as the registry and the repository have it. @throws RegistryUnavailable */
export const subjectStatuses = async <Config extends EngineConfig>(
  app: App<Config>,
  config: Config,
): Promise<readonly SubjectStatus[]> => {
  const history = app.schemas === undefined ? undefined : historyOf(app);
  const rows: SubjectStatus[] = [];
  await withSchemaPorts(config, async ({ admin }) => {
    for (const subject of subjectsOfApp(app, [])) {
      const recorded = await history?.versions(subject.subject);
      rows.push(statusOf(subject, await lookAt(admin, subject, judgingOf(app)), recorded));
    }
  });
  return rows;
};

/** A declared subject: its versions, and who reads and writes it. */
export interface SubjectStatus {
  readonly subject: string;
  readonly versions: readonly number[];
  readonly ids: readonly number[];
  readonly level: string | null;
  readonly mode: string | null;
  /** The version that is declared; null where it is none. */
  readonly declaredAs: number | null;
  /** What is declared is registered. */
  readonly isDeclared: boolean;
  /** The last version of the repository, and whether it is what is declared; null where none are kept. */
  readonly recorded: { readonly version: number; readonly isDeclared: boolean } | null;
  readonly readers: readonly string[];
  readonly writers: readonly string[];
}

const statusOf = (
  { subject, avro, users }: AppSubject,
  { versions, registered, level, mode }: Look,
  recorded: readonly Version[] | undefined,
): SubjectStatus => {
  const last = recorded?.at(-1);
  return {
    subject,
    versions: versions.map(({ version }) => version),
    ids: versions.map(({ id }) => id),
    ...{ level, mode },
    declaredAs: registered?.version ?? null,
    isDeclared: registered !== null,
    recorded: last === undefined ? null : { version: last.number, isDeclared: isSameSchema(last.avro, avro) },
    readers: users.readers,
    writers: users.writers,
  };
};

const rowOf = (row: SubjectStatus): readonly string[] => [
  row.subject,
  againstText(row.versions),
  row.ids.join(","),
  row.level ?? "not set",
  row.mode ?? "?",
  row.declaredAs === null ? "NOT YET" : `v${row.declaredAs}`,
  row.recorded === null ? "-" : `${row.recorded.version}${row.recorded.isDeclared ? "" : ", BEHIND"}`,
  row.readers.join(", ") || "-",
  row.writers.join(", ") || "-",
];
