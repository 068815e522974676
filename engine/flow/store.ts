/** What a path can end in besides a topic: a store that keeps records. Declarations only, no drivers. */
import type { Item } from "./processor.ts";

/** A whole round at once, in offset order; or one by one: lanes side by side, the records of a lane in order. */
type Writes<T, Deps> =
  | { readonly writeMany: (records: readonly Item<T>[], deps: Deps) => Promise<void>; readonly write?: undefined }
  | {
      readonly write: (value: T, deps: Deps, context: Item<T>["context"]) => Promise<void>;
      readonly writeMany?: undefined;
    };

/**
 * A store a path can end in. It may be asked to write a record more than once, so it is idempotent by the record's
 * idempotency key. One that writes one by one holds, and sets aside, one record without the others of its round.
 * It throws a PipelineError with the disposition that fits.
 */
export type Store<T, Deps> = {
  readonly kind: "store";
  readonly name: string;
  /** Keeps the store invariant in `T`, as a topic is; never called. */
  readonly exactly?: (value: T) => T;
} & Writes<T, Deps>;

/** Declares a store; adds nothing but the inference of its types. */
export const defineStore = <T, Deps>(store: { readonly name: string } & Writes<T, Deps>): Store<T, Deps> => ({
  kind: "store",
  ...store,
});
