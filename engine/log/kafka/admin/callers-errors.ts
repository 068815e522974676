/** Tells what a caller's own function threw from what the brokers did: a registry that is away is not Kafka's fault. */

/** Runs `work` with the function; what the function throws is thrown as it is, whatever `work` makes of it. */
export const withCallersErrors = async <Arguments extends readonly unknown[]>(
  call: (...given: Arguments) => void | Promise<void>,
  work: (call: (...given: Arguments) => Promise<void>) => Promise<void>,
): Promise<void> => {
  let thrown: { readonly error: unknown } | undefined;
  const noting = async (...given: Arguments): Promise<void> => {
    try {
      await call(...given);
    } catch (error) {
      thrown = { error };
      throw error;
    }
  };
  try {
    await work(noting);
  } catch (error) {
    throw thrown === undefined ? error : thrown.error;
  }
};
