/** Puts options, accounts and orders into the database, many at a time: what a shop would do. */
import { type Transaction, UniqueConstraintError } from "sequelize";
import { Poison } from "../../../engine/errors.ts";
import type {
  Deposit,
  OptionId,
  Order,
  OrderRegister,
  ProductOption,
} from "../../../processors/payments/payment-ports.ts";
import { bytesOf } from "../../ids.ts";
import { isStorableId, isStorableUserId, isUuid } from "../../../schemas/ids.ts";
import type { Database } from "../database.ts";
import { inModelTransaction } from "../columns/model-transaction.ts";
import { definePaymentModels, type PaymentModels } from "./payment-models.ts";

/** Rows of one INSERT, whose values Sequelize writes into its text. */
const rowsPerInsert = 1_000;
/** Units an option may have. */
const stockMax = 100_000_000;
/** What an item may be: so that a total of 100 items is a safe integer. */
const limits = { items: 100, quantity: 10_000, unitPrice: 1_000_000_000, coupons: 10 } as const;

/** The {@link OrderRegister} of a database. Each call is one transaction; asking again after a lost answer may find all there. */
export const orderRegister = (database: Database): OrderRegister => {
  const models = definePaymentModels(database.sequelize);
  return {
    addOptions: async (options) => {
      options.forEach(checkOption);
      const rows = options.map(({ optionId, stock }) => ({ optionId: Buffer.from(optionId), stock, remaining: stock }));
      await register(database, async (inside) => {
        for (const part of parts(rows)) await models.productOptions.bulkCreate(part, inside);
      });
    },
    openAccounts: async (deposits) => {
      deposits.forEach(checkDeposit);
      const rows = deposits.map(({ userId, amount }) => ({
        userId: Buffer.from(userId),
        deposited: amount,
        balance: amount,
      }));
      await register(database, async (inside) => {
        for (const part of parts(rows)) await models.userBalances.bulkCreate(part, inside);
      });
    },
    openOrders: async (orders) => {
      orders.forEach(checkOrder);
      await register(database, (inside) => insertOrders(models, orders, inside));
    },
  };
};

type Inside = { readonly transaction: Transaction };

const register = async (database: Database, work: (inside: Inside) => Promise<void>): Promise<void> => {
  try {
    await inModelTransaction(database, work);
  } catch (error) {
    if (!(error instanceof UniqueConstraintError)) throw error;
    throw new Poison("TAKEN", "something of these is there already; nothing was added", { cause: error });
  }
};

const insertOrders = async (models: PaymentModels, orders: readonly Order[], inside: Inside): Promise<void> => {
  const optionIds = new Set(orders.flatMap(({ items }) => items.map(({ optionId }) => optionId)));
  const optionNos = await numbersOf(models, [...optionIds], inside);
  const headers = orders.map(({ orderId, userId }) => ({ orderId: bytesOf(orderId), userId: Buffer.from(userId) }));
  const items = orders.flatMap((order) =>
    order.items.map(({ optionId, quantity, unitPrice }) => {
      const optionNo = optionNos.get(optionId);
      if (optionNo === undefined) throw bad(order.orderId, `there is no option ${optionId}`);
      return { orderId: bytesOf(order.orderId), optionNo, quantity, unitPrice };
    }),
  );
  const coupons = orders.flatMap((order) =>
    order.coupons.map((coupon) => ({ orderId: bytesOf(order.orderId), reservationId: bytesOf(coupon) })),
  );
  for (const part of parts(headers)) await models.customerOrders.bulkCreate(part, inside);
  for (const part of parts(items)) await models.orderItems.bulkCreate(part, inside);
  for (const part of parts(coupons)) await models.orderCoupons.bulkCreate(part, inside);
};

const numbersOf = async (
  { productOptions }: PaymentModels,
  optionIds: readonly OptionId[],
  inside: Inside,
): Promise<ReadonlyMap<OptionId, number>> => {
  const numbers = new Map<OptionId, number>();
  for (const part of parts(optionIds)) {
    const rows = await productOptions.findAll({ where: { optionId: part.map((id) => Buffer.from(id)) }, ...inside });
    // Of ids we asked for.
    for (const { optionId, optionNo } of rows) numbers.set(optionId.toString() as OptionId, optionNo);
  }
  return numbers;
};

const parts = <T>(all: readonly T[]): readonly T[][] =>
  Array.from({ length: Math.ceil(all.length / rowsPerInsert) }, (_, at) =>
    all.slice(at * rowsPerInsert, (at + 1) * rowsPerInsert),
  );

const isWhole = (value: number, min: number, max: number): boolean =>
  Number.isSafeInteger(value) && value >= min && value <= max;

const bad = (id: string, what: string): Poison => new Poison("BAD_ORDER", `${id.slice(0, 80)}: ${what}`);

const checkOption = ({ optionId, stock }: ProductOption): void => {
  if (!isStorableId(optionId)) throw bad(optionId, "the option id is not 1 to 64 well-formed characters");
  if (!isWhole(stock, 0, stockMax)) throw bad(optionId, `stock is not 0 to ${stockMax}: ${stock}`);
};

const checkDeposit = ({ userId, amount }: Deposit): void => {
  if (!isStorableUserId(userId)) throw bad(userId, "the user id is not 1 to 255 well-formed characters");
  if (!isWhole(amount, 0, Number.MAX_SAFE_INTEGER)) throw bad(userId, `the deposit is not whole won: ${amount}`);
};

const checkOrder = ({ orderId, userId, items, coupons }: Order): void => {
  if (!isUuid(orderId)) throw bad(orderId, "the order id is no UUID in lower case");
  if (!isStorableUserId(userId)) throw bad(orderId, "the user id is not 1 to 255 well-formed characters");
  if (items.length > limits.items) throw bad(orderId, `more than ${limits.items} items`);
  if (coupons.length > limits.coupons || !coupons.every(isUuid))
    throw bad(orderId, "its coupons are not up to 10 UUIDs");
  for (const { optionId, quantity, unitPrice } of items) {
    if (!isStorableId(optionId)) throw bad(orderId, "an option id is not 1 to 64 well-formed characters");
    if (!isWhole(quantity, 1, limits.quantity))
      throw bad(orderId, `quantity is not 1 to ${limits.quantity}: ${quantity}`);
    if (!isWhole(unitPrice, 0, limits.unitPrice))
      throw bad(orderId, `price is not 0 to ${limits.unitPrice}: ${unitPrice}`);
  }
};
