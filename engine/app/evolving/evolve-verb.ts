/** `sluice schema evolve`: makes the declared schemas of the named subjects their next versions. */
import { consider, type Considered, evolve, type Evolved } from "../../evolution/evolve.ts";
import { adviceOf } from "../../evolution/advice.ts";
import type { History } from "../../evolution/history.ts";
import { isRefused } from "../../evolution/rules.ts";
import type { ApplyLock } from "../../deploy/deployments.ts";
import {
  CliError,
  describeError,
  environment,
  exitCodes,
  jsonDocument,
  nextText,
  note,
  print,
  printJson,
} from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App } from "../define-app.ts";
import { actorOf, hostOf, openDeployments } from "../deploying/open.ts";
import { loadConfig } from "../process/process.ts";
import { checkOffline, checkOnline, isStopped } from "./check.ts";
import { type SchemaPorts, withSchemaPorts } from "./open.ts";
import { checkDocument, checkLines, nextAfterCheck } from "./show-check.ts";
import { type AppSubject, historyOf, judgingOf, subjectsOfApp } from "./subjects.ts";

/** Options of `evolve`. */
export interface EvolveOptions {
  readonly reason: string;
  readonly actor?: string;
  readonly offline?: boolean;
  readonly json?: boolean;
  /** ms */
  readonly lockTimeout: number;
}

/** `evolve`. Exit code 4 where a subject is refused: nothing is changed then; 5 where somebody else is at work. */
export const evolveVerb = async <Config extends EngineConfig>(
  app: App<Config>,
  wanted: readonly string[],
  options: EvolveOptions,
): Promise<void> => {
  const subjects = subjectsOfApp(app, wanted);
  const history = app.schemas === undefined ? undefined : historyOf(app);
  if (options.offline === true) return evolveOffline(subjects, history ?? historyOf(app), app, options);
  const config = await loadConfig(app);
  const { deployments, close } = await openDeployments(app, config);
  try {
    // The audit log is one of the tables.
    if ((await deployments.pendingMigrations()).length > 0)
      throw new CliError("nothing is deployed here yet, and the tables of the audit log are missing", {
        code: "NOT_DEPLOYED",
        exitCode: exitCodes.refused,
        fix: "Next: sluice topology apply, which registers schemas too; sluice schema evolve --offline writes them down",
      });
    const done = await deployments.locked(options.lockTimeout, (lock) =>
      withSchemaPorts(config, (ports) => evolveLocked({ app, subjects, history, lock, ports, options })),
    );
    if (done === undefined) throw busy();
  } finally {
    await close();
  }
};

const busy = (): CliError =>
  new CliError("an apply or another evolution is at work; nothing was changed", {
    code: "APPLY_BUSY",
    exitCode: exitCodes.conflict,
    fix: "Next: sluice topology log",
  });

interface Evolving<Config extends EngineConfig> {
  readonly app: App<Config>;
  readonly subjects: readonly AppSubject[];
  readonly history: History | undefined;
  readonly lock: ApplyLock;
  readonly ports: SchemaPorts;
  readonly options: EvolveOptions;
}

const evolveLocked = async <Config extends EngineConfig>(evolving: Evolving<Config>): Promise<void> => {
  const { app, subjects, history, lock, ports, options } = evolving;
  const judging = judgingOf(app);
  const checked = [];
  for (const subject of subjects) checked.push(await checkOnline(subject, ports, judging));
  const kept = history === undefined ? {} : { history };
  const all = await consider({ admin: ports.admin, ...kept }, subjects, judging);
  if (checked.some(isStopped) || all.some(({ stopped }) => stopped)) return refuse(checked, all, options);
  const open = all.filter(({ done }) => !done);
  if (open.length === 0) return show([], options);
  const operation = await lock.begin({
    actor: options.actor ?? actorOf(environment()),
    host: hostOf(),
    verb: "schema evolve",
    reason: options.reason,
    document: {
      subjects: open.map(({ declared, look }) => ({ subject: declared.subject, against: look.verdict.against })),
    },
  });
  const evolved: Evolved[] = [];
  try {
    for (const one of open) evolved.push(await evolve({ admin: ports.admin, ...kept, confirm: lock.confirm }, one));
  } catch (error) {
    await lock.end(operation, describeError(error).code).catch(() => {});
    throw error;
  }
  const conflicts = evolved.filter(({ kind }) => kind === "conflict");
  await lock.end(operation, conflicts.length === 0 ? "evolved" : "VERSION_CONFLICT");
  show(evolved, options);
  for (const { declared, look } of open) {
    const users = subjects.find(({ subject }) => subject === declared.subject)?.users;
    const advice = users && adviceOf(look.verdict, users);
    if (advice !== undefined) note(`${declared.subject}: ${advice}`);
  }
};

const refuse = (
  checked: Parameters<typeof checkLines>[0],
  all: readonly Considered[],
  { json }: EvolveOptions,
): void => {
  process.exitCode = exitCodes.refused;
  if (json === true) {
    printJson({ ...checkDocument(checked), kind: "schema.evolve", status: "failed" });
    return;
  }
  for (const line of checkLines(checked)) note(line);
  for (const { declared, recorded } of all)
    for (const { rule, path, reason, against } of recorded?.findings.filter(isRefused) ?? [])
      note(`${declared.subject}, versions ${against.join(", ")} of the repository: ${rule} ${path}: ${reason}`);
  note("Nothing was changed.");
  for (const next of nextAfterCheck(checked)) note(nextText([next]));
};

const show = (evolved: readonly Evolved[], { json }: EvolveOptions): void => {
  const conflicts = evolved.filter((one) => one.kind === "conflict");
  if (conflicts.length > 0) process.exitCode = exitCodes.conflict;
  const next = [conflicts.length > 0 ? "sluice schema check" : "sluice topology apply"];
  if (json === true) {
    const errors = conflicts.map((one) => ({ code: "VERSION_CONFLICT", message: textOf(one) }));
    printJson(jsonDocument("schema.evolve", evolved, { status: errors.length > 0 ? "failed" : "ok", errors, next }));
    return;
  }
  for (const one of evolved) print(textOf(one));
  if (evolved.length === 0) print("Nothing to change.");
  print(nextText(next));
};

const textOf = (one: Evolved): string => {
  if (one.kind === "conflict")
    return `${one.subject}: v${one.version} is registered, and ${one.others.map((other) => `v${other}`).join(", ")} came from somebody else meanwhile; not written down`;
  const how = one.registered ? "registered" : "was there";
  return `${one.subject}: v${one.version} (id ${one.id}) ${how}${one.recorded === null ? "" : `, version ${one.recorded} of the repository`}`;
};

/** Only the repository, where the registry is out of reach: `topology apply` registers later. */
const evolveOffline = async <Config extends EngineConfig>(
  subjects: readonly AppSubject[],
  history: History,
  app: App<Config>,
  options: EvolveOptions,
): Promise<void> => {
  const checked = [];
  for (const subject of subjects) checked.push(await checkOffline(subject, history, judgingOf(app)));
  if (checked.some(({ verdict }) => verdict.refused)) return refuse(checked, [], options);
  const written = [];
  for (const { subject, avro } of subjects) written.push({ subject, recorded: await history.append(subject, avro) });
  const next = ["sluice schema check --offline"];
  if (options.json === true) return printJson(jsonDocument("schema.evolve", written, { next }));
  for (const { subject, recorded } of written) print(`${subject}: version ${recorded} of the repository`);
  print(nextText(next));
};
