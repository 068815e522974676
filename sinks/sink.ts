/** What a path can end in besides a topic: a store that keeps records. Declarations only, no drivers. */
import type { Item } from "../processors/processor.ts";

/**
 * A store a path can end in. `writeMany` may run more than once for one record, so it is idempotent by the record's
 * idempotency key; it is given a whole round, in offset order.
 */
export interface Store<T, Deps> {
  readonly kind: "store";
  readonly name: string;
  /** @throws PipelineError with the disposition that fits. */
  readonly writeMany: (records: readonly Item<T>[], deps: Deps) => Promise<void>;
  /** Keeps the store invariant in `T`, as a topic is; never called. */
  readonly exactly?: (value: T) => T;
}

/** Declares a store; adds nothing but the inference of its types. */
export const defineStore = <T, Deps>(store: Omit<Store<T, Deps>, "kind">): Store<T, Deps> => ({
  kind: "store",
  ...store,
});
