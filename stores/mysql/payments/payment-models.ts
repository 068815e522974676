/** Sequelize models of what a shop writes. The payment itself has none: its SQL is in payment-statements.ts. */
import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  type Model,
  type ModelStatic,
  type Sequelize,
} from "sequelize";

type Row<Self extends Model> = Model<InferAttributes<Self>, InferCreationAttributes<Self>>;

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

// As in models.ts: never synced, BLOB stands for BINARY, and functions because Sequelize writes into what it is given.
const id = () => ({ type: DataTypes.BLOB, allowNull: false, primaryKey: true }) as const;
const bytes = () => ({ type: DataTypes.BLOB, allowNull: false }) as const;
const whole = () => ({ type: DataTypes.BIGINT, allowNull: false }) as const;
const options = (tableName: string) => ({ timestamps: false, underscored: true, tableName }) as const;

/** Binds the models to a pool. */
export const definePaymentModels = (sequelize: Sequelize): PaymentModels => ({
  productOptions: sequelize.define<ProductOptionRow>(
    "productOption",
    {
      optionNo: { type: DataTypes.INTEGER, autoIncrement: true, primaryKey: true },
      optionId: bytes(),
      stock: whole(),
      remaining: whole(),
    },
    options("product_option"),
  ),
  userBalances: sequelize.define<UserBalanceRow>(
    "userBalance",
    { userId: id(), deposited: whole(), balance: whole() },
    options("user_balance"),
  ),
  customerOrders: sequelize.define<CustomerOrderRow>(
    "customerOrder",
    { orderId: id(), userId: bytes(), status: { ...whole(), defaultValue: 1 } },
    options("customer_order"),
  ),
  orderItems: sequelize.define<OrderItemRow>(
    "orderItem",
    { orderId: id(), optionNo: { ...whole(), primaryKey: true }, quantity: whole(), unitPrice: whole() },
    options("order_item"),
  ),
  orderCoupons: sequelize.define<OrderCouponRow>(
    "orderCoupon",
    { orderId: id(), reservationId: id() },
    options("order_coupon"),
  ),
});
