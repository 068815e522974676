/** Dead letters, retry records and standings for tests. */
import type { Headers, LogRecord } from "../../log/log.ts";
import { type Failure, toDeadLetter } from "../../worker/round/dead-letter.ts";
import { deadLetterPrefix } from "../../worker/round/letter-headers.ts";
import { type Letter, letterOf } from "../letters/letter.ts";
import type { Retry } from "../letters/state.ts";

/** Headers of ours, as a letter has them. */
export const ours = (fields: Readonly<Record<string, string>>): Headers =>
  Object.fromEntries(Object.entries(fields).map(([name, text]) => [deadLetterPrefix + name, Buffer.from(text)]));

/** Everything a whole letter of ours says, of the record at this offset of `in/1`. */
export const letterHeaders = (offset: number, over: Readonly<Record<string, string>> = {}): Headers =>
  ours({
    topic: "in",
    partition: "1",
    offset: String(offset),
    timestamp: "1000",
    group: "g.shop",
    node: "check",
    stage: "process",
    class: "Poison",
    code: "WRONG",
    kind: "poison",
    held: "",
    attempt: "1",
    "first-at": "2000",
    "last-at": "2000",
    ir: "a".repeat(64),
    "schema-id": "7",
    fingerprint: "f".repeat(16),
    ...over,
  });

/** A record as it is read. */
export const aRecord = (over: Partial<LogRecord> = {}): LogRecord => ({
  offset: 0n,
  timestampMs: 3_000,
  key: Buffer.from("k"),
  value: Buffer.from("v"),
  headers: {},
  ...over,
});

/** The letter of the record at an offset of `in/1`; `over` are headers of ours. */
export const aLetter = (offset: number, over: Readonly<Record<string, string>> = {}, at = BigInt(offset)): Letter =>
  letterOf({ topic: "shop.dlq", partition: 0 }, aRecord({ offset: at, headers: letterHeaders(offset, over) }));

/** A retry record of the record at an offset of `in/1`. */
export const aRetry = (offset: number, over: Partial<Retry> & { readonly at?: bigint } = {}): Retry => {
  const { at = BigInt(offset), ...others } = over;
  return {
    place: { topic: "shop.retry", partition: 1, offset: at },
    origin: { topic: "in", partition: 1, offset: BigInt(offset), timestampMs: 1_000 },
    attempt: 1,
    job: "job-1",
    ...others,
  };
};

/** The letter that a worker writes about a record. */
export const writtenLetter = (record: LogRecord, failure: Partial<Failure> = {}): LogRecord => {
  const {
    key,
    value,
    headers = {},
  } = toDeadLetter(
    { from: { topic: "in", partition: 1 }, record, failure: { ...aFailure, ...failure } },
    { groupId: "g.shop", graphHash: "a".repeat(64) },
    2_000,
  );
  return aRecord({ key, value, headers });
};

const aFailure: Failure = { stage: "process", node: "check", error: new Error("no"), held: [] };
