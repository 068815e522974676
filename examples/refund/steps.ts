/** What is decided: the money goes back, and the warehouse takes the items. The ports are what the steps need for that. */
import { defineCompensation, defineProcessor, defineStore } from "sluice-engine";
import type { Item, RefundRequested } from "./records.ts";

/** Accounts, by payment. Every call is idempotent by the refund's id. */
export interface Accounts {
  /** Gives the user the money for the items of a request, and says how much; undefined where there is no such payment. */
  readonly giveBack: (request: RefundRequested) => Promise<number | undefined>;
  /** Takes the money of a refund from the user again. */
  readonly takeBack: (refundId: string) => Promise<void>;
}

/** The warehouse. Idempotent by the refund's id. */
export interface Warehouse {
  /** Whether it takes all of these items back. */
  readonly expect: (refundId: string, items: readonly Item[]) => Promise<boolean>;
}

/** The bookkeeping of refunds. Idempotent by the refund's id. */
export interface Books {
  readonly enter: (refundId: string, amount: number) => Promise<void>;
}

/** A refund whose money is back with the user. */
export interface Refund {
  readonly refundId: string;
  readonly amount: number;
  readonly items: readonly Item[];
}
type GiveBack =
  | ({ readonly kind: "returned" } & Refund)
  | { readonly kind: "unknownPayment"; readonly refundId: string };
type Announce = ({ readonly kind: "expected" } & Refund) | ({ readonly kind: "notTaken" } & Refund);

/** `returned` leaves an effect: a topology that places this step must say how it is undone. */
export const giveMoneyBack = defineProcessor({
  name: "give-money-back",
  compensatable: ["returned"],
  run: async (request: RefundRequested, { accounts }: { readonly accounts: Accounts }): Promise<GiveBack> => {
    const { refundId, items } = request;
    const amount = await accounts.giveBack(request);
    return amount === undefined ? { kind: "unknownPayment", refundId } : { kind: "returned", refundId, amount, items };
  },
});

export const takeMoneyBack = defineCompensation({
  name: "take-money-back",
  run: ({ refundId }: Refund, { accounts }: { readonly accounts: Accounts }) => accounts.takeBack(refundId),
});

export const announceItems = defineProcessor({
  name: "announce-items",
  compensatable: [],
  run: async ({ refundId, amount, items }: Refund, deps: { readonly warehouse: Warehouse }): Promise<Announce> => ({
    kind: (await deps.warehouse.expect(refundId, items)) ? "expected" : "notTaken",
    ...{ refundId, amount, items },
  }),
});

export const books = defineStore({
  name: "books",
  write: (
    { refundId, amount }: { readonly refundId: string; readonly amount: number },
    deps: { readonly books: Books },
  ) => deps.books.enter(refundId, amount),
});
