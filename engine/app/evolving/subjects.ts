/** The subjects of an application: what it declares for each, who uses it, and where its versions are kept. */
import { subjectOf } from "../../avro/topic.ts";
import { type Users, usersOf } from "../../evolution/advice.ts";
import { folderHistory, type History } from "../../evolution/history.ts";
import type { Judging } from "../../evolution/look.ts";
import type { Allowance, DeclaredSubject } from "../../evolution/rules.ts";
import { CliError, exitCodes } from "../cli.ts";
import type { EngineConfig } from "../config/engine-config.ts";
import type { App } from "../define-app.ts";

/** How the schemas of an application evolve. */
export interface SchemaKeeping {
  /** The folder of their versions, `<subject>/<n>.avsc`, in the repository. */
  readonly history: URL;
  /** Changes of meaning that are allowed for a time. */
  readonly allowances?: readonly Allowance[];
}

/** A declared subject and who uses its topic. */
export interface AppSubject extends DeclaredSubject {
  readonly users: Users;
}

/** The named subjects, or all of them where none is named. @throws CliError (UNKNOWN_SUBJECT, exit 2) */
export const subjectsOfApp = <Config extends EngineConfig>(
  app: App<Config>,
  wanted: readonly string[],
): readonly AppSubject[] => {
  const graphs = app.topologies.map(({ topology }) => topology.graph);
  const all = app.allTopics.map(
    ({ name, schema, keyedBy }): AppSubject => ({
      subject: subjectOf({ name }),
      avro: schema.avro,
      ...(keyedBy === undefined ? {} : { keyedBy }),
      users: usersOf(name, graphs),
    }),
  );
  const unknown = wanted.filter((name) => all.every(({ subject }) => subject !== name));
  if (unknown.length > 0)
    throw new CliError(`no topic that is declared has the subject ${unknown.join(", ")}`, {
      code: "UNKNOWN_SUBJECT",
      exitCode: exitCodes.usage,
      fix: `Declared are ${all.map(({ subject }) => subject).join(", ")}`,
    });
  return wanted.length === 0 ? all : all.filter(({ subject }) => wanted.includes(subject));
};

/** Where an application keeps versions. @throws CliError (NO_HISTORY, exit 2) where it does not say */
export const historyOf = ({ schemas }: { readonly schemas?: SchemaKeeping }): History => {
  if (schemas !== undefined) return folderHistory(schemas.history);
  throw new CliError("this application keeps no versions of its schemas", {
    code: "NO_HISTORY",
    exitCode: exitCodes.usage,
    fix: "Declare schemas: { history: new URL('./schemas/versions/', import.meta.url) } in sluice.config.ts",
  });
};

/** What the application allows, and the day by this machine's clock, in UTC. */
export const judgingOf = ({ schemas }: { readonly schemas?: SchemaKeeping }): Judging => ({
  allowances: schemas?.allowances ?? [],
  today: new Date().toISOString().slice(0, 10),
});
