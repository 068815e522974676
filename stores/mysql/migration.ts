/** What a migration is: a name, and statements that may each run again. */

/** Applied once, in the order of names, never changed after it was released. */
export interface Migration {
  /** `NNNN-what`; what the `migration` table remembers. */
  readonly name: string;
  /**
   * DDL and rows: the server commits after every one, so a crash may leave a migration half applied. Each is idempotent, or adds
   * one column: for that only MariaDB has IF NOT EXISTS, so a column that is there already counts as added.
   */
  readonly statements: readonly string[];
}
