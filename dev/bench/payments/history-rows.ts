/** The history's table seen from outside: how far a drain is, and whether each payment is there once and as it was. */
import type { PaymentCompleted } from "../../../schemas/payment.ts";
import { hexOf } from "../../../stores/ids.ts";
import { columns, integerColumn } from "../../../stores/mysql/columns/columns.ts";
import type { Database } from "../../../stores/mysql/database.ts";
import { paymentColumns } from "../../../stores/mysql/payments/payment-columns.ts";
import { withSession } from "../../../stores/mysql/session.ts";

const count = columns("transaction_history", { n: integerColumn() });
const history = paymentColumns("transaction_history");

const countSample = `SELECT COUNT(*) AS n
  FROM JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(32) CHARACTER SET ascii PATH '$')) AS wanted
  STRAIGHT_JOIN transaction_history ON transaction_history.payment_id = UNHEX(wanted.id)`;

const countAll = `SELECT COUNT(*) AS n FROM transaction_history
  WHERE payment_id BETWEEN UNHEX(?) AND UNHEX(?)`;

const readPage = `SELECT ${history.list} FROM transaction_history
  WHERE payment_id > UNHEX(?) AND payment_id <= UNHEX(?) ORDER BY payment_id LIMIT 20000`;

/** Looks at the rows of payments with rising ids. */
export interface HistoryRows {
  /** How many of the payments have a row; reads as many. */
  readonly count: () => Promise<number>;
  /** Whether every so many payments one has its row: cheap enough to be asked all the time. */
  readonly sample: () => Promise<"none" | "some" | "all">;
  /** What is wrong: rows that are missing, of no payment, or say something else. Every payment is compared, and the sums. */
  readonly compare: () => Promise<readonly string[]>;
}

/** One payment in so many is looked for while a drain runs. */
const sampleEvery = 500;

/** Looks at a history. */
export const historyRows = (database: Database, payments: readonly PaymentCompleted[]): HistoryRows => {
  const [earliest, latest] = [payments[0], payments.at(-1)];
  if (earliest === undefined || latest === undefined) throw new RangeError("no payments to look for");
  const [first, last] = [hexOf(earliest.paymentId), hexOf(latest.paymentId)];
  const sampled = payments.filter((_, n) => n % sampleEvery === 0).map(({ paymentId }) => hexOf(paymentId));
  const number = (sql: string, values: readonly string[]): Promise<number> =>
    withSession(database, async ({ select }) => (await select(count, sql, values))[0]?.n ?? Number.NaN);
  return {
    count: () => number(countAll, [first, last]),
    sample: async () => {
      const found = await number(countSample, [JSON.stringify(sampled)]);
      return found === 0 ? "none" : found === sampled.length ? "all" : "some";
    },
    compare: async () => differences(await readAll(database, first, last), payments),
  };
};

const readAll = async (database: Database, first: string, last: string): Promise<readonly PaymentCompleted[]> => {
  const all: PaymentCompleted[] = [];
  // The id before the first: ids are hexadecimal numbers of one length.
  let after = (BigInt(`0x${first}`) - 1n).toString(16).padStart(32, "0");
  for (;;) {
    const page = await withSession(database, ({ select }) => select(history, readPage, [after, last]));
    for (const row of page) all.push(row);
    const end = page.at(-1);
    if (end === undefined) return all;
    after = hexOf(end.paymentId);
  }
};

/** What rows and payments do not agree about, in a few sentences; none where each payment has its row. */
export const differences = (
  rows: readonly PaymentCompleted[],
  payments: readonly PaymentCompleted[],
): readonly string[] => {
  const wanted = new Map(payments.map((payment) => [payment.paymentId as string, payment]));
  const broken: string[] = [];
  const sums = { amount: 0, discount: 0 };
  for (const row of rows) {
    const { paymentId } = row;
    const payment = wanted.get(paymentId);
    wanted.delete(paymentId);
    sums.amount += row.amount;
    sums.discount += row.discount;
    if (payment === undefined) broken.push(`row ${paymentId} is of no payment`);
    else if (!says(row, payment)) broken.push(`row ${paymentId} says something else than its payment`);
  }
  for (const paymentId of wanted.keys()) broken.push(`payment ${paymentId} has no row`);
  for (const what of ["amount", "discount"] as const) {
    const expected = payments.reduce((sum, payment) => sum + payment[what], 0);
    if (sums[what] !== expected) broken.push(`the sum of ${what} is ${sums[what]} and not ${expected}`);
  }
  return broken.length > 5 ? [...broken.slice(0, 5), `and ${broken.length - 5} more`] : broken;
};

const says = (row: PaymentCompleted, { orderId, userId, amount, discount, paidAt }: PaymentCompleted): boolean =>
  row.orderId === orderId &&
  row.userId === userId &&
  row.amount === amount &&
  row.discount === discount &&
  row.paidAt === paidAt;
