/** The page of headers names those that letters and retry records have, and no others. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Poison } from "../../../engine/errors.ts";
import type { Headers, LogRecord } from "../../../engine/log/log.ts";
import { toDeadLetter } from "../../../engine/worker/round/dead-letter.ts";
import { toRetryRecord } from "../../../engine/worker/round/retry-record.ts";
import { readPage } from "../../testing/documents.ts";

const namesOf = (cell: string): readonly string[] =>
  [...cell.matchAll(/`([a-z-]+)`/g)].flatMap(([, name]) => name ?? []);
const rows = [
  ...readPage("docs/reference/dead-letter-headers.md").text.matchAll(/^\| (`[^|]+) \| .* \| ([^|]*) ?\|$/gm),
].map(([, names = "", retry = ""]) => ({
  names: namesOf(names),
  retry: retry.trim() === "yes" ? namesOf(names) : namesOf(retry),
}));
const oursIn = (headers: Headers | undefined): readonly string[] =>
  Object.keys(headers ?? {})
    .filter((name) => name.startsWith("_flow.err."))
    .map((name) => name.slice("_flow.err.".length))
    .toSorted();

/** A record that was replayed once, and is now too large for its bytes to be written. */
const letterOf = (headers: Headers) => {
  const record: LogRecord = {
    ...{ offset: 1n, timestampMs: 1, key: null, value: null, headers },
    letGo: { keyBytes: 1, valueBytes: 2 },
  };
  const failure = { stage: "process", node: "step", error: new Poison("WRONG", "wrong"), held: [] } as const;
  const from = { topic: "in", partition: 0 };
  return toDeadLetter({ from, record, failure, replayed: true }, { groupId: "g", graphHash: "h" }, 2);
};
const replayed = toRetryRecord(letterOf({}), "job-1");
const letter = letterOf(replayed.headers ?? {});

test("headers: are those of the page when a record is dead-lettered", () => {
  assert.deepEqual(rows.flatMap(({ names }) => names).toSorted(), oursIn(letter.headers));
});

test("headers: are those that the page marks when a letter is replayed", () => {
  assert.deepEqual(rows.flatMap(({ retry }) => retry).toSorted(), oursIn(replayed.headers));
});
