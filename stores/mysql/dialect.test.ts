/**
 * The SQL is MariaDB's and MySQL's at once: no text of the code has what only one of them knows, but in comments that only
 * that one reads. A list, not a parser: no package's grammar of MySQL takes JSON_TABLE in a join, which is in half of them. Sources: MariaDB's page on
 * incompatibilities with MySQL 8.0, MySQL 8.4's list of reserved words and of what it removed.
 */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";

const onlyMariadb: Readonly<Record<string, RegExp>> = {
  "INSERT, DELETE or REPLACE with RETURNING": /\bRETURNING\b/,
  "CREATE OR REPLACE TABLE": /\bCREATE\s+OR\s+REPLACE\s+(TEMPORARY\s+)?(TABLE|INDEX|DATABASE|USER)\b/,
  "ALTER TABLE with IF [NOT] EXISTS":
    /\b(ADD|DROP|MODIFY|CHANGE)\s+(COLUMN|INDEX|KEY|CONSTRAINT)?\s*IF\s+(NOT\s+)?EXISTS\b/,
  "CREATE or DROP INDEX IF [NOT] EXISTS": /\b(CREATE|DROP)\s+(UNIQUE\s+)?INDEX\s+IF\b/,
  sequences: /\b(CREATE\s+SEQUENCE|NEXT\s+VALUE\s+FOR|NEXTVAL|LASTVAL|SETVAL)\b/,
  "types UUID, INET4, INET6": /^\s*\w+\s+(UUID|INET4|INET6)\b/m,
  "system-versioned tables": /\b(SYSTEM\s+VERSIONING|FOR\s+SYSTEM_TIME|PERIOD\s+FOR)\b/,
  "SET STATEMENT ... FOR": /\bSET\s+STATEMENT\b/,
  "EXECUTE IMMEDIATE": /\bEXECUTE\s+IMMEDIATE\b/,
  "LIMIT ROWS EXAMINED": /\bROWS\s+EXAMINED\b/,
  "WAIT n": /\b(FOR\s+UPDATE|SHARE\s+MODE|TABLES?)\s+WAIT\b/,
  "VALUE() in ON DUPLICATE KEY UPDATE": /\bUPDATE\b[^;]*\bVALUE\s*\(/,
  "JSON functions of its own": /\bJSON_(DETAILED|LOOSE|COMPACT|EXISTS|QUERY|EQUALS|NORMALIZE|OBJECT_FILTER_KEYS)\b/,
  "functions of its own":
    /\b(NATURAL_SORT_KEY|SFORMAT|ADD_MONTHS|TO_CHAR|CHR|UUID_SHORT|SYS_GUID|MEDIAN|PERCENTILE_\w+)\s*\(/,
  "engines of its own": /\bENGINE\s*=\s*(Aria|S3|Spider|ColumnStore|RocksDB)\b/i,
  "its collations": /\b(uca1400|nopad)\w*/i,
  "max_statement_time, idle_transaction_timeout": /\b(max_statement_time|idle_\w*transaction_timeout)\b/,
  "what MySQL 8.4 has removed":
    /\b(SQL_CALC_FOUND_ROWS|FOUND_ROWS|PASSWORD)\s*\(|\b(NO_AUTO_CREATE_USER|SHOW\s+MASTER|SHOW\s+SLAVE|CHANGE\s+MASTER)\b/,
};

const onlyMysql: Readonly<Record<string, RegExp>> = {
  "aliases of the new row": /\bVALUES\s*\([^)]*\)\s+AS\s+\w+[^;]*\bON\s+DUPLICATE/,
  "row constructors VALUES ROW": /\bVALUES\s+ROW\b/,
  LATERAL: /\bLATERAL\b/,
  "FOR UPDATE OF": /\bFOR\s+(UPDATE|SHARE)\s+OF\b/,
  "FOR SHARE": /\bFOR\s+SHARE\b/,
  "functional indexes": /\b(KEY|INDEX)\s+\w*\s*\(\s*\(/,
  "UUID functions of its own": /\b(UUID_TO_BIN|BIN_TO_UUID|IS_UUID)\s*\(/,
  "the arrow of JSON": /->>?\s*'\$/,
  "MEMBER OF": /\bMEMBER\s+OF\b/,
  hints: /\/\*\+/,
  "its collations": /\butf8mb4_0900\w*/i,
  "invisible columns or indexes": /\bINVISIBLE\b/,
  max_execution_time: /\bmax_execution_time\b/,
};

/** Words that MySQL 8.4 reserves and MariaDB 10.11 does not: none may be a name that is not quoted. */
const reserved =
  "CUBE CUME_DIST DENSE_RANK EMPTY FIRST_VALUE FUNCTION GROUPING GROUPS JSON_TABLE LAG LAST_VALUE LATERAL LEAD MANUAL NTH_VALUE NTILE OF PARALLEL PERCENT_RANK QUALIFY RANK SYSTEM TABLESAMPLE";
const asName = new RegExp(
  `(\\bAS\\s+|^\\s*|\\bTABLE\\s+(IF NOT EXISTS\\s+)?)(${reserved.replaceAll(" ", "|")})\\s+(VAR|BIN|CHAR|INT|BIGINT|TINY|SMALL|FROM|\\()`,
  "im",
);

/** The texts of a source that are SQL, without their comments for one of the two. */
const sqlIn = (file: string): readonly { readonly file: string; readonly sql: string; readonly whole: string }[] =>
  [
    ...readFileSync(file, "utf8")
      .replaceAll(/\/\*\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "")
      .matchAll(/`([^`]*)`|"([^"\n]*)"/g),
  ].flatMap(([, template, text]) => {
    const whole = template ?? text ?? "";
    if (
      !/\b(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|FROM|WHERE|SET|JOIN|SHOW|DO|JSON_TABLE|VALUES|ORDER BY)\b|\/\*(M!|!\d)/.test(
        whole,
      )
    )
      return [];
    return [{ file, sql: whole.replaceAll(/\/\*(M!|!\d)[\s\S]*?\*\//g, " "), whole }];
  });

const texts = globSync("{stores,ops,dev,examples}/**/*.ts", {
  exclude: ["**/node_modules/**", "**/*.test.ts"],
}).flatMap(sqlIn);

test("sql: has nothing that only one of MariaDB and MySQL knows", () => {
  assert.ok(texts.length > 100, `${texts.length}`);
  for (const { file, sql } of texts)
    for (const [whose, list] of Object.entries({ MariaDB: onlyMariadb, MySQL: onlyMysql }))
      for (const [what, pattern] of Object.entries(list))
        assert.doesNotMatch(sql, pattern, `${file}: only ${whose} has ${what}`);
});

test("sql: has no name that MySQL 8.4 reserves", () => {
  for (const { file, sql } of texts) assert.doesNotMatch(sql, asName, file);
});

test("sql: keeps what only one knows in comments that only that one reads", () => {
  const limits = texts.filter(({ whole }) => /\/\*(M!|!\d)/.test(whole));
  assert.deepEqual([...new Set(limits.map(({ file }) => file))], ["stores/mysql/session-settings.ts"]);
  for (const { whole } of limits) {
    assert.match(whole, /\/\*M!\d{6} , max_statement_time/);
    assert.match(whole, /\/\*M!\d{6} , idle_transaction_timeout/);
    assert.match(whole, /\/\*!50799 , max_execution_time/);
  }
});

test("sql: would be found when it were of one of them alone", () => {
  for (const [sql, whose] of [
    ["INSERT INTO t VALUES (1) RETURNING id", onlyMariadb],
    ["ALTER TABLE t ADD COLUMN IF NOT EXISTS a INT", onlyMariadb],
    ["INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE a = VALUE(a)", onlyMariadb],
    ["SELECT a FROM t FOR UPDATE WAIT 3", onlyMariadb],
    ["INSERT INTO t (a) VALUES (1) AS new ON DUPLICATE KEY UPDATE a = new.a", onlyMysql],
    ["SELECT d->>'$.a' FROM t", onlyMysql],
  ] as const)
    assert.ok(
      Object.values(whose).some((pattern) => pattern.test(sql)),
      sql,
    );
  assert.match("SELECT a AS rank FROM t", asName);
});
