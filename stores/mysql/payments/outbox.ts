/** The outbox of payments: a row for each payment that the log does not have yet. */
import type { Outbox } from "../../../engine/outbox/outbox.ts";
import type { Payment } from "../../../processors/payments/payment-ports.ts";
import type { Database } from "../database.ts";
import { mysqlOutbox } from "../outbox/outbox-table.ts";
import { type PaymentColumns, toPayment } from "./payment-statements.ts";

/** The {@link Outbox} of payments. A leader takes one connection of the pool for as long as it leads. */
export const outbox = (database: Database): Outbox<Payment> =>
  mysqlOutbox<PaymentColumns, Payment>(database, {
    // Relays of every version must ask for the same lock.
    lock: "sluice-outbox",
    table: "outbox",
    number: "outbox_no",
    id: "payment_id",
    publishedAt: "published_at",
    values: {
      table: "payment",
      columns: ["payment_id", "order_id", "user_id", "amount", "discount", "paid_at"],
      writtenAt: "paid_at",
    },
    toValue: toPayment,
  });
