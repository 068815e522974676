/** What is read of a topic that may not have been made yet. */

/** What `ask` answers; `instead` where the log says that the topic does not exist. @throws whatever else `ask` throws */
export const unlessMissing = async <T>(ask: () => Promise<T>, instead: T): Promise<T> => {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "TOPIC_MISSING") return instead;
    throw error;
  }
};
