/** The port's fake: an inventory in memory. */
import type { Inventory } from "./take-items.ts";

/** Starts with these quantities by SKU. */
export const memoryInventory = (quantities: Readonly<Record<string, number>>): Inventory => {
  const left = new Map(Object.entries(quantities));
  const answers = new Map<string, { readonly ok: boolean; readonly left: number }>();
  return {
    take: async ({ orderId, sku, quantity }) => {
      const [before, known] = [left.get(sku), answers.get(orderId)];
      if (before === undefined || known !== undefined) return known;
      const ok = quantity <= before;
      const answer = { ok, left: ok ? before - quantity : before };
      left.set(sku, answer.left);
      answers.set(orderId, answer);
      return answer;
    },
  };
};
