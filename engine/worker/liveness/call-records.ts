/** How many records each call is at work for: where in a topology what is in flight is. */

/** The records in calls. */
export interface CallRecords {
  /** The same promise; its records count until it settles. */
  readonly during: <T>(call: string, records: number, work: Promise<T>) => Promise<T>;
  /** By the call's name; those that are at work for none are missing. */
  readonly now: () => ReadonlyMap<string, number>;
}

/** None are in a call. */
export const createCallRecords = (): CallRecords => {
  const counts = new Map<string, number>();
  const add = (call: string, records: number): void => {
    const count = (counts.get(call) ?? 0) + records;
    if (count === 0) counts.delete(call);
    else counts.set(call, count);
  };
  return {
    during: async (call, records, work) => {
      add(call, records);
      try {
        return await work;
      } finally {
        add(call, -records);
      }
    },
    now: () => counts,
  };
};
