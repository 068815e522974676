/** The trace that a payment was made in, which its record carries on (ADR 16). */
import type { Migration } from "../migration.ts";

// Last and nullable, so that the server changes no row of it, and older processes go on without knowing of it.
const traceparent = `ALTER TABLE outbox
  ADD COLUMN traceparent CHAR(55) CHARACTER SET ascii NULL COMMENT 'W3C Trace Context; NULL: nobody records it'`;

/** Adds the column to the outbox. */
export const outboxTrace: Migration = { name: "0008-outbox-trace", statements: [traceparent] };
