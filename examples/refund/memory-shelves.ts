/** The shelves' fake: what lies on them, by sku. */
import type { Shelves } from "./restocking.ts";

/** Shelves for these skus. */
export const memoryShelves = (...skus: readonly string[]) => {
  const shelves = new Map(skus.map((sku) => [sku, new Map<string, number>()]));
  const put: Shelves["put"] = async ({ refundId, sku, quantity }) =>
    shelves.get(sku)?.set(refundId, quantity) !== undefined;
  return { shelves, put };
};
