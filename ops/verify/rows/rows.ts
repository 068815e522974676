/** Rows by their ids, as the claims read them: a Map is one, and so is what keeps millions in flat memory. */

/** Rows by id, one each. */
export interface Rows<Id extends string, Row> extends Iterable<readonly [Id, Row]> {
  readonly size: number;
  readonly has: (id: Id) => boolean;
  readonly get: (id: Id) => Row | undefined;
  readonly keys: () => Iterable<Id>;
  readonly values: () => Iterable<Row>;
}

/** The rows whose ids are included, seen through: nothing is copied. To be counted, all are looked at once. */
export const includedRows = <Id extends string, Row>(
  all: Rows<Id, Row>,
  isIncluded: (id: Id) => boolean,
): Rows<Id, Row> => {
  const entries = function* (): Generator<readonly [Id, Row]> {
    for (const [id, row] of all) if (isIncluded(id)) yield [id, row];
  };
  const keys = function* (): Generator<Id> {
    for (const id of all.keys()) if (isIncluded(id)) yield id;
  };
  const values = function* (): Generator<Row> {
    for (const [, row] of entries()) yield row;
  };
  let size = 0;
  for (const _ of keys()) size += 1;
  return {
    size,
    has: (id) => all.has(id) && isIncluded(id),
    get: (id) => (isIncluded(id) ? all.get(id) : undefined),
    keys,
    values,
    [Symbol.iterator]: entries,
  };
};
