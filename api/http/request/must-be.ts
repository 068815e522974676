/** What is said of a value that a schema does not take. */

/** Options of a schema and of each of its checks. */
export interface MustBe {
  readonly error: (issue: { readonly input?: unknown }) => string;
  readonly abort: true;
}

/**
 * A message in the client's words, and not in those of the schema. The first check that fails ends the
 * checks of the value, and those that compare it with others: they would find a second fault in the same mistake.
 */
export const mustBe = (expected: string): MustBe => ({
  error: ({ input }) => (input === undefined ? "is missing" : `must be ${expected}`),
  abort: true,
});
