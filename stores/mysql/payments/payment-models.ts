/** Sequelize models of what a shop writes. The payment itself has none: its SQL is in payment-statements.ts. */
import type { CreationOptional, ModelStatic, Sequelize } from "sequelize";
import {
  bigintColumn,
  bytesColumn,
  keyColumn,
  numberedColumn,
  type Row,
  tableOptions,
} from "../columns/model-columns.ts";

/** Something that is sold. Only `remaining` ever moves, and not through this model. */
export interface ProductOptionRow extends Row<ProductOptionRow> {
  readonly optionNo: CreationOptional<number>;
  readonly optionId: Buffer;
  readonly stock: number;
  readonly remaining: number;
}

/** A user's account. Only `balance` ever moves, and not through this model. */
export interface UserBalanceRow extends Row<UserBalanceRow> {
  readonly userId: Buffer;
  readonly deposited: number;
  readonly balance: number;
}

/** An order. Only `status` ever moves, once, and not through this model. */
export interface CustomerOrderRow extends Row<CustomerOrderRow> {
  readonly orderId: Buffer;
  readonly userId: Buffer;
  /** 1 BEFORE_PAYMENT, 2 AFTER_PAYMENT. */
  readonly status: CreationOptional<number>;
}

/** One line of an order. */
export interface OrderItemRow extends Row<OrderItemRow> {
  readonly orderId: Buffer;
  readonly optionNo: number;
  readonly quantity: number;
  readonly unitPrice: number;
}

/** A coupon that an order wants to use. */
export interface OrderCouponRow extends Row<OrderCouponRow> {
  readonly orderId: Buffer;
  readonly reservationId: Buffer;
}

/** The models of one pool. */
export interface PaymentModels {
  readonly productOptions: ModelStatic<ProductOptionRow>;
  readonly userBalances: ModelStatic<UserBalanceRow>;
  readonly customerOrders: ModelStatic<CustomerOrderRow>;
  readonly orderItems: ModelStatic<OrderItemRow>;
  readonly orderCoupons: ModelStatic<OrderCouponRow>;
}

/** Binds the models to a pool. */
export const definePaymentModels = (sequelize: Sequelize): PaymentModels => ({
  productOptions: sequelize.define<ProductOptionRow>(
    "productOption",
    {
      optionNo: numberedColumn(),
      optionId: bytesColumn(),
      stock: bigintColumn(),
      remaining: bigintColumn(),
    },
    tableOptions("product_option"),
  ),
  userBalances: sequelize.define<UserBalanceRow>(
    "userBalance",
    { userId: keyColumn(), deposited: bigintColumn(), balance: bigintColumn() },
    tableOptions("user_balance"),
  ),
  customerOrders: sequelize.define<CustomerOrderRow>(
    "customerOrder",
    { orderId: keyColumn(), userId: bytesColumn(), status: { ...bigintColumn(), defaultValue: 1 } },
    tableOptions("customer_order"),
  ),
  orderItems: sequelize.define<OrderItemRow>(
    "orderItem",
    {
      orderId: keyColumn(),
      optionNo: { ...bigintColumn(), primaryKey: true },
      quantity: bigintColumn(),
      unitPrice: bigintColumn(),
    },
    tableOptions("order_item"),
  ),
  orderCoupons: sequelize.define<OrderCouponRow>(
    "orderCoupon",
    { orderId: keyColumn(), reservationId: keyColumn() },
    tableOptions("order_coupon"),
  ),
});
