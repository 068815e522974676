// The table against the lists of both servers: what the driver has of MySQL's, and MariaDB's file of messages where it is installed.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { databaseErrorClass } from "./error-class.ts";
import { databaseErrors } from "./error-table.ts";

interface ServerError {
  readonly number: number;
  /** Without `ER_`. */
  readonly name: string;
  /** Empty where it is the general one. */
  readonly sqlState: string;
}

const named = (name: string): string => name.replace(/^ER_/, "");

const ofMysql = (): readonly ServerError[] => {
  const text = readFileSync(new URL("../../node_modules/mysql2/lib/constants/errors.js", import.meta.url), "utf8");
  return [...text.matchAll(/^exports\.([A-Z]\w+) = (\d+);/gm)].map(([, name = "", number]) => ({
    ...{ number: Number(number), name: named(name), sqlState: "" },
  }));
};

const mariadbFile = "/usr/share/mysql/errmsg-utf8.txt";
const ofMariadb = (): readonly ServerError[] => {
  let number = 0;
  const errors: ServerError[] = [];
  for (const line of readFileSync(mariadbFile, "utf8").split("\n")) {
    const start = /^(?:start|skip-to)-error-number (\d+)/.exec(line)?.[1];
    if (start !== undefined) number = Number(start);
    const [, name, sqlState] = /^((?:ER|WARN|HA)_\w+)\s*(\w{5})?/.exec(line) ?? [];
    if (name === undefined) continue;
    errors.push({ number, name: named(name), sqlState: sqlState ?? "" });
    number += 1;
  }
  return errors;
};

const lists = { MySQL: ofMysql(), MariaDB: existsSync(mariadbFile) ? ofMariadb() : undefined };
const rows = databaseErrors.flatMap(({ errors }) =>
  Object.entries(errors).map(([number, name]) => ({ number: Number(number), name })),
);

test("error table: has each number once", () => {
  assert.equal(new Set(rows.map(({ number }) => number)).size, rows.length);
});

test("error table: names each number as one of the servers does", { skip: lists.MariaDB === undefined }, () => {
  const known = new Set([...lists.MySQL, ...(lists.MariaDB ?? [])].map(({ number, name }) => `${number} ${name}`));
  const made = rows.filter(({ name }) => !name.startsWith("CR_"));
  assert.deepEqual(
    made.flatMap(({ number, name }) => (known.has(`${number} ${name}`) ? [] : [`${number} ${name}`])),
    [],
  );
});

test("error table: decides about every error of MariaDB whose SQLSTATE says what it is about", {
  skip: lists.MariaDB === undefined,
}, () => {
  const told = (lists.MariaDB ?? []).filter(({ sqlState }) => /^(08|22|28|40|53|57|70|25006)/.test(sqlState));
  assert.ok(told.length > 40, String(told.length));
  const undecided = told.filter(({ number, sqlState }) => databaseErrorClass(number, sqlState) === undefined);
  assert.deepEqual(undecided, []);
});

// What a name says of the server's state; those beside it are about statements that no process of ours sends.
const ofState = /READ_ONLY|SHUTDOWN|OFFLINE|TOO_MANY_(USER|CONC)|DISK_FULL|OUT_?OF_?(MEM|RES)|KILLED|_FULL$|CORRUPT/;
const elsewhere =
  /TRG|SP_|INDEX|REMOTE|LOG_INDEX|SLAVE|RPL|BINLOG|MTS|IMPORT|COL_COUNT|GTID|CHANGED_TABLE|FT_|TRANS_CACHE|UNUSED|CLONE|XA|SYSTEM_SCHEMA|VARIABLE|HELP|CONNECTION_ALREADY|READ_ONLY_TRANSACTION$|RELAY|QUERY_CACHE|SYS_VAR|SETTABLE|REDO|DD_|RESOURCE_GROUP|TABLESPACE|FPARSER|EE_|DISCOVER|EVENT|REQUIRES|JSON|PRIVILEGE_CHECKS|DBLWR|VERS_PART/;

test("error table: has every error whose name speaks of the server's state", () => {
  const all = [...lists.MySQL, ...(lists.MariaDB ?? [])].filter(({ number }) => number >= 1_000 && number < 10_000);
  const open = all.filter(
    ({ name, number, sqlState }) =>
      ofState.test(name) && !elsewhere.test(name) && databaseErrorClass(number, sqlState) === undefined,
  );
  assert.deepEqual([...new Set(open.map(({ number, name }) => `${number} ${name}`))], []);
});
