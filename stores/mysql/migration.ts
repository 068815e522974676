/** What a migration is: a name, and statements that may each run again. */

/** Applied once, in the order of names, never changed after it was released. */
export interface Migration {
  /** `NNNN-what`; what the `migration` table remembers. */
  readonly name: string;
  /** DDL and rows, each idempotent: the server commits after every one, so a crash may leave a migration half applied. */
  readonly statements: readonly string[];
}
