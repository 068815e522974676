/** Refunds: the money goes back, the warehouse takes the items, and everybody who has to know gets a record. */
import { defineTopology, from, undo, type Undone } from "sluice-engine";
import { moneyTakenBack, refundRequests, refundsCompleted, refundsRefused, stockReturned } from "./records.ts";
import { announceItems, books, giveMoneyBack, type Refund, takeMoneyBack } from "./steps.ts";

const toCompleted = ({ refundId, amount }: Refund) => ({ refundId, amount });
const toEntry = ({ refundId, amount }: Refund) => ({ refundId, amount });
const toStockEvents = ({ refundId, items }: Refund) => items.map(({ sku, quantity }) => ({ refundId, sku, quantity }));
const toUnknown = ({ refundId }: { readonly refundId: string }) => ({ refundId, reason: "UNKNOWN_PAYMENT" });
const toNotTaken = ({ refundId }: Refund) => ({ refundId, reason: "ITEMS_NOT_TAKEN" });
const toTakenBack = ({ done, reason }: Undone<Refund>) => ({ refundId: done.refundId, reason });

/** From a request to two sinks and one stock event for each item. */
export const refunding = defineTopology(
  "refunding",
  from(refundRequests, (requests) =>
    requests
      .step(giveMoneyBack, { returned: undo(takeMoneyBack, moneyTakenBack, toTakenBack) })
      .continueOn("returned", { unknownPayment: (refund) => refund.to(refundsRefused, toUnknown) })
      .step(announceItems)
      // `fail` runs the undo: the money is taken back before the refusal is written.
      .continueOn("expected", { notTaken: (refund) => refund.fail(refundsRefused, toNotTaken) })
      .also(books, toEntry)
      .also(refundsCompleted, toCompleted)
      .toMany(stockReturned, toStockEvents),
  ),
);
