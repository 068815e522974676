/** The outbox of payments: a row for each payment that is to be published. */
import type { Outbox } from "../../../engine/outbox/outbox.ts";
import type { Payment } from "../../../processors/payments/payment-ports.ts";
import type { Database } from "../database.ts";
import { mysqlOutbox } from "../outbox/outbox-table.ts";
import { paymentColumns } from "./payment-columns.ts";

/** The {@link Outbox} of payments. A leader takes one connection of the pool for as long as it leads. */
export const outbox = (database: Database): Outbox<Payment> =>
  mysqlOutbox(database, {
    // Relays of every version must ask for the same lock.
    lock: "sluice-outbox",
    table: "outbox",
    number: "outbox_no",
    id: "payment_id",
    publishedAt: "published_at",
    traceparent: "traceparent",
    values: { table: "payment", columns: paymentColumns("payment"), writtenAt: "paid_at" },
  });
