/** Work side by side that ends together: it must not be believed over while a part of it still has effects. */

/** Resolves when all have ended; then rejects with the first one's error, by place, where any failed. */
export const together = async (parts: readonly Promise<void>[]): Promise<void> => {
  for (const ended of await Promise.allSettled(parts)) if (ended.status === "rejected") throw ended.reason;
};
