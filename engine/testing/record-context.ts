/** Contexts of records, for tests of processors that are called without a topology. */
import type { RecordContext } from "../flow/processor.ts";

/** A context that has what is given; else topic `records`, partition 0, offset 0, no key, no headers, timestamp 0, accepted then. */
export const recordContext = (given: Partial<RecordContext> = {}): RecordContext => ({
  topic: "records",
  partition: 0,
  offset: 0n,
  timestampMs: 0,
  acceptedAtMs: given.timestampMs ?? 0,
  idempotencyKey: "",
  key: null,
  headers: {},
  ...given,
});
