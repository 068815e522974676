/** What is wrong with a declaration of a record, said where it is declared. */

/** A declaration that Avro does not have, or that JavaScript would not hold exactly. */
export class InvalidSchema extends Error {
  readonly code = "INVALID_SCHEMA";
}
