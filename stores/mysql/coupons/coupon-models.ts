/** Sequelize models of the tables an administrator writes. The hot tables have none: their SQL is in round-statements.ts. */
import { type CreationOptional, DataTypes, type ModelStatic, type Sequelize } from "sequelize";
import {
  bigintColumn,
  bytesColumn,
  numberedColumn,
  optionalBigintColumn,
  type Row,
  tableOptions,
} from "../columns/model-columns.ts";

/** One set of terms; never updated. Found by its content. */
export interface PolicySnapshotRow extends Row<PolicySnapshotRow> {
  readonly snapshotNo: CreationOptional<number>;
  readonly policyId: Buffer;
  readonly name: string;
  /** 1 fixed, 2 percent. */
  readonly discountKind: number;
  readonly discountAmount: number;
  readonly discountPercent: number | null;
  readonly minOrderAmount: number;
  readonly contentHash: Buffer;
}

/** One coupon. Only `remaining` ever moves, and not through this model. */
export interface CouponRow extends Row<CouponRow> {
  readonly couponNo: CreationOptional<number>;
  readonly couponId: Buffer;
  readonly snapshotNo: number;
  readonly stock: number;
  readonly remaining: number;
  readonly opensAt: number | null;
  readonly closesAt: number | null;
  readonly validForDays: number;
}

/** The models of one pool. */
export interface Models {
  readonly policySnapshots: ModelStatic<PolicySnapshotRow>;
  readonly coupons: ModelStatic<CouponRow>;
}

/** Binds the models to a pool. */
export const defineModels = (sequelize: Sequelize): Models => ({
  policySnapshots: sequelize.define<PolicySnapshotRow>(
    "policySnapshot",
    {
      snapshotNo: numberedColumn(),
      policyId: bytesColumn(),
      name: { type: DataTypes.STRING(255), allowNull: false },
      discountKind: bigintColumn(),
      discountAmount: bigintColumn(),
      discountPercent: optionalBigintColumn(),
      minOrderAmount: bigintColumn(),
      contentHash: bytesColumn(),
    },
    tableOptions("policy_snapshot"),
  ),
  coupons: sequelize.define<CouponRow>(
    "coupon",
    {
      couponNo: numberedColumn(),
      couponId: bytesColumn(),
      snapshotNo: bigintColumn(),
      stock: bigintColumn(),
      remaining: bigintColumn(),
      opensAt: optionalBigintColumn(),
      closesAt: optionalBigintColumn(),
      validForDays: bigintColumn(),
    },
    tableOptions("coupon"),
  ),
});
