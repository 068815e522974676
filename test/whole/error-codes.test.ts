/** Every error code of the sources is explained, and none is explained that no source has. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { readinessCodes } from "../../engine/readiness.ts";
import { codeSections, explainCode } from "../../ops/error-codes.ts";
import { redisErrors } from "../../stores/redis/error-table.ts";
import { anchorsOf, readPage } from "../testing/documents.ts";

/** Where an error gets its code: an argument of what makes it, a property, or one of two. */
const patterns = [
  /\b(?:Poison|Fatal|Retriable|Blocked|AccessRefused|Contended|StartRefused|BadSelection|super|refused)\(\s*"([A-Z][A-Z_]+)"/g,
  /\bcode(?:: string)? ?[:=] (?:[^"\n]{0,80}\? )?"([A-Z][A-Z_]+)"/g,
  /\bConsoleFailure\(\s*\d+,\s*"([A-Z][A-Z_]+)"/g,
  /\bcode ?[:=] [^"\n]{0,80}\? "[A-Z_]+" : "([A-Z][A-Z_]+)"/g,
];

/** Caught where they are thrown for: no message has them. */
const neverShown = [
  "ABORTED",
  "DEADLINE_PASSED",
  "ETIMEDOUT",
  "LOOKUP_TIMEOUT",
  "NO_ANSWER_IN_TIME",
  "UNEXPECTED",
  "WATCH_FULL",
];

const found = new Set(
  globSync("{engine,schemas,processors,sinks,stores,topology,api,ops,dev}/**/*.ts", {
    exclude: [
      "**/dist/**",
      "**/testing/**",
      "**/*.test.ts",
      "**/*.types.ts",
      "**/error-table.ts",
      "**/error-codes.ts",
      "engine/console/web/**",
      // A script, and no command.
      "dev/monitoring/pictures/**",
    ],
  }).flatMap((file) => {
    const text = readFileSync(file, "utf8");
    return patterns.flatMap((pattern) => [...text.matchAll(pattern)].flatMap(([, code]) => code ?? []));
  }),
);
const elsewhere = new Set([
  ...neverShown,
  ...Object.keys(readinessCodes),
  ...redisErrors.map(({ code }) => code),
  // Of schemas: each has a row.
  ...[...readPage("docs/schemas.md").text.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g)].flatMap(([code]) => code),
]);
const explained = codeSections.flatMap(({ codes }) => Object.keys(codes));

test("error codes: are explained on a page when a source has them", () => {
  const missing = [...found].filter((code) => !explained.includes(code) && !elsewhere.has(code));
  assert.deepEqual(missing.toSorted(), [], "next: say in ops/error-codes.ts what it means");
});

test("error codes: are those of the sources when the page explains them", () => {
  const known = new Set([...found, ...Object.keys(readinessCodes)]);
  assert.deepEqual(explained.filter((code) => !known.has(code)).toSorted(), []);
  assert.equal(new Set(explained).size, explained.length);
});

test("error codes: lead to a heading of a page when a message has one", () => {
  for (const code of [...explained, "DATABASE_1045", "REDIS_WRONGPASS"]) {
    const [page = "", anchor = ""] = explainCode(code)?.at.split("#") ?? [];
    assert.ok(anchorsOf(readPage(page)).has(anchor), `${code}: ${page}#${anchor}`);
  }
  for (const code of explained) assert.ok((explainCode(code)?.means ?? "").length > 0, code);
  assert.equal(explainCode("ECONNREFUSED"), undefined);
});
