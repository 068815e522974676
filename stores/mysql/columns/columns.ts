/**
 * What a SELECT reads, declared once: its list of columns and the decoder of its rows. A field is called as its column
 * is, in camel case, which is also the rule of the Sequelize models: `paymentId` is read from `payment_id`.
 */
import { Fatal } from "../../../engine/errors.ts";
import type { Won } from "../../../schemas/coupon.ts";
import { type Uuid, uuidOf } from "../../ids.ts";

/** How one column is read. */
export interface Column<T> {
  /** For the error: what the column has to hold. */
  readonly expected: string;
  /** The value for what the driver answered; undefined where it has another shape. */
  readonly read: (value: unknown) => T | undefined;
}

/** The columns of one row. */
export interface Columns<Row> {
  /** The list of a SELECT: `payment.payment_id, payment.amount`. */
  readonly list: string;
  /** Decodes one row that the driver answered. @throws Fatal COLUMN_SHAPE, naming table and column. */
  readonly decode: (row: unknown) => Row;
}

/** What a set of columns decodes to. */
export type RowOf<C extends Columns<unknown>> = ReturnType<C["decode"]>;

type Fields = Readonly<Record<string, Column<unknown>>>;
type Decoded<F extends Fields> = { readonly [K in keyof F]: F[K] extends Column<infer T> ? T : never };

/**
 * The columns of a table. `expressions` are SQL for those fields that are no column of it: each gets its field's column
 * name as an alias, and `table` then only names it in errors.
 */
export const columns = <F extends Fields>(
  table: string,
  fields: F,
  expressions: { readonly [K in keyof F]?: string } = {},
): Columns<Decoded<F>> => {
  const parts = Object.entries(fields).map(([field, { read, expected }]) => {
    const column = snakeCase(field);
    const expression = expressions[field];
    const selected = expression === undefined ? `${table}.${column}` : `${expression} AS ${column}`;
    return { field, column, read, expected, selected };
  });
  const decode = (row: unknown): Decoded<F> => {
    const values = row as Readonly<Record<string, unknown>>; // mysql2 answers a SELECT with an array of objects.
    const decoded: Record<string, unknown> = {};
    for (const { field, column, read, expected } of parts) {
      const value = read(values[column]);
      if (value === undefined) throw wrongShape(`${table}.${column}`, expected, values[column]);
      decoded[field] = value;
    }
    return decoded as Decoded<F>; // Erasure: each field was read by the column that gives its type.
  };
  return { list: parts.map(({ selected }) => selected).join(", "), decode };
};

/** Two tables of one SELECT, in one row. Where both have a field of one name, `second`'s is read. */
export const joined = <A, B>(first: Columns<A>, second: Columns<B>): Columns<A & B> => ({
  list: `${first.list}, ${second.list}`,
  decode: (row) => ({ ...first.decode(row), ...second.decode(row) }),
});

/** Columns that only some rows have, under one name: null where `isThere` says no of the row's column called `by`. */
export const optional = <Name extends string, Row>(
  name: Name,
  by: string,
  inner: Columns<Row>,
): Columns<{ readonly [K in Name]: Row | null }> => ({
  list: inner.list,
  decode: (row) => {
    const values = row as Readonly<Record<string, unknown>>; // As in `columns`.
    const decoded = values[by] === null ? null : inner.decode(row);
    return { [name]: decoded } as { readonly [K in Name]: Row | null }; // A computed name widens to string.
  },
});

/** A BINARY(16): a UUID in lower case. */
export const uuidColumn = <Id extends Uuid>(): Column<Id> => ({
  expected: "16 bytes",
  // Only checked ids are written to such columns (stores/ids.ts); the brand says of what.
  read: (value) => (Buffer.isBuffer(value) && value.length === 16 ? (uuidOf(value) as Id) : undefined),
});

/** A VARBINARY with the UTF-8 of an id. */
export const idColumn = <Id extends string>(): Column<Id> => ({
  expected: "the bytes of an id",
  // Checked when it was written (`isStorableId`); the brand says of what.
  read: (value) => (Buffer.isBuffer(value) && value.length > 0 ? (value.toString() as Id) : undefined),
});

/** Bytes as they are, of this length where one is given. */
export const bytesColumn = (length?: number): Column<Buffer> => ({
  expected: length === undefined ? "bytes" : `${length} bytes`,
  read: (value) => (Buffer.isBuffer(value) && (length === undefined || value.length === length) ? value : undefined),
});

/** Text in a character set. */
export const textColumn = (): Column<string> => ({
  expected: "text",
  read: (value) => (typeof value === "string" ? value : undefined),
});

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** An unsigned integer up to 2^53 - 1: a count, a number of a row, a time in epoch ms. */
export const integerColumn = (): Column<number> => ({
  expected: "an integer from 0 to 2^53 - 1",
  read: (value) => (isCount(value) ? value : undefined),
});

/** An amount of money. */
export const wonColumn = (): Column<Won> => ({
  expected: "whole won from 0 to 2^53 - 1",
  read: (value) => (isCount(value) ? (value as Won) : undefined), // Money is a branded integer.
});

/** A column that may be NULL. */
export const nullable = <T>({ expected, read }: Column<T>): Column<T | null> => ({
  expected: `${expected}, or NULL`,
  read: (value) => (value === null ? null : read(value)),
});

/** `paymentId` is `payment_id`. */
const snakeCase = (field: string): string => field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const wrongShape = (column: string, expected: string, got: unknown): Fatal =>
  new Fatal("COLUMN_SHAPE", `${column}: expected ${expected}, got ${shapeOf(got)}`);

/** Numbers as they are; of what may be a name or an address no more than its length. */
const shapeOf = (value: unknown): string => {
  if (Buffer.isBuffer(value)) return `${value.length} bytes`;
  if (typeof value === "string") return `text of ${value.length} characters`;
  if (value === undefined) return "no such column in the answer";
  return value === null ? "NULL" : `${typeof value} ${String(value)}`;
};
