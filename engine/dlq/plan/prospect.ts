/** What a worker would say of a letter's bytes before any step, if they were replayed now. Pure. */
import type { AnyTopic } from "../../flow/parts.ts";
import { wrongIn } from "../../flow/source-check.ts";
import type { LogRecord } from "../../log/log.ts";
import { sizeOfRecord } from "../../log/producer/batch.ts";
import { maxRecordBytesOf } from "../../worker/feeds.ts";
import { retryTopic, toRetryRecord } from "../../worker/round/retry-record.ts";
import type { Reading } from "../read/decode.ts";

/**
 * - `sound`: it would be decided.
 * - `unreadable`: the present schema cannot read it.
 * - `wrong`: a check of its topic refuses it (`WRONG_RECORD`).
 * - `too-large`: it is larger than its topic's records may be (`RECORD_TOO_LARGE`).
 */
export type Prospect = "sound" | "unreadable" | "wrong" | "too-large";

/** As long as a job's id. */
const someJob = "x".repeat(36);

/** Of a topology with these sources, by the name of the topic a record came from, its bytes, and what they were read as. */
export const prospects = (
  topology: string,
  sources: readonly AnyTopic[],
): ((topic: string, record: LogRecord, reading: Reading) => Prospect) => {
  const maxBytes = maxRecordBytesOf(retryTopic(topology), { sources });
  const byName = new Map(sources.map((source) => [source.name, source]));
  return (topic, record, reading) => {
    const { key, value, headers } = record;
    if (sizeOfRecord(toRetryRecord({ key, value, headers }, someJob)) > maxBytes) return "too-large";
    if (reading.kind === "unreadable") return "unreadable";
    const source = byName.get(topic);
    return source === undefined || wrongIn(source, reading.value, key) === undefined ? "sound" : "wrong";
  };
};
