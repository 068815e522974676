/** What is asked of a database to find out whether it is fit to be used: version, encryption, clock, and the user's rights. Reads only. */
import { nowMsSql } from "./clock.ts";
import { columns, integerColumn, textColumn } from "./columns/columns.ts";
import type { Database } from "./database.ts";
import { withSession } from "./session.ts";

/** A database as the user that connects sees it. */
export interface DatabaseInspection {
  /** As the server says it, such as `10.11.14-MariaDB`. */
  readonly version: string;
  /** The cipher of this connection; undefined where it is not encrypted. */
  readonly cipher: string | undefined;
  /** The database's time, epoch ms. */
  readonly now: number;
  /** The schema's name. */
  readonly schema: string;
  /** What `SHOW GRANTS` answers, a right or more a line. */
  readonly grants: readonly string[];
}

const server = columns(
  "server",
  { version: textColumn(), schemaName: textColumn(), now: integerColumn() },
  { version: "VERSION()", schemaName: "DATABASE()", now: nowMsSql },
);
/** Of `SHOW STATUS`, whose columns the server names. */
const status = { list: "", decode: (row: unknown) => String(Object.values(row ?? {}).at(-1) ?? "") };
/** Of `SHOW GRANTS`: one column, named after the user. */
const grant = { list: "", decode: (row: unknown) => String(Object.values(row ?? {})[0] ?? "") };

/** Looks. @throws Unavailable @throws Fatal as errors.ts has it. */
export const inspectDatabase = (database: Database): Promise<DatabaseInspection> =>
  withSession(database, async ({ select }) => {
    const [found] = await select(server, `SELECT ${server.list}`, []);
    if (found === undefined) throw new RangeError("the database answered no version");
    const [cipher = ""] = await select(status, "SHOW SESSION STATUS LIKE 'Ssl_cipher'", []);
    const grants = await select(grant, "SHOW GRANTS", []);
    const { version, schemaName: schema, now } = found;
    return { version, schema, now, cipher: cipher === "" ? undefined : cipher, grants };
  });

/** What processes need to run. */
export const rightsToRun: readonly string[] = ["SELECT", "INSERT", "UPDATE", "DELETE"];
/** What `topology apply` needs besides, to make tables. */
export const rightsToApply: readonly string[] = ["CREATE", "ALTER", "INDEX", "DROP", "REFERENCES"];

/**
 * Those of `wanted` that no line of `SHOW GRANTS` gives for a whole schema, or for every schema. Rights on single tables or
 * through roles are not looked into: they count as missing. Pure.
 */
export const missingRights = (
  { grants, schema }: Pick<DatabaseInspection, "grants" | "schema">,
  wanted: readonly string[],
): readonly string[] => {
  const given = new Set(grants.flatMap((line) => rightsOn(schema, line)));
  return given.has("ALL PRIVILEGES") ? [] : wanted.filter((right) => !given.has(right));
};

const rightsOn = (schema: string, line: string): readonly string[] => {
  const [, rights = "", scope = ""] = /^GRANT (.+?) ON (\S+)\.\* TO /i.exec(line) ?? [];
  if (scope !== "*" && !isPattern(scope.replaceAll("`", ""), schema)) return [];
  return rights.split(",").map((right) => right.trim().toUpperCase());
};

/** Grants name schemas by patterns: `%` is any text, `_` any character, a backslash takes the next one as it is. */
const isPattern = (pattern: string, schema: string): boolean => {
  const escaped = pattern.replaceAll(/\\(.)|%|_|[.*+?^${}()|[\]\\]/g, (found, literal: string | undefined) => {
    if (literal !== undefined) return literal.replace(/[.*+?^${}()|[\]\\]/, String.raw`\$&`);
    if (found === "%") return ".*";
    return found === "_" ? "." : `\\${found}`;
  });
  return new RegExp(`^${escaped}$`, "i").test(schema);
};
