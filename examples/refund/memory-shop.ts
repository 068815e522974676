/** The ports' fakes: a shop in memory where every item costs 100. */
import type { Accounts, Books, Warehouse } from "./steps.ts";

/** What a test looks at, and the ports on it. */
export interface MemoryShop {
  /** Money that was given back, by refund. */
  readonly given: Map<string, number>;
  readonly entries: Map<string, number>;
  readonly accounts: Accounts;
  readonly warehouse: Warehouse;
  readonly books: Books;
}

/** A shop with these payments; a warehouse that takes everything but `refused`. */
export const memoryShop = (payments: readonly string[], refused: readonly string[] = []): MemoryShop => {
  const given = new Map<string, number>();
  const entries = new Map<string, number>();
  return {
    ...{ given, entries },
    accounts: {
      giveBack: async ({ refundId, paymentId, items }) => {
        if (!payments.includes(paymentId)) return undefined;
        const amount = items.reduce((sum, { quantity }) => sum + 100 * quantity, 0);
        given.set(refundId, amount);
        return amount;
      },
      takeBack: async (refundId) => void given.delete(refundId),
    },
    warehouse: { expect: async (_, items) => items.every(({ sku }) => !refused.includes(sku)) },
    books: { enter: async (refundId, amount) => void entries.set(refundId, amount) },
  };
};
