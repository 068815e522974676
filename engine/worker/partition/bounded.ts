/**
 * Records that are larger than their topic's: judged before anything is decoded or queued, because sixty of a megabyte, with
 * the texts and the statements that are made of them, are more than a worker has.
 */
import type { LogRecord } from "../../log/log.ts";
import { sizeOfRecord } from "../../log/producer/batch.ts";
import { onlyOurs } from "../round/letter-headers.ts";

/**
 * The record itself where it is no larger than `maxBytes`; where it is, what is left of it: its place, and why it cannot be
 * read. Its bytes are in its topic for as long as that keeps them. Of its headers only ours stay: those of a retry record say
 * what its original is.
 */
export const bounded = (record: LogRecord, maxBytes: number): LogRecord => {
  const bytes = sizeOfRecord(record);
  if (bytes <= maxBytes) return record;
  const { offset, timestampMs, key, value, headers } = record;
  return {
    offset,
    timestampMs,
    key: null,
    value: null,
    headers: onlyOurs(headers),
    unreadable: `it has ${bytes} bytes, those of its topic have ${maxBytes} at most`,
    letGo: { keyBytes: key?.length ?? 0, valueBytes: value?.length ?? 0 },
  };
};
